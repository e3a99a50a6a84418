"""Subscribing to an offering, and giving it up while the payment is pending (OFR-1)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.types import Account
from apps.businesses import selectors as businesses
from apps.common.db import after_commit, needs_transaction, opens_transaction
from apps.common.errors import Conflict, Forbidden, NotFound
from apps.common.ids import new_id
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.compliance import selectors as compliance
from apps.compliance import services as limits
from apps.compliance.types import Investor
from apps.ledger import services as ledger
from apps.ledger.types import HoldOwner, NewTransaction, TransactionStatus, TransactionType
from apps.outbox.types import Message
from apps.parameters import selectors as parameters
from apps.tokens import locks, models, postings, rules, selectors, states
from apps.tokens.services.telling import tell
from apps.tokens.types import (
    ALLOCATION_CANCELLED,
    ALLOCATION_CREATED,
    ALLOCATION_EXPIRED,
    COOLING_OFF_HOURS,
    PAYMENT_DAYS,
    Allocation,
    AllocationStatus,
    Token,
)


class Insider(Forbidden):
    """Members of the business that issues a token don't subscribe to it."""

    code = "insider"


class AllocationTaken(Conflict):
    """Another subscription has this id."""

    code = "allocation_taken"


@opens_transaction
def subscribe(
    *, allocation_id: UUID, token_id: UUID, investor_id: UUID, quantity: int, by: Actor, at: datetime
) -> Allocation:
    """Subscribe `quantity` base units: reserve the cash and the tokens, first come (OFR-1).

    The caller makes the id; the same subscription again is the same allocation.

    Raises NotFound, NotEligible (one class for each rule), Insider, BusinessNotActive, OfferingClosed,
    QuantityNotExact, BelowMinimum, AboveMaximum, SoldOut, InvestmentLimitExceeded, NoRate,
    InsufficientFunds, AllocationTaken; Unavailable.
    """
    row = locks.token(token_id)
    token = selectors.as_token(row)
    if token.status not in states.PUBLIC:
        raise NotFound("There is no such token.")
    before = models.Allocation.objects.select_related("token").filter(pk=allocation_id).first()
    if before is not None:
        return _repeated(before, token_id, investor_id, quantity)
    investor = accounts.account(investor_id)
    check_investor(token, investor, insiders=selectors.insiders(token))
    businesses.require_active(token.business_id)
    invested = selectors.invested(token_id, investor_id=investor_id)
    cost = rules.check_subscription(token, quantity=quantity, invested=invested, at=at)
    with _within_limit(investor, allocation_id, token.terms.raise_currency, cost, at=at):
        allocation = _insert(row, investor, allocation_id=allocation_id, quantity=quantity, cost=cost, at=at)
        row.tokens_reserved += quantity
        row.save(update_fields=["tokens_reserved"])
        _reserve(allocation, by=by, at=at)
    tell([allocation], ALLOCATION_CREATED, action="allocations.created", by=by, at=at)
    return allocation


def check_investor(token: Token, investor: Account, *, insiders: Collection[UUID]) -> None:
    """Raise NotEligible or Insider unless the investor may have this token."""
    compliance.require_eligible(Investor.of(investor), selectors.security_of(token))
    if investor.id in insiders:
        raise Insider(
            "Members of the business that issues this can't subscribe to it.",
            next_step="Choose another offering.",
        )


@contextmanager
def _within_limit(
    investor: Account, allocation_id: UUID, currency: str, cost: int, *, at: datetime
) -> Iterator[None]:
    """Keep a reservation against the investment limit until the allocation is committed, or isn't (ORD-5)."""
    name, asker = str(allocation_id), new_id()
    limits.reserve_investment(investor=investor, currency=currency, amounts={name: cost}, asker=asker, at=at)
    release = partial(limits.release_investment, investor=investor.id, names=[name], asker=asker)
    try:
        yield
    except BaseException:
        release()
        raise
    after_commit(release)


def _repeated(row: models.Allocation, token_id: UUID, investor_id: UUID, quantity: int) -> Allocation:
    if (row.token.pk, row.investor_id, row.quantity) != (token_id, investor_id, quantity):
        raise AllocationTaken("Another subscription has this id.")
    return selectors.as_allocation(row)


def _insert(
    token: models.Token, investor: Account, *, allocation_id: UUID, quantity: int, cost: int, at: datetime
) -> Allocation:
    hours = rules.cooling_off_hours(
        investor.accreditation_status,
        of_token=token.cooling_off_hours,
        usual=parameters.value(COOLING_OFF_HOURS),
    )
    row = models.Allocation.objects.create(
        pk=allocation_id,
        token=token,
        investor_id=investor.id,
        quantity=quantity,
        price=token.price_per_token,
        cost=cost,
        investor_class=investor.accreditation_status,
        cooling_off_hours=hours,
        created_at=at,
        expires_at=at + timedelta(days=parameters.value(PAYMENT_DAYS)),
    )
    return selectors.as_allocation(row)


def _reserve(allocation: Allocation, *, by: Actor, at: datetime) -> None:
    cash = postings.cash_of(allocation.investor_id, allocation.raise_currency)
    ledger.open_accounts(accounts=[cash])
    ledger.hold(holds=[postings.reserve(allocation)], by=by, at=at)
    line = NewTransaction(
        id=allocation.id,
        account=cash.address,
        type=TransactionType.TOKEN_BUY,
        amount=allocation.cost,
        reference=allocation.symbol,
    )
    ledger.open_transactions(transactions=[line], at=at)


@opens_transaction
def cancel_subscription(*, allocation_id: UUID, investor_id: UUID, by: Actor, at: datetime) -> Allocation:
    """Give up one's own subscription while its payment is pending; the cash is free again.

    Cancelling what is cancelled changes nothing.

    Raises NotFound, Conflict `invalid_transition`, HoldClosed.
    """
    row = locks.allocation(allocation_id, investor_id=investor_id)
    if row.status == AllocationStatus.CANCELLED:
        return selectors.as_allocation(row)
    allocation = _end(row, AllocationStatus.CANCELLED, at=at)
    ledger.void(holds=[allocation_id], by=by, at=at)
    tell([allocation], ALLOCATION_CANCELLED, action="allocations.cancelled", by=by, at=at)
    return allocation


@needs_transaction
def note_hold_expired(message: Message) -> None:
    """End a subscription whose cash was reserved for too long and is free again."""
    if message.payload["owner_type"] != HoldOwner.SUBSCRIPTION:
        return
    row = locks.allocation(UUID(message.payload["owner_id"]))
    if row.status != AllocationStatus.PENDING_PAYMENT:
        return
    allocation = _end(row, AllocationStatus.EXPIRED, at=message.now)
    by = Actor.system("expire_holds")
    tell([allocation], ALLOCATION_EXPIRED, action="allocations.expired", by=by, at=message.now)


def _end(row: models.Allocation, to: AllocationStatus, *, at: datetime) -> Allocation:
    """End a pending allocation: its tokens can be subscribed again, its line in the wallet is cancelled."""
    row.status = advance(states.ALLOCATION, AllocationStatus(row.status), to)
    row.ended_at = at
    row.save(update_fields=["status", "ended_at"])
    row.token.tokens_reserved -= row.quantity
    row.token.save(update_fields=["tokens_reserved"])
    ledger.close_transactions(ids=[row.pk], status=TransactionStatus.CANCELLED, at=at)
    return selectors.as_allocation(row)
