"""The rows behind the sender: each function is one transaction, and moves one thing one state on (CHN-3).

An intent is locked before or with its transaction, a signer after both. Whoever looked at something that
has moved on since gets None or False and does nothing, so that two senders, or a person beside the sender,
do no harm.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max

from apps.audit import services as audit
from apps.chain import nonces, rules, states
from apps.chain.models import Attempt, Contract, GasTransaction, Holder, Intent, Transaction
from apps.chain.sender.steps import Call, Done
from apps.chain.signer import Signed
from apps.chain.types import (
    INTENT_COMPLETED,
    INTENT_FAILED,
    Duty,
    Fees,
    IntentState,
    Receipt,
    TransactionState,
)
from apps.common.db import needs_transaction, opens_transaction, rows
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.outbox import services as outbox

BY = Actor.system("chain")
MAX_ERROR = 500  # characters
BLOCK = ("block_number", "block_hash", "contract_address")


@opens_transaction
def allocate_address(owner: UUID, address: Callable[[int], str]) -> Holder:
    """Give a holder the next index and its address, unless they have one."""
    holder = Holder.objects.select_for_update().get(pk=owner)
    if holder.index is None:
        rows("SELECT pg_advisory_xact_lock(hashtext('chain.holder_index'))")
        last = Holder.objects.aggregate(last=Max("index"))["last"]
        holder.index = 0 if last is None else last + 1
        holder.address = address(holder.index)
        holder.save(update_fields=["index", "address"])
    return holder


@opens_transaction
def begin(intent_id: UUID, call: Call, *, seen: int, at: datetime) -> Transaction | None:
    """Add a transaction to an intent. None if the intent isn't open, or has others than were seen."""
    intent = _open_intent(intent_id)
    if intent is None or Transaction.objects.filter(intent=intent).count() != seen:
        return None
    if intent.state == IntentState.QUEUED:
        _move(intent, IntentState.PROCESSING)
    intent.save(update_fields=["state"])
    return Transaction.objects.create(
        intent=intent,
        number=seen + 1,
        step=call.step,
        chain_id=settings.CHAIN_ID,
        duty=call.duty,
        to=call.to,
        data=call.data,
        contract=call.contract,
        created_at=at,
    )


@opens_transaction
def refuse(transaction_id: UUID, reason: str, *, attempts: int, at: datetime) -> None:
    """Give up a transaction before it cost a nonce: the chain would refuse it."""
    found = _locked(transaction_id, TransactionState.QUEUED)
    if found:
        found.error = reason[:MAX_ERROR]
        _step(found, TransactionState.DEAD, "error")
        _fail(found.intent, reason, attempts=attempts, at=at)


@opens_transaction
def hold_back(transaction_id: UUID, why: str, *, until: datetime) -> None:
    """Look at a queued transaction again later: no contract refuses it, but the node does."""
    found = _locked(transaction_id, TransactionState.QUEUED)
    if found:
        found.intent.waits_for, found.intent.next_attempt_at = f"the node: {why}"[:200], until
        found.intent.save(update_fields=["waits_for", "next_attempt_at"])


@opens_transaction
def assign(transaction_id: UUID, *, signer: str, pending: int, gas_limit: int) -> Transaction | None:
    """Give a transaction its nonce, for good. `pending` is the node's own count for the signer."""
    found = _locked(transaction_id, TransactionState.QUEUED)
    if found is None:
        return None
    found.signer, found.gas_limit = signer, gas_limit
    found.nonce = nonces.take(chain_id=found.chain_id, duty=Duty(found.duty), address=signer, pending=pending)
    _step(found, TransactionState.ASSIGNED, "signer", "gas_limit", "nonce")
    if found.intent.waits_for:
        found.intent.waits_for = ""
        found.intent.save(update_fields=["waits_for"])
    return found


@opens_transaction
def keep_signed(
    transaction_id: UUID, signed: Signed, fees: Fees, *, filler: bool = False, at: datetime
) -> Attempt | None:
    """Keep signed bytes, before any node is given them."""
    found = _locked(
        transaction_id, TransactionState.ASSIGNED, TransactionState.SIGNED, TransactionState.BROADCAST
    )
    if found is None:
        return None
    attempt, _ = Attempt.objects.get_or_create(
        tx_hash=signed.tx_hash,
        defaults={
            "transaction": found,
            "raw": signed.raw,
            "max_fee": fees.max_fee,
            "priority_fee": fees.priority_fee,
            "filler": filler,
            "created_at": at,
        },
    )
    found.tx_hash = signed.tx_hash
    if found.state == TransactionState.ASSIGNED:
        found.state = TransactionState.SIGNED
    found.save(update_fields=["tx_hash", "state"])
    return attempt


@opens_transaction
def note_tried(attempt: Attempt, *, taken: bool, error: str = "", at: datetime) -> None:
    """Note that a node was given signed bytes, whether it took them, and what it said if it didn't."""
    found = _locked(attempt.transaction_id, TransactionState.SIGNED, TransactionState.BROADCAST)
    Attempt.objects.filter(pk=attempt.pk).update(tried_at=at)
    if found is None:
        return
    if error or not attempt.filler:  # why there is a filler stays written down
        found.error = error[:MAX_ERROR]
    if taken and found.state == TransactionState.SIGNED:
        found.broadcast_at = at
        _move(found, TransactionState.BROADCAST)
    found.save(update_fields=["error", "state", "broadcast_at"])


@opens_transaction
def note_mined(transaction_id: UUID, receipt: Receipt) -> bool:
    """Note in which block a transaction is. False if nothing is new."""
    found = _locked(
        transaction_id, TransactionState.SIGNED, TransactionState.BROADCAST, TransactionState.MINED
    )
    if found is None or (found.state == TransactionState.MINED and found.block_hash == receipt.block_hash):
        return False
    found.tx_hash, found.gas_used = receipt.tx_hash, receipt.gas_used
    found.block_number, found.block_hash = receipt.block_number, receipt.block_hash
    found.contract_address = receipt.contract_address
    if found.state != TransactionState.MINED:
        _move(found, TransactionState.MINED)
    found.save(update_fields=["state", "tx_hash", "gas_used", *BLOCK])
    return True


@opens_transaction
def note_vanished(transaction_id: UUID) -> bool:
    """Take a transaction whose block is gone back to broadcast, and have its bytes sent again at once."""
    found = _locked(transaction_id, TransactionState.MINED)
    if found is None:
        return False
    _move(found, TransactionState.BROADCAST)
    found.block_number, found.block_hash, found.contract_address = None, "", ""
    found.gas_used = None
    found.save(update_fields=["state", "gas_used", *BLOCK])
    Attempt.objects.filter(transaction=found).update(tried_at=None)
    return True


@opens_transaction
def finish(transaction_id: UUID, receipt: Receipt, *, refusal: str, attempts: int, at: datetime) -> bool:
    """Note that a mined transaction is final: confirmed, or reverted for the reason given.

    A filler that is mined supersedes its transaction, which the nodes refused.
    """
    found = _locked(transaction_id, TransactionState.MINED)
    if found is None or found.block_hash != receipt.block_hash:
        return False
    _note_gas(found, receipt, at=at)
    found.confirmed_at = at
    if Attempt.objects.filter(pk=receipt.tx_hash, filler=True).exists():
        _end_without_effect(found, TransactionState.SUPERSEDED, refusal, attempts=attempts, at=at)
    elif not receipt.succeeded:
        _end_without_effect(found, TransactionState.REVERTED, refusal, attempts=attempts, at=at)
    else:
        if found.contract:
            Contract.objects.get_or_create(
                chain_id=found.chain_id,
                name=found.contract,
                defaults={"address": receipt.contract_address, "tx_hash": receipt.tx_hash},
            )
        found.error = ""
        _step(found, TransactionState.CONFIRMED, "error", "confirmed_at")
    return True


@opens_transaction
def supersede(transaction_id: UUID, reason: str, *, attempts: int, at: datetime) -> bool:
    """Give up a transaction whose nonce is finally used up by something that isn't ours."""
    found = _locked(transaction_id, TransactionState.BROADCAST)
    if found is None:
        return False
    found.confirmed_at = at
    _end_without_effect(found, TransactionState.SUPERSEDED, reason, attempts=attempts, at=at)
    return True


@opens_transaction
def complete(intent_id: UUID, done: Done, *, seen: int, at: datetime) -> bool:
    """Complete an intent with its results and what follows from them, and tell whoever waits for it."""
    intent = _open_intent(intent_id)
    if intent is None or Transaction.objects.filter(intent=intent).count() != seen:
        return False
    if intent.state == IntentState.QUEUED:
        _move(intent, IntentState.PROCESSING)
    _move(intent, IntentState.COMPLETED)
    intent.result = {**done.result, **done.parts}
    intent.completed_at, intent.error, intent.waits_for = at, "", ""
    intent.save(update_fields=["state", "result", "completed_at", "error", "waits_for"])
    done.record(at)
    _audit(intent, "chain.intent_completed", {"kind": intent.kind, **done.result}, at=at)
    _tell(intent, INTENT_COMPLETED.name, {}, at=at)
    return True


@opens_transaction
def fail(intent_id: UUID, reason: str, *, attempts: int, at: datetime) -> None:
    """Count an attempt of an intent whose plan found no way on."""
    intent = _open_intent(intent_id)
    if intent:
        _fail(intent, reason, attempts=attempts, at=at)


@opens_transaction
def put_off(intent_id: UUID, why: str, *, until: datetime) -> None:
    """Look at an intent again later, without counting an attempt."""
    intent = _open_intent(intent_id)
    if intent:
        intent.waits_for, intent.next_attempt_at = why[:200], until
        intent.save(update_fields=["waits_for", "next_attempt_at"])


@needs_transaction
def _fail(intent: Intent, reason: str, *, attempts: int, at: datetime) -> None:
    """Count an attempt: back to the queue with a pause, or dead after the last one."""
    intent.attempts += 1
    intent.error = reason[:MAX_ERROR]
    final = intent.attempts >= attempts
    if final:
        _move(intent, IntentState.DEAD)
        after = {"kind": intent.kind, "attempts": intent.attempts, "error": intent.error}
        _audit(intent, "chain.intent_failed", after, at=at)
    else:
        intent.next_attempt_at = at + rules.pause(intent.attempts)
        if intent.state == IntentState.PROCESSING:
            _move(intent, IntentState.QUEUED)
    intent.save(update_fields=["state", "attempts", "error", "next_attempt_at"])
    _tell(intent, INTENT_FAILED.name, {"final": final}, at=at)


def _end_without_effect(
    found: Transaction, state: TransactionState, reason: str, *, attempts: int, at: datetime
) -> None:
    found.error = reason[:MAX_ERROR]
    _step(found, state, "error", "confirmed_at")
    _fail(found.intent, reason, attempts=attempts, at=at)


def _open_intent(intent_id: UUID) -> Intent | None:
    """Lock an intent that is open and has no transaction under way."""
    intent = Intent.objects.select_for_update().get(pk=intent_id)
    under_way = Transaction.objects.filter(intent=intent, state__in=states.TRANSACTION_OPEN)
    return intent if intent.state in states.INTENT_OPEN and not under_way.exists() else None


def _locked(transaction_id: UUID, *expected: TransactionState) -> Transaction | None:
    """Lock a transaction with its intent; None if it isn't in one of the expected states any more."""
    both = Transaction.objects.select_related("intent").select_for_update(of=("intent", "self"))
    found = both.get(pk=transaction_id)
    return found if found.state in expected else None


def _move(row: Any, to: Any) -> None:
    table: Any = states.INTENT if isinstance(row, Intent) else states.TRANSACTION
    row.state = advance(table, type(to)(row.state), to)


def _step(found: Transaction, to: TransactionState, *fields: str) -> None:
    _move(found, to)
    found.save(update_fields=["state", *fields])


def _note_gas(found: Transaction, receipt: Receipt, *, at: datetime) -> None:
    GasTransaction.objects.get_or_create(
        pk=found.pk,
        defaults={
            "chain_id": found.chain_id,
            "kind": found.intent.kind,
            "step": found.step,
            "gas_used": receipt.gas_used,
            "gas_price": receipt.gas_price,
            "cost": receipt.gas_used * receipt.gas_price,
            "at": at,
        },
    )


def _audit(intent: Intent, action: str, after: dict[str, object], *, at: datetime) -> None:
    audit.record(
        action=action,
        target_type="intent",
        target_id=str(intent.pk),
        after={"subject": intent.subject, **after},
        by=BY,
        at=at,
    )


def _tell(intent: Intent, type_: str, more: dict[str, object], *, at: datetime) -> None:
    payload = {"intent_id": str(intent.pk), "kind": intent.kind, "subject": str(intent.subject), **more}
    outbox.publish(type=type_, key=str(intent.subject), payload=payload, at=at)
