"""What deposits and withdrawals can be asked."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet, Sum

from apps.accounts import selectors as accounts
from apps.chain import selectors as chain
from apps.chain.types import Holder
from apps.common.errors import NotFound
from apps.ledger import selectors as ledger
from apps.ledger.types import Transaction, TransactionType
from apps.parameters import selectors as parameters
from apps.wallets import models, postings, rules, states
from apps.wallets.types import (
    CURRENCIES,
    DAY_LIMIT,
    DECIMALS,
    LEVELS,
    MINIMUM,
    MONTH_FACTOR,
    Allowance,
    BankInstructions,
    Change,
    Deposit,
    DepositState,
    DestinationKind,
    Open,
    Why,
    Withdrawal,
    WithdrawalState,
)

MAX_PAGE = 100
OPEN = "open"  # a filter for all states that wait for somebody


def deposit(deposit_id: UUID, *, owner: UUID | None = None) -> Deposit:
    """Return a deposit, of this owner if one is given. Raises NotFound."""
    wanted = {"pk": deposit_id} | ({"owner": owner} if owner else {})
    row = models.Deposit.objects.filter(**wanted).first()
    if row is None:
        raise NotFound("There is no such deposit.")
    return as_deposit(row)


def withdrawal(withdrawal_id: UUID, *, owner: UUID | None = None) -> Withdrawal:
    """Return a withdrawal, of this owner if one is given. Raises NotFound."""
    wanted = {"pk": withdrawal_id} | ({"owner": owner} if owner else {})
    row = models.Withdrawal.objects.filter(**wanted).first()
    if row is None:
        raise NotFound("There is no such withdrawal.")
    return as_withdrawal(row)


def deposits(
    *, owner: UUID | None = None, state: str = "", currency: str = "", reference: str = ""
) -> QuerySet[models.Deposit]:
    """Return the rows of deposits that match, for a paginator; `state` may be OPEN.

    A reference is one of ours, however it is spaced, or one that a bank gave.
    """
    wanted = _wanted(owner, currency, reference)
    if state:
        wanted["state__in"] = sorted(states.OPEN_DEPOSITS) if state == OPEN else [state]
    return models.Deposit.objects.filter(**wanted)


def withdrawals(
    *, owner: UUID | None = None, state: str = "", currency: str = "", reference: str = ""
) -> QuerySet[models.Withdrawal]:
    """Return the rows of withdrawals that match, for a paginator. See `deposits`."""
    wanted = _wanted(owner, currency, reference)
    if state:
        wanted["state__in"] = sorted(states.OPEN_WITHDRAWALS) if state == OPEN else [state]
    return models.Withdrawal.objects.filter(**wanted)


def queue_of_deposits(*, limit: int = MAX_PAGE, **wanted: str) -> list[Deposit]:
    """Return the deposits that match, the longest waiting first."""
    found = deposits(**wanted).order_by("requested_at", "id")[: min(limit, MAX_PAGE)]  # type: ignore[arg-type]  # owner isn't among the filters of the queue
    return [as_deposit(row) for row in found]


def queue_of_withdrawals(*, limit: int = MAX_PAGE, **wanted: str) -> list[Withdrawal]:
    """Return the withdrawals that match, the longest waiting first."""
    found = withdrawals(**wanted).order_by("requested_at", "id")[: min(limit, MAX_PAGE)]  # type: ignore[arg-type]  # likewise
    return [as_withdrawal(row) for row in found]


def waiting_deposits() -> int:
    """Return how many deposits wait for staff."""
    open_states = (DepositState.REQUESTED, DepositState.RECEIVED)
    return models.Deposit.objects.filter(state__in=open_states).count()


def waiting_withdrawals() -> int:
    """Return how many withdrawals wait for staff."""
    open_states = (WithdrawalState.UNDER_REVIEW, WithdrawalState.APPROVED, WithdrawalState.SENT)
    return models.Withdrawal.objects.filter(state__in=open_states).count()


def changes_of_deposit(deposit_id: UUID) -> list[Change]:
    """Return the life of a deposit, from its beginning."""
    return _changes(models.DepositChange.objects.filter(deposit=deposit_id))


def changes_of_withdrawal(withdrawal_id: UUID) -> list[Change]:
    """Return the life of a withdrawal, from its beginning."""
    return _changes(models.WithdrawalChange.objects.filter(withdrawal=withdrawal_id))


def open_requests(owner: UUID) -> list[Open]:
    """Return what an owner waits for, the newest first, and why it isn't further."""
    coming = deposits(owner=owner, state=OPEN).order_by("-requested_at", "-id")[:MAX_PAGE]
    going = withdrawals(owner=owner, state=OPEN).order_by("-requested_at", "-id")[:MAX_PAGE]
    found = [_open(row, rules.why_deposit(DepositState(row.state))) for row in coming]
    found += [_open(row, rules.why_withdrawal(WithdrawalState(row.state))) for row in going]
    return sorted(found, key=lambda each: each.requested_at, reverse=True)


def links(owner: UUID, lines: Iterable[Transaction]) -> Mapping[UUID, UUID]:
    """Return which request each of these lines of the owner's wallet shows: line → deposit or withdrawal."""
    ids: dict[TransactionType, list[UUID]] = {TransactionType.DEPOSIT: [], TransactionType.WITHDRAWAL: []}
    for line in lines:
        ids.get(line.type, []).append(line.id)
    found: dict[UUID, UUID] = {}
    for model, wanted in (
        (models.Deposit, ids[TransactionType.DEPOSIT]),
        (models.Withdrawal, ids[TransactionType.WITHDRAWAL]),
    ):
        if wanted:
            found |= dict(model.objects.filter(owner=owner, line__in=wanted).values_list("line", "pk"))
    return found


def bank_instructions(currency: str) -> BankInstructions | None:
    """Return where deposits in a currency are sent, None where we have no bank for it."""
    row = settings.BANK_INSTRUCTIONS.get(currency)
    return BankInstructions(**row) if row else None


def offered() -> list[str]:
    """Return the currencies that can be deposited."""
    return [currency for currency in CURRENCIES if currency in settings.BANK_INSTRUCTIONS]


def allowance(owner: UUID, currency: str, *, at: datetime) -> Allowance:
    """Return what an owner could withdraw in one currency at `at`. Raises CurrencyNotOffered.

    A limit counts what was requested since the day or month began in the market's zone, except for what
    came back.
    """
    rules.check_currency(currency)
    zone = ZoneInfo(settings.MARKET_TIME_ZONE)
    address = postings.cash(owner, currency).address
    balance = ledger.balances([address]).get(address)
    level = accounts.account(owner).kyc_level
    day = parameters.value(DAY_LIMIT[currency, min(level, LEVELS[-1])]) if level else 0
    month = day * parameters.value(MONTH_FACTOR)
    return Allowance(
        currency=currency,
        decimals=DECIMALS,
        available=balance.available if balance else 0,
        unsettled=balance.unsettled if balance else 0,
        withdrawable=balance.withdrawable if balance else 0,
        minimum=parameters.value(MINIMUM[currency]),
        day_limit=day,
        day_left=max(0, day - _withdrawn(owner, currency, since=rules.day_start(at, zone))),
        month_limit=month,
        month_left=max(0, month - _withdrawn(owner, currency, since=rules.month_start(at, zone))),
    )


def custody(owner: UUID) -> Holder | None:
    """Return the owner's custodial address on chain, None before one was asked for."""
    return chain.holders([owner]).get(owner)


def as_deposit(row: models.Deposit) -> Deposit:
    """Return the frozen view of a deposit's row."""
    return Deposit(
        id=row.pk,
        owner=row.owner,
        currency=row.currency,
        decimals=DECIMALS,
        amount=row.amount,
        reference=row.reference,
        state=DepositState(row.state),
        received=row.received_amount,
        bank_reference=row.bank_reference,
        refund_reference=row.refund_reference,
        reason=row.reason,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        updated_at=row.updated_at,
    )


def as_withdrawal(row: models.Withdrawal) -> Withdrawal:
    """Return the frozen view of a withdrawal's row."""
    return Withdrawal(
        id=row.pk,
        owner=row.owner,
        currency=row.currency,
        decimals=DECIMALS,
        amount=row.amount,
        reference=row.reference,
        state=WithdrawalState(row.state),
        destination_kind=DestinationKind(row.destination_kind),
        bank_reference=row.bank_reference,
        reason=row.reason,
        requested_at=row.requested_at,
        updated_at=row.updated_at,
    )


def _open(row: models.Deposit | models.Withdrawal, why: Why) -> Open:
    is_deposit = isinstance(row, models.Deposit)
    amount = (row.received_amount if isinstance(row, models.Deposit) else None) or row.amount
    return Open(is_deposit, row.pk, row.currency, DECIMALS, amount, row.state, row.requested_at, why)


def _wanted(owner: UUID | None, currency: str, reference: str) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if owner:
        wanted["owner"] = owner
    if currency:
        wanted["currency"] = currency
    if reference:
        ours = rules.normal_reference(reference)
        written = "".join(reference.split()).upper()
        wanted |= {"reference": ours} if rules.is_reference(ours) else {"bank_reference": written}
    return wanted


def _changes(query: QuerySet[Any]) -> list[Change]:
    rows = list(query.order_by("id"))
    before = [None, *(row.state for row in rows)]
    return [
        Change(earlier, row.state, row.at, row.actor_kind, row.actor_id, row.reason)
        for earlier, row in zip(before, rows, strict=False)
    ]


def _withdrawn(owner: UUID, currency: str, *, since: datetime) -> int:
    found = models.Withdrawal.objects.filter(
        owner=owner, currency=currency, state__in=sorted(states.SPENDING), requested_at__gte=since
    )
    return int(found.aggregate(total=Sum("amount"))["total"] or 0)
