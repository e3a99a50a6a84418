"""What the operators of the market ask: how each market is, and anybody's orders and trades."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import redis
from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery

from apps.common.errors import NotFound
from apps.trading import client, models
from apps.trading.selectors.instruments import (
    UnknownInstrument,
    account_number,
    as_instrument,
    instrument_by_number,
    instruments_by_id,
)
from apps.trading.selectors.orders import as_orders
from apps.trading.selectors.trades import as_trade
from apps.trading.types import (
    LEASE,
    Backlog,
    Instrument,
    Order,
    OrderPage,
    SettlementStatus,
    Trade,
    TradePage,
    TradingState,
    VenueAct,
    VenueOp,
    Watched,
)

PAGE = 50
RECENT = 10
MAX_BACKLOG = 100  # commands of an inbox that are counted

_OF_MARKET = ("symbol", "quote", "quote_decimals", "asset_decimals")
Row = TypeVar("Row", bound=Model)


class UnknownTrade(NotFound):
    """There is no such trade."""

    code = "unknown_trade"


def watched_markets(*, at: datetime) -> list[Watched]:
    """Return every market with its sequencer, by symbol."""
    return _watched(models.Instrument.objects.order_by("symbol"), at)


def watched_market(instrument_id: UUID, *, at: datetime) -> Watched:
    """Return one market with its sequencer. Raises UnknownInstrument."""
    found = _watched(models.Instrument.objects.filter(pk=instrument_id), at)
    if not found:
        raise UnknownInstrument("There is no such instrument.")
    return found[0]


def venue_acts(instrument: Instrument, *, limit: int = RECENT) -> list[VenueAct]:
    """Return what the venue last asked of a market, newest first, without what it asks by the clock."""
    rows = models.VenueCommand.objects.filter(instrument=instrument.number)
    return [
        VenueAct(
            VenueOp(row.op),
            row.reason,
            row.order,
            row.lowest,
            row.highest,
            row.created_at,
            row.done_at,
            row.sequence,
        )
        for row in rows.exclude(op=str(VenueOp.EXPIRE)).order_by("-id")[:limit]
    ]


def cancel_is_asked(instrument: Instrument, number: int | None) -> bool:
    """Tell whether the venue has asked to cancel the order of this number, and it isn't done."""
    waiting = models.VenueCommand.objects.filter(instrument=instrument.number, done_at__isnull=True)
    return number is not None and waiting.filter(op=str(VenueOp.CANCEL_ORDER), order=number).exists()


def count_halted() -> int:
    """Return how many markets are halted."""
    return models.Instrument.objects.filter(state=str(TradingState.HALTED)).count()


def count_failed_settlements() -> int:
    """Return how many trades could not be settled, and wait for somebody."""
    return models.Trade.objects.filter(settlement_status=str(SettlementStatus.FAILED)).count()


def order_page(
    *,
    status: str = "",
    side: str = "",
    instrument: UUID | None = None,
    about: UUID | None = None,
    cursor: str = "",
    limit: int = PAGE,
) -> OrderPage:
    """Return one page of anybody's orders, newest first; `about` is the id of an order or of its owner.

    A cursor that nobody made starts anew.
    """
    markets = instruments_by_id()
    query = models.Order.objects.select_related("account")
    query = query.filter(**{name: text for name, text in (("status", status), ("side", side)) if text})
    query = _of_market(query, instrument, markets)
    if about is not None:
        query = query.filter(Q(pk=about) | Q(account=account_number(about)))
    rows, following = _page(query, cursor, limit)
    return OrderPage([(order, markets[order.instrument]) for order in as_orders(rows)], following)


def trade_page(
    *,
    status: str = "",
    instrument: UUID | None = None,
    tx_hash: str = "",
    about: UUID | None = None,
    among: Iterable[UUID] | None = None,
    cursor: str = "",
    limit: int = PAGE,
) -> TradePage:
    """Return one page of all trades, newest first.

    `status` is of their settlement; `about` is the id of a trade or of one of its orders; `among` narrows
    to these trades. A cursor that nobody made starts anew.
    """
    markets = instruments_by_id()
    wanted = {"settlement_status": status, "tx_hash": tx_hash.lower()}
    query = models.Trade.objects.filter(**{name: text for name, text in wanted.items() if text})
    query = _of_market(query, instrument, markets)
    if about is not None:
        query = query.filter(Q(pk=about) | Q(buy_order=about) | Q(sell_order=about))
    if among is not None:
        query = query.filter(pk__in=list(among))
    rows, following = _page(query, cursor, limit)
    by_number = {market.number: market for market in markets.values()}
    found = [(row, by_number[row.instrument]) for row in rows]
    return TradePage([(as_trade(row, market.id), market) for row, market in found], following)


def trade_line(trade_id: UUID) -> tuple[Trade, Instrument]:
    """Return one trade and its instrument. Raises UnknownTrade."""
    row = models.Trade.objects.filter(pk=trade_id).first()
    if row is None:
        raise UnknownTrade("There is no such trade.")
    market = instrument_by_number(row.instrument)
    return as_trade(row, market.id), market


def both_orders(found: Trade) -> tuple[Order, Order]:
    """Return the buy order and the sell order of a trade."""
    rows = models.Order.objects.select_related("account")
    orders = as_orders(rows.filter(pk__in=[found.buy_order_id, found.sell_order_id]))
    by_id = {order.id: order for order in orders}
    return by_id[found.buy_order_id], by_id[found.sell_order_id]


def with_market(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Add to rows that name an instrument by its number what their amounts are written with."""
    market = models.Instrument.objects.filter(number=OuterRef("instrument"))
    found: QuerySet[Row] = rows.annotate(**{name: Subquery(market.values(name)) for name in _OF_MARKET})
    return found


def _watched(rows: QuerySet[models.Instrument], at: datetime) -> list[Watched]:
    found = list(rows)
    numbers = [row.number for row in found]
    leases = models.Lease.objects.in_bulk(numbers)
    live = _counted(models.Order.objects.filter(is_live=True, instrument__in=numbers))
    asked = _counted(models.VenueCommand.objects.filter(done_at__isnull=True, instrument__in=numbers))
    backlogs = _backlogs(leases)
    return [
        Watched(
            instrument=as_instrument(row),
            opened_at=row.opened_at,
            last_price=leases[row.number].last_price * row.tick,  # it is kept in ticks
            open_orders=live.get(row.number, 0),
            holder=leases[row.number].holder,
            epoch=leases[row.number].epoch,
            renewed_at=leases[row.number].renewed_at,
            is_late=not leases[row.number].holder or leases[row.number].renewed_at < at - LEASE,
            sequence=leases[row.number].sequence,
            asked=asked.get(row.number, 0),
            backlog=backlogs.get(row.number),
        )
        for row in found
    ]


def _counted(rows: QuerySet[Row]) -> dict[int, int]:
    return dict(rows.order_by().values_list("instrument").annotate(Count("pk")))


def _backlogs(leases: dict[int, models.Lease]) -> dict[int, Backlog]:
    positions = {number: lease.inbox_id for number, lease in leases.items()}
    try:
        waiting = client.waiting(positions, limit=MAX_BACKLOG)
    except redis.RedisError:
        return {}
    return {
        number: Backlog(count, datetime.fromtimestamp(oldest / 1000, UTC) if count else None)
        for number, (count, oldest) in waiting.items()
    }


def _of_market(
    query: QuerySet[Row], instrument: UUID | None, markets: dict[UUID, Instrument]
) -> QuerySet[Row]:
    if instrument is None:
        return query
    return query.filter(instrument=markets[instrument].number) if instrument in markets else query.none()


def _page(query: QuerySet[Row], cursor: str, limit: int) -> tuple[Sequence[Row], str]:
    """Return one page of rows by id, newest first, and the cursor of the next."""
    with suppress(ValueError):
        query = query.filter(pk__lt=UUID(cursor)) if cursor else query
    rows = list(query.order_by("-pk")[: limit + 1])
    return rows[:limit], str(rows[limit - 1].pk) if len(rows) > limit else ""
