"""What people ask for: to bring money in, to take it out, and to be let off either."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import NotFound
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.ledger.types import HoldOwner, NewHold, NewTransaction, TransactionStatus, TransactionType
from apps.parameters import selectors as parameters
from apps.wallets import personal_data, rules, selectors, types
from apps.wallets.models import Deposit as DepositRow
from apps.wallets.models import DepositChange, Turn, WithdrawalChange
from apps.wallets.models import Withdrawal as WithdrawalRow
from apps.wallets.services.cash import ensure_cash_account
from apps.wallets.services.destinations import checked
from apps.wallets.services.steps import note_deposit, note_withdrawal, step_deposit, step_withdrawal
from apps.wallets.types import (
    DEPOSIT_DAYS,
    Deposit,
    DepositState,
    Destination,
    Withdrawal,
    WithdrawalState,
)

EXPIRED_AT_ONCE = 500


@opens_transaction
def request_deposit(
    *, deposit_id: UUID, owner: UUID, currency: str, amount: int, by: Actor, at: datetime
) -> Deposit:
    """Announce a deposit and get the reference that its transfer is to carry; `amount` in units.

    The same request sent again is made once.

    Raises Invalid (field amount), AmountTooLarge, CurrencyNotOffered, CustomerNotActive,
    IdentityCheckNeeded, TooManyOpenDeposits, RequestIdTaken.
    """
    _take_turn(owner)
    if before := DepositRow.objects.filter(pk=deposit_id).first():
        _check_same((before.owner, before.currency, before.amount), (owner, currency, amount))
        return selectors.as_deposit(before)
    rules.check_amount(amount)
    rules.check_currency(currency, selectors.offered())
    rules.check_depositor(accounts.account(owner))
    _check_open_deposits(owner)
    address = ensure_cash_account(owner=owner, currency=currency)
    row = DepositRow.objects.create(
        id=deposit_id,
        owner=owner,
        currency=currency,
        amount=amount,
        reference=_new_reference(),
        state=DepositState.REQUESTED,
        line=new_id(),
        requested_at=at,
        expires_at=at + timedelta(days=parameters.value(DEPOSIT_DAYS)),
        updated_at=at,
    )
    line = NewTransaction(row.line, address, TransactionType.DEPOSIT, amount, row.reference)
    ledger.open_transactions(transactions=[line], at=at)
    DepositChange.objects.create(deposit=row, state=row.state, at=at, actor_kind=by.kind, actor_id=by.id)
    note_deposit(row=row, act="requested", before="", by=by, at=at)
    return selectors.as_deposit(row)


@opens_transaction
def cancel_deposit(*, deposit_id: UUID, owner: UUID, by: Actor, at: datetime) -> Deposit:
    """Take back one's own deposit while nothing has come for it.

    Raises NotFound, Conflict `invalid_transition`.
    """
    row = DepositRow.objects.select_for_update().filter(pk=deposit_id, owner=owner).first()
    if row is None:
        raise NotFound("There is no such deposit.")
    _end_deposit(row, DepositState.CANCELLED, by=by, at=at)
    return selectors.as_deposit(row)


@opens_transaction
def expire_deposits(*, by: Actor, at: datetime, limit: int = EXPIRED_AT_ONCE) -> int:
    """End requested deposits whose time is over at `at`, at most `limit`; return how many.

    Those that somebody is busy with are left to the next call.
    """
    due = DepositRow.objects.select_for_update(skip_locked=True).filter(
        state=DepositState.REQUESTED, expires_at__lte=at
    )
    found = list(due.order_by("expires_at")[:limit])
    for row in found:
        _end_deposit(row, DepositState.EXPIRED, by=by, at=at)
    return len(found)


@opens_transaction
def request_withdrawal(
    *,
    withdrawal_id: UUID,
    owner: UUID,
    currency: str,
    amount: int,
    destination: Destination,
    by: Actor,
    at: datetime,
) -> Withdrawal:
    """Ask for an amount (in units) to be paid to a bank account; it is held from now on.

    The same request sent again is made once.

    Raises Invalid (field amount or one of the destination), AmountTooLarge, CurrencyNotOffered,
    CustomerNotActive, IdentityCheckNeeded, WithdrawalTooSmall, WithdrawalLimitReached, FundsUnsettled,
    InsufficientFunds, AssetNotActive, RequestIdTaken, Conflict `person_erased`.
    """
    rules.check_currency(currency)
    destination = checked(destination, currency=currency)
    _take_turn(owner)
    if before := WithdrawalRow.objects.filter(pk=withdrawal_id).first():
        known = personal_data.opened(before) if before.owner == owner else None
        _check_same(
            (before.owner, before.currency, before.amount, known), (owner, currency, amount, destination)
        )
        return selectors.as_withdrawal(before)
    rules.check_amount(amount)
    rules.check_withdrawer(accounts.account(owner))
    address = ensure_cash_account(owner=owner, currency=currency)
    balance = ledger.lock_balances(accounts=[address])[address]
    rules.check_limits(amount, selectors.allowance(owner, currency, at=at))
    rules.check_settled(amount, balance)
    row = WithdrawalRow.objects.create(
        id=withdrawal_id,
        owner=owner,
        currency=currency,
        amount=amount,
        reference=_new_reference(),
        state=WithdrawalState.REQUESTED,
        destination_kind=destination.kind,
        destination=personal_data.sealed(destination, withdrawal=withdrawal_id, owner=owner),
        hold=new_id(),
        line=new_id(),
        requested_at=at,
        updated_at=at,
    )
    _hold(row, address, by=by, at=at)
    WithdrawalChange.objects.create(
        withdrawal=row, state=row.state, at=at, actor_kind=by.kind, actor_id=by.id
    )
    # Where a second factor will be asked for; until then, and always without one, a person looks at it.
    step_withdrawal(row=row, to=WithdrawalState.UNDER_REVIEW, by=by, at=at)
    row.save(update_fields=["state", "reason", "updated_at", "handled_by"])
    note_withdrawal(row=row, act="requested", before="", message=WithdrawalState.REQUESTED, by=by, at=at)
    return selectors.as_withdrawal(row)


@opens_transaction
def cancel_withdrawal(*, withdrawal_id: UUID, owner: UUID, by: Actor, at: datetime) -> Withdrawal:
    """Take back one's own withdrawal while nobody has approved it; the amount is available again.

    Raises NotFound, Conflict `invalid_transition`.
    """
    row = WithdrawalRow.objects.select_for_update().filter(pk=withdrawal_id, owner=owner).first()
    if row is None:
        raise NotFound("There is no such withdrawal.")
    before = row.state
    step_withdrawal(row=row, to=WithdrawalState.CANCELLED, by=by, at=at)
    row.save(update_fields=["state", "reason", "updated_at", "handled_by"])
    ledger.void(holds=[row.hold], by=by, at=at)
    ledger.close_transactions(ids=[row.line], status=TransactionStatus.CANCELLED, at=at)
    note_withdrawal(row=row, act="cancelled", before=before, message=WithdrawalState.CANCELLED, by=by, at=at)
    return selectors.as_withdrawal(row)


@needs_transaction
def _take_turn(owner: UUID) -> None:
    """Wait until nobody else decides about a request of this owner: limits are judged one by one."""
    Turn.objects.bulk_create([Turn(owner=owner)], ignore_conflicts=True)
    Turn.objects.select_for_update().get(pk=owner)


@needs_transaction
def _end_deposit(row: DepositRow, to: DepositState, *, by: Actor, at: datetime) -> None:
    before = row.state
    step_deposit(row=row, to=to, by=by, at=at)
    row.save(update_fields=["state", "reason", "updated_at", "handled_by"])
    ledger.close_transactions(ids=[row.line], status=TransactionStatus.CANCELLED, at=at)
    note_deposit(row=row, act=str(to), before=before, by=by, at=at)


@needs_transaction
def _hold(row: WithdrawalRow, address: str, *, by: Actor, at: datetime) -> None:
    hold = NewHold(row.hold, address, row.currency, row.amount, HoldOwner.WITHDRAWAL, str(row.pk))
    ledger.hold(holds=[hold], by=by, at=at)
    line = NewTransaction(row.line, address, TransactionType.WITHDRAWAL, row.amount, row.reference)
    ledger.open_transactions(transactions=[line], at=at)


def _check_open_deposits(owner: UUID) -> None:
    most = parameters.value(types.OPEN_DEPOSITS)
    if DepositRow.objects.filter(owner=owner, state=DepositState.REQUESTED).count() >= most:
        raise rules.TooManyOpenDeposits(
            f"{most} of your deposits are waiting for their money, which is the most.",
            next_step="Cancel one that you don't need.",
            most=most,
        )


def _check_same(before: tuple[object, ...], now: tuple[object, ...]) -> None:
    if before != now:
        raise rules.RequestIdTaken(
            "Another request has this id.", next_step="Open the form again, and send it once more."
        )


def _new_reference() -> str:
    """Make a reference that nobody has: 45 random bits and a check character."""
    while True:
        made = rules.with_check("".join(secrets.choice(rules.ALPHABET) for _ in range(rules.LENGTH - 1)))
        taken = DepositRow.objects.filter(reference=made) or WithdrawalRow.objects.filter(reference=made)
        if not taken:
            return made
