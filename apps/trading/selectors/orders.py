"""Orders: one's own, and all of them for staff."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.common.errors import NotFound
from apps.trading import models
from apps.trading.selectors.instruments import account_number, ids_by_number, instrument
from apps.trading.types import (
    Instrument,
    Order,
    OrderStatus,
    OrderType,
    Reason,
    SelfTrade,
    Side,
    Step,
    TimeInForce,
)

MAX_PAGE = 500


class UnknownOrder(NotFound):
    """There is no such order, or it belongs to somebody else."""

    code = "unknown_order"


def order(order_id: UUID, *, owner: UUID | None = None) -> Order:
    """Return an order, of this owner if one is given (None: for staff). Raises UnknownOrder."""
    found = as_orders(order_rows(owner=owner).filter(pk=order_id))
    if not found:
        raise UnknownOrder("There is no such order.")
    return found[0]


def known(owner: UUID, names: list[str]) -> set[str]:
    """Return which of these client_order_ids somebody has used before."""
    used = models.Order.objects.filter(account__owner=owner, client_order_id__in=names)
    return set(used.values_list("client_order_id", flat=True))


def orders_of(
    owner: UUID,
    *,
    live: bool | None = None,
    instrument_id: UUID | Instrument | None = None,
    before: UUID | None = None,
    limit: int = MAX_PAGE,
) -> list[Order]:
    """Return somebody's orders, newest first: all, or those that are live or not."""
    query = order_rows(owner=owner, live=live, instrument_id=instrument_id)
    if before is not None:
        query = query.filter(pk__lt=before)
    return as_orders(query.order_by("-id")[: min(limit, MAX_PAGE)])


def live_orders(
    owner: UUID, *, instrument_id: UUID | Instrument | None = None, limit: int = MAX_PAGE
) -> list[Order]:
    """Return somebody's open orders, newest first, of all instruments or of one."""
    return orders_of(owner, live=True, instrument_id=instrument_id, limit=limit)


def count_live(owner: UUID) -> int:
    """Return how many orders of somebody are open."""
    return order_rows(owner=owner, live=True).count()


def order_rows(
    *,
    owner: UUID | None = None,
    live: bool | None = None,
    status: str = "",
    instrument_id: UUID | Instrument | None = None,
) -> QuerySet[models.Order]:
    """Return orders as rows to be paged, with their accounts; what is empty doesn't narrow.

    Raises UnknownInstrument.
    """
    query = models.Order.objects.select_related("account")
    if owner is not None:
        query = query.filter(account=account_number(owner))
    if live is not None:
        query = query.filter(is_live=live)
    if status:
        query = query.filter(status=status)
    if instrument_id is not None:
        query = query.filter(instrument=instrument(instrument_id).number)
    return query


def history(order_id: UUID) -> list[Step]:
    """Return every step of an order, oldest first."""
    rows = models.OrderStatusHistory.objects.filter(order=order_id).order_by("id")
    return [Step(OrderStatus(row.status), Reason(row.reason), row.sequence, row.at) for row in rows]


def as_orders(rows: Iterable[models.Order]) -> list[Order]:
    """Return the frozen views of orders that were read with their accounts."""
    found = list(rows)
    ids = ids_by_number() if found else {}
    return [_as_order(row, ids) for row in found]


def _as_order(row: models.Order, ids: dict[int, UUID]) -> Order:
    return Order(
        id=row.pk,
        instrument=ids[row.instrument],
        owner=row.account.owner,
        client_order_id=row.client_order_id,
        number=row.number,
        side=Side(row.side),
        order_type=OrderType(row.order_type),
        time_in_force=TimeInForce(row.time_in_force),
        price=row.price,
        quantity=row.quantity,
        filled_quantity=row.filled_quantity,
        remaining=row.remaining,
        fee=row.fee,
        status=OrderStatus(row.status),
        reason=Reason(row.reason),
        expires_at=row.expires_at,
        post_only=row.post_only,
        self_trade=SelfTrade(row.self_trade),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
