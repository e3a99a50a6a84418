"""Carrying one transaction on: preflight, nonce, signature, sending, receipt, finality (CHN-3, CHN-4).

Each method does what one state needs and returns whether anything changed. What happened is in the
database before the next step, so a process that is killed anywhere is continued by the next one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from apps.chain import rules, states
from apps.chain.client import transactions as node
from apps.chain.client.rpc import NodeRefused, Reverted
from apps.chain.models import Attempt, Transaction
from apps.chain.nonces import CountTooFar
from apps.chain.sender import queue
from apps.chain.signer import Signer
from apps.chain.types import (
    ATTEMPTS,
    BUMP_AFTER,
    FEE_CAP,
    GAS_CAP,
    GAS_MARGIN,
    IN_FLIGHT,
    RESEND_AFTER,
    Block,
    Duty,
    Fees,
    Receipt,
    TransactionState,
)
from apps.parameters import selectors as parameters

FILLER_GAS = 21_000
FOREIGN = "its nonce was used by a transaction that isn't ours; is this key used elsewhere?"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """The sender's parameters, read once a round."""

    attempts: int
    in_flight: int
    bump_after: timedelta
    resend_after: timedelta
    fee_cap: int
    gas_cap: int
    gas_margin: int


def limits() -> Limits:
    """Return the parameters as they are now."""
    value = parameters.value
    return Limits(
        attempts=value(ATTEMPTS),
        in_flight=value(IN_FLIGHT),
        bump_after=timedelta(seconds=value(BUMP_AFTER)),
        resend_after=timedelta(seconds=value(RESEND_AFTER)),
        fee_cap=value(FEE_CAP),
        gas_cap=value(GAS_CAP),
        gas_margin=value(GAS_MARGIN),
    )


class Carrier:
    """Carries transactions on as of an instant. Raises NodeUnavailable wherever no node answers."""

    def __init__(self, signer: Signer, limits: Limits, at: datetime) -> None:
        self.signer = signer
        self.limits = limits
        self.at = at
        self._newest: Block | None = None
        self._blocks: dict[int, Block | None] = {}

    def carry(self, found: Transaction) -> bool:
        """Do what a transaction's state needs, and then what its next state needs, as far as it goes."""
        changed = False
        while self._step(found):
            changed = True
            found.refresh_from_db()
        return changed

    def _step(self, found: Transaction) -> bool:
        match TransactionState(found.state):
            case TransactionState.QUEUED:
                return self._assign(found)
            case TransactionState.ASSIGNED:
                return self._sign(found)
            case TransactionState.SIGNED:
                return self._send(found)
            case TransactionState.BROADCAST | TransactionState.MINED:
                return self._follow(found)
        return False

    def _assign(self, found: Transaction) -> bool:
        """Ask the node whether it would be accepted; only then is a nonce spent on it."""
        sender = self.signer.address(Duty(found.duty))
        try:
            gas = node.estimate(found.to, bytes(found.data), sender=sender)
        except Reverted as refusal:
            queue.refuse(found.pk, str(refusal), attempts=self.limits.attempts, at=self.at)
            return True
        except NodeRefused as refusal:
            queue.hold_back(found.pk, str(refusal), until=self.at + self.limits.resend_after)
            return False
        if gas > self.limits.gas_cap:
            reason = f"it needs {gas} gas, more than the {self.limits.gas_cap} of chain.gas_cap"
            queue.refuse(found.pk, reason, attempts=self.limits.attempts, at=self.at)
            return True
        limit = rules.gas_limit(gas, margin=self.limits.gas_margin, cap=self.limits.gas_cap)
        pending = node.pending_count(sender)
        try:
            return bool(queue.assign(found.pk, signer=sender, pending=pending, gas_limit=limit))
        except CountTooFar as refusal:
            queue.hold_back(found.pk, str(refusal), until=self.at + self.limits.resend_after)
            return False

    def _sign(self, found: Transaction) -> bool:
        fees = rules.first_fees(node.market(), cap=self.limits.fee_cap)
        return bool(self._keep(found, fees))

    def _send(self, found: Transaction) -> bool:
        """Give the newest bytes to a node, unless that was just tried."""
        attempt = Attempt.objects.filter(transaction=found).latest("max_fee")
        if attempt.tried_at and self.at - attempt.tried_at < self.limits.resend_after:
            return False
        try:
            node.send(bytes(attempt.raw))
        except NodeRefused as refusal:
            return self._refused(found, attempt, str(refusal))
        queue.note_tried(attempt, taken=True, at=self.at)
        return found.state == TransactionState.SIGNED

    def _refused(self, found: Transaction, attempt: Attempt, refusal: str) -> bool:
        meaning = rules.meaning(refusal)
        if meaning in (rules.Answer.KNOWN, rules.Answer.SPENT):
            queue.note_tried(attempt, taken=True, at=self.at)
            return found.state == TransactionState.SIGNED
        log.warning("chain.not_taken", transaction=str(found.pk), meaning=str(meaning), refusal=refusal)
        queue.note_tried(attempt, taken=False, error=refusal, at=self.at)
        if meaning is rules.Answer.NEVER and not attempt.filler:
            return self._raise_fees(found, attempt, filler=True)
        return False

    def _follow(self, found: Transaction) -> bool:
        if found.state == TransactionState.MINED and self._is_still_waiting(found):
            return False
        attempts = list(Attempt.objects.filter(transaction=found).order_by("max_fee"))
        receipt = node.receipt([attempt.tx_hash for attempt in attempts])
        if receipt is None:
            if found.state == TransactionState.MINED:
                return queue.note_vanished(found.pk)
            return self._wait(found, attempts)
        if found.state != TransactionState.MINED or found.block_hash != receipt.block_hash:
            return queue.note_mined(found.pk, receipt)
        return self._is_final(receipt) and self._finish(found, receipt)

    def _is_still_waiting(self, found: Transaction) -> bool:
        """Tell whether a block is where it was and not deep enough: then its receipts need no look."""
        number = found.block_number or 0
        return not self._is_deep(number) and self._is_there(number, found.block_hash)

    def _is_final(self, receipt: Receipt) -> bool:
        """Tell whether its block is deep enough, and is the one that the node has at that number."""
        return self._is_deep(receipt.block_number) and self._is_there(
            receipt.block_number, receipt.block_hash
        )

    def _is_deep(self, number: int) -> bool:
        if self._newest is None or self._newest.number < number:
            self._newest = node.newest()
        return self._newest.number - number + 1 >= node.confirmations()

    def _is_there(self, number: int, block_hash: str) -> bool:
        """Tell whether the node has this block; asked once a round for each block."""
        if number not in self._blocks:
            self._blocks[number] = node.block(number)
        block = self._blocks[number]
        return block is not None and block.hash == block_hash

    def _finish(self, found: Transaction, receipt: Receipt) -> bool:
        refusal = found.error
        if not receipt.succeeded:
            refusal = node.why_reverted(
                found.to,
                bytes(found.data),
                sender=found.signer,
                found=receipt,
                gas_limit=found.gas_limit or 0,
            )
        return queue.finish(found.pk, receipt, refusal=refusal, attempts=self.limits.attempts, at=self.at)

    def _wait(self, found: Transaction, attempts: list[Attempt]) -> bool:
        """Do what a transaction needs that isn't mined: nothing yet, its bytes again, or a higher fee."""
        newest = attempts[-1]
        if self.at - newest.created_at >= self.limits.bump_after and self._is_next(found):
            if self._is_spent(found, attempts):
                return queue.supersede(found.pk, FOREIGN, attempts=self.limits.attempts, at=self.at)
            if self._raise_fees(found, newest, filler=newest.filler):
                return True
        return self._send(found)

    def _is_next(self, found: Transaction) -> bool:
        """Tell whether no lower nonce of its signer is under way: only that one can be stuck by its fee."""
        lower = Transaction.objects.filter(
            chain_id=found.chain_id, signer=found.signer, nonce__lt=found.nonce, state__in=states.IN_FLIGHT
        )
        return not lower.exists()

    def _is_spent(self, found: Transaction, attempts: list[Attempt]) -> bool:
        hashes = [attempt.tx_hash for attempt in attempts]
        return node.nonce_is_spent(found.signer, found.nonce or 0, hashes, depth=node.confirmations())

    def _raise_fees(self, found: Transaction, last: Attempt, *, filler: bool) -> bool:
        """Sign the same nonce for more, and send it. False if chain.fee_cap leaves no room."""
        offered = Fees(int(last.max_fee), int(last.priority_fee), legacy=_is_legacy(bytes(last.raw)))
        fees = rules.bumped(offered, node.market(), cap=self.limits.fee_cap)
        if fees is None:
            log.warning("chain.fee_cap_reached", transaction=str(found.pk), max_fee=offered.max_fee)
            return False
        attempt = self._keep(found, fees, filler=filler)
        log.info("chain.fee_raised", transaction=str(found.pk), max_fee=fees.max_fee, filler=filler)
        return attempt is not None

    def _keep(self, found: Transaction, fees: Fees, *, filler: bool = False) -> Attempt | None:
        fields = _fields(found, fees, filler=filler)
        signed = self.signer.sign_transaction(Duty(found.duty), fields)
        return queue.keep_signed(found.pk, signed, fees, filler=filler, at=self.at)


def _fields(found: Transaction, fees: Fees, *, filler: bool) -> dict[str, Any]:
    """Return what is signed. A filler sends nothing to its own signer."""
    fields: dict[str, Any] = {
        "chainId": found.chain_id,
        "nonce": found.nonce,
        "gas": FILLER_GAS if filler else found.gas_limit,
        "value": 0,
        "data": b"" if filler else bytes(found.data),
    }
    if to := found.signer if filler else found.to:
        fields["to"] = to
    if fees.legacy:
        return fields | {"gasPrice": fees.max_fee}
    return fields | {"maxFeePerGas": fees.max_fee, "maxPriorityFeePerGas": fees.priority_fee}


def _is_legacy(raw: bytes) -> bool:
    """Tell by the first byte: a legacy transaction is an RLP list, the others begin with their type."""
    return raw[0] >= 0xC0
