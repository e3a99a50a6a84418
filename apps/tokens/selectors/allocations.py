"""What was subscribed, and what was handed out."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from apps.accounts.types import Accreditation
from apps.common.errors import NotFound
from apps.tokens import models, states
from apps.tokens.selectors.tokens import MAX_PAGE
from apps.tokens.types import (
    Allocation,
    AllocationStatus,
    AllocationType,
    OnChainStatus,
    Progress,
)


def progress(token_id: UUID) -> Progress:
    """Return how far an offering is (OFR-5); what was handed out at the go-live is no part of it."""
    confirmed = Q(status=AllocationStatus.CONFIRMED)
    offered = models.Allocation.objects.filter(token=token_id, allocation_type=AllocationType.PRIMARY)
    found = offered.aggregate(
        investors=Count("investor_id", distinct=True, filter=Q(status__in=states.COUNTED)),
        pending=Count("pk", filter=Q(status=AllocationStatus.PENDING_PAYMENT)),
        confirmed=Count("pk", filter=confirmed),
        queued=Count("pk", filter=Q(on_chain_status=OnChainStatus.QUEUED)),
        minted=Count("pk", filter=Q(on_chain_status=OnChainStatus.MINTED)),
        failed=Count("pk", filter=Q(on_chain_status=OnChainStatus.FAILED)),
    )
    return Progress(**found)


def allocation(allocation_id: UUID) -> Allocation:
    """Return an allocation, whoever asks: for staff and for other apps. Raises NotFound."""
    row = allocation_rows().filter(pk=allocation_id).first()
    if row is None:
        raise NotFound("There is no such allocation.")
    return as_allocation(row)


def allocations_of(investor_id: UUID, *, token_id: UUID | None = None) -> list[Allocation]:
    """Return an investor's allocations, newest first."""
    query = allocation_rows(investor_id=investor_id, token_id=token_id).order_by("-created_at", "-pk")
    return [as_allocation(row) for row in query[:MAX_PAGE]]


def allocations(
    token_id: UUID, *, status: str = "", on_chain_status: str = "", limit: int = MAX_PAGE
) -> list[Allocation]:
    """Return a token's allocations that match, oldest first, for staff."""
    query = allocation_rows(token_id=token_id, status=status, on_chain_status=on_chain_status)
    return [as_allocation(row) for row in query.order_by("created_at", "pk")[:limit]]


def allocation_rows(
    *,
    investor_id: UUID | None = None,
    token_id: UUID | None = None,
    status: str = "",
    on_chain_status: str = "",
) -> QuerySet[models.Allocation]:
    """Return allocations as rows to be paged, with their tokens; what is empty doesn't narrow."""
    wanted = {
        "investor_id": investor_id,
        "token_id": token_id,
        "status": status,
        "on_chain_status": on_chain_status,
    }
    query = models.Allocation.objects.select_related("token")
    return query.filter(**{name: value for name, value in wanted.items() if value})


def waiting_payments() -> int:
    """Return how many subscriptions wait for their payment to be confirmed."""
    return models.Allocation.objects.filter(status=AllocationStatus.PENDING_PAYMENT).count()


def invested(token_id: UUID, *, investor_id: UUID) -> int:
    """Return what an investor's pending and confirmed allocations of a token cost, in money."""
    found = models.Allocation.objects.filter(
        token=token_id, investor_id=investor_id, status__in=states.COUNTED
    ).aggregate(total=Sum("cost"))
    return int(found["total"] or 0)


def invested_since(investor: UUID, *, since: datetime) -> Mapping[str, int]:
    """Return what an investor's pending and confirmed allocations since then cost, by currency (ORD-5)."""
    found = models.Allocation.objects.filter(
        investor_id=investor,
        allocation_type=AllocationType.PRIMARY,
        status__in=states.COUNTED,
        created_at__gte=since,
    )
    return dict(found.values_list("token__raise_currency").annotate(total=Sum("cost")).order_by())


def granted(token_id: UUID) -> list[Allocation]:
    """Return what was handed out at a token's go-live."""
    rows = allocation_rows(token_id=token_id).exclude(allocation_type=AllocationType.PRIMARY)
    return [as_allocation(row) for row in rows.order_by("allocation_type")]


def as_allocation(row: models.Allocation) -> Allocation:
    """Return the frozen view of an allocation's row."""
    return Allocation(
        id=row.pk,
        token_id=row.token.pk,
        investor_id=row.investor_id,
        symbol=row.token.symbol,
        decimals=row.token.decimals,
        raise_currency=row.token.raise_currency_id,
        cash_decimals=row.token.raise_decimals,
        allocation_type=AllocationType(row.allocation_type),
        status=AllocationStatus(row.status),
        quantity=row.quantity,
        price=row.price,
        cost=row.cost,
        investor_class=Accreditation(row.investor_class),
        cooling_off_hours=row.cooling_off_hours,
        cooling_off_until=row.cooling_off_until,
        cooling_off_waived_at=row.cooling_off_waived_at,
        on_chain_status=OnChainStatus(row.on_chain_status),
        on_chain_tx_hash=row.on_chain_tx_hash,
        on_chain_error=row.on_chain_error,
        created_at=row.created_at,
        expires_at=row.expires_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        locked_until=row.locked_until,
    )
