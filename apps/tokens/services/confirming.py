"""Confirming payments: the reserved cash goes to escrow, and the tokens to the investors (OFR-2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts import selectors as accounts
from apps.businesses import selectors as businesses
from apps.common import money
from apps.common.db import opens_transaction
from apps.common.errors import DomainError, Invalid, NotFound
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.compliance.selectors import NotEligible
from apps.ledger import services as ledger
from apps.ledger.types import TransactionStatus
from apps.tokens import locks, models, postings, rules, selectors, states
from apps.tokens.services.subscribing import Insider, check_investor
from apps.tokens.services.telling import tell
from apps.tokens.types import (
    ALLOCATION_CONFIRMED,
    MAX_AT_ONCE,
    Allocation,
    AllocationStatus,
    Confirmation,
    Token,
)


class TooManyAllocations(Invalid):
    """More allocations than are confirmed at once, or none."""

    code = "too_many_allocations"


class UnknownAllocations(NotFound):
    """Some of the allocations don't exist, or are of another token; data names them."""

    code = "unknown_allocations"


@opens_transaction
def confirm_payment(
    *, token_id: UUID, allocation_ids: Sequence[UUID] | Literal["all"], by: Actor, at: datetime
) -> Confirmation:
    """Book allocations as paid: the cash to the issuer's escrow, the tokens to the investors (OFR-2).

    At most MAX_AT_ONCE: all of the ids or none of them, or for "all" the oldest that are pending. Those whose
    investor may not have the token any more are left out of "all" and named.

    Raises NotFound, TooManyAllocations, UnknownAllocations, BusinessNotActive, Conflict
    `invalid_transition`, PaymentExpired, NotEligible or Insider with the allocation, HoldExpired,
    HoldExhausted.
    """
    token = locks.token(token_id)
    businesses.require_active(token.business_id)
    if allocation_ids == "all":
        wanted, left_out = _payable(token, at=at)
        rows = locks.allocations(token, wanted)
    else:
        rows, left_out = _named(token, allocation_ids, at=at), []
    confirmed = _confirm(token, rows, at=at)
    _book(selectors.as_token(token), confirmed, by=by, at=at)
    tell(confirmed, ALLOCATION_CONFIRMED, action="allocations.confirmed", by=by, at=at)
    waiting = _waiting(token, at=at).exclude(pk__in=left_out).count()
    return Confirmation(tuple(confirmed), tuple(left_out), waiting)


def _waiting(token: models.Token, *, at: datetime) -> QuerySet[models.Allocation]:
    return models.Allocation.objects.filter(
        token=token, status=AllocationStatus.PENDING_PAYMENT, expires_at__gt=at
    )


def _payable(token: models.Token, *, at: datetime) -> tuple[list[UUID], list[UUID]]:
    """Return the oldest that may be confirmed, and those left out: they must not stand before the others."""
    waiting = _waiting(token, at=at).order_by("created_at", "pk")
    investors = set(waiting.values_list("investor_id", flat=True))
    refused = list(_refusals(token, investors))
    payable = waiting.exclude(investor_id__in=refused).values_list("pk", flat=True)
    left_out = waiting.filter(investor_id__in=refused).values_list("pk", flat=True)
    return list(payable[:MAX_AT_ONCE]), list(left_out[:MAX_AT_ONCE])


def _named(token: models.Token, wanted: Sequence[UUID], *, at: datetime) -> list[models.Allocation]:
    ids = set(wanted)
    if not 0 < len(ids) <= MAX_AT_ONCE:
        raise TooManyAllocations(f"Name 1 to {MAX_AT_ONCE} allocations.")
    rows = locks.allocations(token, ids)
    if missing := sorted(ids - {row.pk for row in rows}):
        raise UnknownAllocations(
            "This token has no such allocation.", allocations=[str(each) for each in missing[:20]]
        )
    refusals = _refusals(token, {row.investor_id for row in rows})
    for row in rows:
        advance(states.ALLOCATION, AllocationStatus(row.status), AllocationStatus.CONFIRMED)
        rules.check_payable(selectors.as_allocation(row), at=at)
        if refusal := refusals.get(row.investor_id):
            raise type(refusal)(
                refusal.detail, next_step=refusal.next_step, **refusal.data, allocation=str(row.pk)
            )
    return rows


def _refusals(token: models.Token, investors: set[UUID]) -> dict[UUID, DomainError]:
    """Return why investors may not have the token any more, by investor; those who may are left out."""
    view = selectors.as_token(token)
    insiders = selectors.insiders(view)
    people = accounts.accounts_of(investors)
    refusals: dict[UUID, DomainError] = {}
    for investor in investors:
        try:
            check_investor(view, people[investor], insiders=insiders)
        except (NotEligible, Insider) as refusal:
            refusals[investor] = refusal
    return refusals


def _confirm(token: models.Token, rows: Sequence[models.Allocation], *, at: datetime) -> list[Allocation]:
    for row in rows:
        row.status = advance(states.ALLOCATION, AllocationStatus(row.status), AllocationStatus.CONFIRMED)
        row.confirmed_at = at
        row.cooling_off_until = rules.cooling_off_until(at, row.cooling_off_hours)
        token.tokens_reserved -= row.quantity
        token.tokens_sold += row.quantity
        token.total_raised = money.checked(token.total_raised + row.cost)
    models.Allocation.objects.bulk_update(rows, ["status", "confirmed_at", "cooling_off_until"])
    token.save(update_fields=["tokens_reserved", "tokens_sold", "total_raised"])
    return [selectors.as_allocation(row) for row in rows]


def _book(token: Token, confirmed: Sequence[Allocation], *, by: Actor, at: datetime) -> None:
    if not confirmed:
        return
    ledger.open_accounts(accounts=[postings.units_of(each.investor_id, each.symbol) for each in confirmed])
    entries = [entry for each in confirmed for entry in postings.confirmed(each, token)]
    ledger.post(entries=entries, by=by, at=at)
    ledger.mark_unsettled(amounts=postings.unsettled(confirmed))
    ledger.close_transactions(ids=[each.id for each in confirmed], status=TransactionStatus.COMPLETED, at=at)
