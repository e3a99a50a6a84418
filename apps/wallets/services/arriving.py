"""What staff do with a deposit: say that its money came, credit it, refuse it, send it back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.common.db import needs_transaction, opens_transaction
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.ledger.types import Entry, NewTransaction, TransactionStatus, TransactionType
from apps.wallets import models, postings, rules, selectors
from apps.wallets.services.steps import lock_deposit, note_deposit, step_deposit
from apps.wallets.types import REFUNDS_DEPOSIT, REJECTS_DEPOSIT, Deposit, DepositState

CHANGED = (
    "state",
    "received_amount",
    "bank_reference",
    "refund_reference",
    "reason",
    "line",
    "handled_by",
    "updated_at",
)


@opens_transaction
def receive_deposit(
    *, deposit_id: UUID, amount: int, bank_reference: str, by: Actor, at: datetime
) -> Deposit:
    """Say that money came for a deposit: how much, in units, and what the bank calls the transfer.

    It lies in suspense until it is credited or sent back. May be said of a request that has ended, too.

    Raises NotFound, OwnRequest, Invalid (field amount or bank_reference), AmountTooLarge,
    BankReferenceUsed, AssetNotActive, Conflict `invalid_transition`.
    """
    bank_reference = rules.bank_reference(bank_reference)
    rules.check_amount(amount)
    row = lock_deposit(deposit_id=deposit_id, by=by)
    before = row.state
    _receive(row, amount, bank_reference, by=by, at=at)
    _post_received(row, [_received(row)], by=by, at=at)
    row.save(update_fields=CHANGED)
    note_deposit(row=row, act="received", before=before, by=by, at=at)
    return selectors.as_deposit(row)


@opens_transaction
def credit_deposit(*, deposit_id: UUID, by: Actor, at: datetime) -> Deposit:
    """Give what came for a deposit to its owner. A check of where it comes from is going to stand here.

    Raises NotFound, OwnRequest, CustomerNotActive, IdentityCheckNeeded, AssetNotActive,
    Conflict `invalid_transition`.
    """
    row = lock_deposit(deposit_id=deposit_id, by=by)
    before = row.state
    _credit(row, by=by, at=at)
    ledger.post(entries=[_credited(row)], by=by, at=at)
    row.save(update_fields=CHANGED)
    note_deposit(row=row, act="credited", before=before, by=by, at=at)
    return selectors.as_deposit(row)


@opens_transaction
def confirm_deposit(
    *, deposit_id: UUID, amount: int, bank_reference: str, by: Actor, at: datetime
) -> Deposit:
    """Receive and credit a requested deposit in one act: the ordinary case. `amount`, in units, is what came.

    Raises NotFound, OwnRequest, Invalid (field amount or bank_reference), AmountTooLarge, RequestEnded,
    BankReferenceUsed, CustomerNotActive, IdentityCheckNeeded, AssetNotActive,
    Conflict `invalid_transition`.
    """
    bank_reference = rules.bank_reference(bank_reference)
    rules.check_amount(amount)
    row = lock_deposit(deposit_id=deposit_id, by=by)
    before = DepositState(row.state)
    _receive(row, amount, bank_reference, by=by, at=at)
    if before is not DepositState.REQUESTED:
        raise rules.RequestEnded(
            f"This deposit was {before} before its money came.",
            next_step="Look why, then receive and credit it in two acts.",
            state=str(before),
        )
    _credit(row, by=by, at=at)
    _post_received(row, [_received(row), _credited(row)], by=by, at=at)
    row.save(update_fields=CHANGED)
    note_deposit(row=row, act="confirmed", before=before, by=by, at=at)
    return selectors.as_deposit(row)


@opens_transaction
def reject_deposit(*, deposit_id: UUID, reason: str, by: Actor, at: datetime) -> Deposit:
    """Refuse a deposit for which nothing has come. `reason` is one of REJECTS_DEPOSIT; its owner reads it.

    Raises NotFound, OwnRequest, Invalid (field reason), Conflict `invalid_transition`.
    """
    why = rules.check_reason(reason, REJECTS_DEPOSIT)
    row = lock_deposit(deposit_id=deposit_id, by=by)
    before = row.state
    step_deposit(row=row, to=DepositState.REJECTED, by=by, at=at, reason=why)
    row.save(update_fields=CHANGED)
    ledger.close_transactions(ids=[row.line], status=TransactionStatus.FAILED, at=at)
    note_deposit(row=row, act="rejected", before=before, by=by, at=at)
    return selectors.as_deposit(row)


@opens_transaction
def refund_deposit(*, deposit_id: UUID, reason: str, bank_reference: str, by: Actor, at: datetime) -> Deposit:
    """Say that what came was sent back: why (one of REFUNDS_DEPOSIT), and what the bank calls the transfer.

    Raises NotFound, OwnRequest, Invalid (field reason or bank_reference), Conflict `invalid_transition`.
    """
    why = rules.check_reason(reason, REFUNDS_DEPOSIT)
    back = rules.bank_reference(bank_reference)
    row = lock_deposit(deposit_id=deposit_id, by=by)
    before = row.state
    step_deposit(row=row, to=DepositState.REFUNDED, by=by, at=at, reason=why)
    row.refund_reference = back
    entry = postings.refunded(
        deposit=row.pk, currency=row.currency, amount=_came(row), reference=row.reference
    )
    ledger.post(entries=[entry], by=by, at=at)
    row.save(update_fields=CHANGED)
    ledger.close_transactions(ids=[row.line], status=TransactionStatus.FAILED, at=at)
    note_deposit(row=row, act="refunded", before=before, by=by, at=at)
    return selectors.as_deposit(row)


@needs_transaction
def _receive(row: models.Deposit, amount: int, bank_reference: str, *, by: Actor, at: datetime) -> None:
    announced = row.state == DepositState.REQUESTED and row.amount == amount
    waiting = row.state == DepositState.REQUESTED
    step_deposit(row=row, to=DepositState.RECEIVED, by=by, at=at)
    row.received_amount, row.bank_reference = amount, bank_reference
    if announced:
        return
    # The wallet shows what came, not what was announced; a line's amount never changes.
    if waiting:
        ledger.close_transactions(ids=[row.line], status=TransactionStatus.CANCELLED, at=at)
    row.line = new_id()
    address = postings.cash(row.owner, row.currency).address
    line = NewTransaction(row.line, address, TransactionType.DEPOSIT, amount, row.reference)
    ledger.open_transactions(transactions=[line], at=at)


@needs_transaction
def _credit(row: models.Deposit, *, by: Actor, at: datetime) -> None:
    step_deposit(row=row, to=DepositState.CREDITED, by=by, at=at)
    rules.check_depositor(accounts.account(row.owner))
    ledger.close_transactions(ids=[row.line], status=TransactionStatus.COMPLETED, at=at)


@needs_transaction
def _post_received(row: models.Deposit, entries: Sequence[Entry], *, by: Actor, at: datetime) -> None:
    """Post what came. The ledger takes each transfer of the bank once, so a second request can't have it."""
    try:
        posted = ledger.post(entries=entries, by=by, at=at)
    except ledger.BusinessKeyReused as error:
        raise _used(row) from error
    if posted[0].repeated:
        raise _used(row)


def _used(row: models.Deposit) -> rules.BankReferenceUsed:
    return rules.BankReferenceUsed(
        "This transfer was booked for another deposit.",
        next_step="Look at the bank's statement again: each transfer has a reference of its own.",
        bank_reference=row.bank_reference,
    )


def _received(row: models.Deposit) -> Entry:
    return postings.received(
        currency=row.currency,
        amount=_came(row),
        bank_reference=row.bank_reference,
        reference=row.reference,
    )


def _credited(row: models.Deposit) -> Entry:
    return postings.credited(
        deposit=row.pk,
        owner=row.owner,
        currency=row.currency,
        amount=_came(row),
        reference=row.reference,
    )


def _came(row: models.Deposit) -> int:
    if row.received_amount is None:
        raise AssertionError("the database has no such row: what was received has an amount")
    return row.received_amount
