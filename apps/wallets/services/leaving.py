"""What staff do with a withdrawal: approve it, tell the bank, and say what the bank did."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts import selectors as accounts
from apps.common.db import needs_transaction, opens_transaction
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.ledger.types import TransactionStatus
from apps.wallets import models, postings, rules, selectors
from apps.wallets.services.steps import lock_withdrawal, note_withdrawal, step_withdrawal
from apps.wallets.types import FAILS_WITHDRAWAL, REJECTS_WITHDRAWAL, Withdrawal, WithdrawalState

_UNIQUE_VIOLATION = "23505"


@opens_transaction
def approve_withdrawal(*, withdrawal_id: UUID, by: Actor, at: datetime) -> Withdrawal:
    """Allow a withdrawal to be paid.

    Raises NotFound, OwnRequest, CustomerNotActive, IdentityCheckNeeded, Conflict `invalid_transition`.
    """
    row = lock_withdrawal(withdrawal_id=withdrawal_id, by=by)
    before = row.state
    step_withdrawal(row=row, to=WithdrawalState.APPROVED, by=by, at=at)
    rules.check_withdrawer(accounts.account(row.owner))
    return _done(row, "approved", before, by=by, at=at)


@opens_transaction
def reject_withdrawal(*, withdrawal_id: UUID, reason: str, by: Actor, at: datetime) -> Withdrawal:
    """Refuse a withdrawal of which the bank doesn't know yet; the amount is available again.

    `reason` is one of REJECTS_WITHDRAWAL; its owner reads it.

    Raises NotFound, OwnRequest, Invalid (field reason), Conflict `invalid_transition`.
    """
    why = rules.check_reason(reason, REJECTS_WITHDRAWAL)
    row = lock_withdrawal(withdrawal_id=withdrawal_id, by=by)
    before = row.state
    step_withdrawal(row=row, to=WithdrawalState.REJECTED, by=by, at=at, reason=why)
    _give_back(row, by=by, at=at)
    return _done(row, "rejected", before, by=by, at=at)


@opens_transaction
def send_withdrawal(*, withdrawal_id: UUID, bank_reference: str, by: Actor, at: datetime) -> Withdrawal:
    """Say that the bank was told to pay, and what it calls the transfer.

    Raises NotFound, OwnRequest, Invalid (field bank_reference), BankReferenceUsed, CustomerNotActive,
    IdentityCheckNeeded, Conflict `invalid_transition`.
    """
    reference = rules.bank_reference(bank_reference)
    row = lock_withdrawal(withdrawal_id=withdrawal_id, by=by)
    before = row.state
    step_withdrawal(row=row, to=WithdrawalState.SENT, by=by, at=at)
    rules.check_withdrawer(accounts.account(row.owner))
    row.bank_reference = reference
    try:
        with transaction.atomic():
            return _done(row, "sent", before, by=by, at=at)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != _UNIQUE_VIOLATION:
            raise
        raise _used(reference) from error


@opens_transaction
def complete_withdrawal(*, withdrawal_id: UUID, by: Actor, at: datetime) -> Withdrawal:
    """Say that the bank has paid: what was held leaves the ledger.

    Raises NotFound, OwnRequest, AssetNotActive, Conflict `invalid_transition`.
    """
    row = lock_withdrawal(withdrawal_id=withdrawal_id, by=by)
    before = row.state
    step_withdrawal(row=row, to=WithdrawalState.COMPLETED, by=by, at=at)
    transfer = postings.paid(
        withdrawal=row.pk,
        hold=row.hold,
        currency=row.currency,
        amount=row.amount,
        reference=row.reference,
    )
    ledger.post_held(transfers=[transfer], by=by, at=at)
    ledger.close_transactions(ids=[row.line], status=TransactionStatus.COMPLETED, at=at)
    return _done(row, "completed", before, by=by, at=at)


@opens_transaction
def fail_withdrawal(*, withdrawal_id: UUID, reason: str, by: Actor, at: datetime) -> Withdrawal:
    """Say that the bank did not pay; the amount is available again. `reason` is one of FAILS_WITHDRAWAL.

    Raises NotFound, OwnRequest, Invalid (field reason), Conflict `invalid_transition`.
    """
    why = rules.check_reason(reason, FAILS_WITHDRAWAL)
    row = lock_withdrawal(withdrawal_id=withdrawal_id, by=by)
    before = row.state
    step_withdrawal(row=row, to=WithdrawalState.FAILED, by=by, at=at, reason=why)
    _give_back(row, by=by, at=at)
    return _done(row, "failed", before, by=by, at=at)


@needs_transaction
def _give_back(row: models.Withdrawal, *, by: Actor, at: datetime) -> None:
    ledger.void(holds=[row.hold], by=by, at=at)
    ledger.close_transactions(ids=[row.line], status=TransactionStatus.FAILED, at=at)


@needs_transaction
def _done(row: models.Withdrawal, act: str, before: str, *, by: Actor, at: datetime) -> Withdrawal:
    row.save(update_fields=["state", "reason", "bank_reference", "updated_at", "handled_by"])
    note_withdrawal(row=row, act=act, before=before, message=WithdrawalState(row.state), by=by, at=at)
    return selectors.as_withdrawal(row)


def _used(reference: str) -> rules.BankReferenceUsed:
    return rules.BankReferenceUsed(
        "This transfer was named for another withdrawal.",
        next_step="Look at the bank's list again: each transfer has a reference of its own.",
        bank_reference=reference,
    )
