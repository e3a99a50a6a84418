"""One step in the life of a request: the state, its history, the audit event and the message, together."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common.db import needs_transaction
from apps.common.errors import NotFound
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.outbox import services as outbox
from apps.wallets import rules, states
from apps.wallets.models import Deposit, DepositChange, Withdrawal, WithdrawalChange
from apps.wallets.types import DEPOSIT_MESSAGES, WITHDRAWAL_MESSAGES, DepositState, WithdrawalState


@needs_transaction
def lock_deposit(*, deposit_id: UUID, by: Actor) -> Deposit:
    """Lock a deposit for somebody who decides about it. Raises NotFound, OwnRequest."""
    row = Deposit.objects.select_for_update().filter(pk=deposit_id).first()
    if row is None:
        raise NotFound("There is no such deposit.")
    rules.check_not_own(row.owner, by)
    return row


@needs_transaction
def lock_withdrawal(*, withdrawal_id: UUID, by: Actor) -> Withdrawal:
    """Lock a withdrawal for somebody who decides about it. Raises NotFound, OwnRequest."""
    row = Withdrawal.objects.select_for_update().filter(pk=withdrawal_id).first()
    if row is None:
        raise NotFound("There is no such withdrawal.")
    rules.check_not_own(row.owner, by)
    return row


@needs_transaction
def step_deposit(*, row: Deposit, to: DepositState, by: Actor, at: datetime, reason: str = "") -> None:
    """Bring a locked deposit to a state and write its history; the caller saves the row.

    Raises Conflict `invalid_transition`.
    """
    row.state = advance(states.DEPOSIT, DepositState(row.state), to)
    row.reason, row.updated_at, row.handled_by = reason, at, _handler(row.owner, by) or row.handled_by
    DepositChange.objects.create(
        deposit=row, state=to, at=at, actor_kind=by.kind, actor_id=by.id, reason=reason
    )


@needs_transaction
def step_withdrawal(
    *, row: Withdrawal, to: WithdrawalState, by: Actor, at: datetime, reason: str = ""
) -> None:
    """Bring a locked withdrawal to a state and write its history; the caller saves the row.

    Raises Conflict `invalid_transition`.
    """
    row.state = advance(states.WITHDRAWAL, WithdrawalState(row.state), to)
    row.reason, row.updated_at, row.handled_by = reason, at, _handler(row.owner, by) or row.handled_by
    WithdrawalChange.objects.create(
        withdrawal=row, state=to, at=at, actor_kind=by.kind, actor_id=by.id, reason=reason
    )


@needs_transaction
def note_deposit(*, row: Deposit, act: str, before: str, by: Actor, at: datetime) -> None:
    """Write the audit event of an act on a deposit and publish the state that it reached."""
    audit.record(
        action=f"wallets.deposit_{act}",
        target_type="deposit",
        target_id=str(row.pk),
        before={"state": before} if before else None,
        after={
            "state": row.state,
            "owner": str(row.owner),
            "currency": row.currency,
            "amount": row.amount,
            "received": row.received_amount,
            "bank_reference": row.bank_reference,
            "refund_reference": row.refund_reference,
        },
        reason=row.reason,
        by=by,
        at=at,
    )
    payload = {"deposit_id": str(row.pk), "owner": str(row.owner)}
    message = DEPOSIT_MESSAGES[DepositState(row.state)]
    outbox.publish(type=message.name, key=str(row.pk), payload=payload, at=at)


@needs_transaction
def note_withdrawal(
    *, row: Withdrawal, act: str, before: str, message: WithdrawalState, by: Actor, at: datetime
) -> None:
    """Write the audit event of an act on a withdrawal and publish what it was."""
    audit.record(
        action=f"wallets.withdrawal_{act}",
        target_type="withdrawal",
        target_id=str(row.pk),
        before={"state": before} if before else None,
        after={
            "state": row.state,
            "owner": str(row.owner),
            "currency": row.currency,
            "amount": row.amount,
            "bank_reference": row.bank_reference,
        },
        reason=row.reason,
        by=by,
        at=at,
    )
    payload = {"withdrawal_id": str(row.pk), "owner": str(row.owner)}
    outbox.publish(type=WITHDRAWAL_MESSAGES[message].name, key=str(row.pk), payload=payload, at=at)


def _handler(owner: UUID, by: Actor) -> UUID | None:
    """Return who of the staff has a hand in it now; its owner and our processes don't count."""
    return UUID(by.id) if by.kind == "user" and by.id != str(owner) else None
