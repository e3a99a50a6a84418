"""What the market can be asked."""

from uuid import UUID

from django.db.models import QuerySet

from apps.common.errors import NotFound
from apps.ledger import selectors as ledger
from apps.trading import models
from apps.trading.types import (
    FeeRates,
    Instrument,
    Order,
    OrderStatus,
    OrderType,
    Reason,
    SettlementStatus,
    SettlementType,
    Side,
    Step,
    TimeInForce,
    Trade,
    TradingState,
)

MAX_PAGE = 500


class UnknownInstrument(NotFound):
    """There is no such instrument."""

    code = "unknown_instrument"


class UnknownOrder(NotFound):
    """There is no such order, or it belongs to somebody else."""

    code = "unknown_order"


def instruments() -> list[Instrument]:
    """Return all instruments by symbol."""
    return [as_instrument(row) for row in models.Instrument.objects.order_by("symbol")]


def instrument(instrument_id: UUID) -> Instrument:
    """Return one instrument. Raises UnknownInstrument."""
    row = models.Instrument.objects.filter(pk=instrument_id).first()
    if row is None:
        raise UnknownInstrument("There is no such instrument.")
    return as_instrument(row)


def instrument_by_number(number: int) -> Instrument:
    """Return the instrument with the engine's number. Raises UnknownInstrument."""
    row = models.Instrument.objects.filter(number=number).first()
    if row is None:
        raise UnknownInstrument("There is no such instrument.")
    return as_instrument(row)


def as_instrument(row: models.Instrument) -> Instrument:
    """Return the frozen view of an instrument's row."""
    return Instrument(
        id=row.pk,
        number=row.number,
        symbol=row.symbol,
        asset=row.asset,
        quote=row.quote,
        asset_decimals=row.asset_decimals,
        quote_decimals=row.quote_decimals,
        tick=row.tick,
        lot=row.lot,
        lowest=row.lowest,
        highest=row.highest,
        buyer_fees=FeeRates(row.buyer_maker_bps, row.buyer_taker_bps),
        seller_fees=FeeRates(row.seller_maker_bps, row.seller_taker_bps),
        state=TradingState(row.state),
    )


def order(order_id: UUID, *, owner: UUID) -> Order:
    """Return one's own order. Raises UnknownOrder."""
    found = _orders(models.Order.objects.filter(pk=order_id), owner=owner)
    if not found:
        raise UnknownOrder("There is no such order.")
    return found[0]


def orders_of(
    owner: UUID, *, live: bool | None = None, before: UUID | None = None, limit: int = MAX_PAGE
) -> list[Order]:
    """Return somebody's orders, newest first: all, or those that are live or not."""
    query = models.Order.objects.all()
    if live is not None:
        query = query.filter(is_live=live)
    if before is not None:
        query = query.filter(pk__lt=before)
    return _orders(query.order_by("-id"), owner=owner, limit=limit)


def trades_of(order_id: UUID) -> list[Trade]:
    """Return the trades of an order, oldest first."""
    rows = models.Trade.objects.filter(buy_order=order_id).union(
        models.Trade.objects.filter(sell_order=order_id)
    )
    return [as_trade(row, _number_to_id()) for row in sorted(rows, key=lambda row: (row.sequence, row.fill))]


def trades(instrument_id: UUID, *, limit: int = MAX_PAGE) -> list[Trade]:
    """Return an instrument's last trades, newest first. Raises UnknownInstrument."""
    market = instrument(instrument_id)
    rows = models.Trade.objects.filter(instrument=market.number).order_by("-sequence", "-fill")
    return [as_trade(row, {market.number: market.id}) for row in rows[: min(limit, MAX_PAGE)]]


def history(order_id: UUID) -> list[Step]:
    """Return every step of an order, oldest first."""
    rows = models.OrderStatusHistory.objects.filter(order=order_id).order_by("id")
    return [Step(OrderStatus(row.status), Reason(row.reason), row.sequence, row.at) for row in rows]


def as_trade(row: models.Trade, ids: dict[int, UUID]) -> Trade:
    """Return the frozen view of a trade's row; `ids` knows its instrument's id by number."""
    return Trade(
        id=row.pk,
        instrument=ids[row.instrument],
        sequence=row.sequence,
        buy_order_id=row.buy_order_id,
        sell_order_id=row.sell_order_id,
        taker_side=Side(row.taker_side),
        price=row.price,
        quantity=row.quantity,
        notional=row.notional,
        buyer_fee=row.buyer_fee,
        seller_fee=row.seller_fee,
        executed_at=row.executed_at,
        settlement_status=SettlementStatus(row.settlement_status),
        settlement_type=SettlementType(row.settlement_type),
        settlement_attempts=row.settlement_attempts,
        tx_hash=row.tx_hash,
        settled_at=row.settled_at,
    )


def _orders(query: QuerySet[models.Order], *, owner: UUID, limit: int = 1) -> list[Order]:
    account = models.TradingAccount.objects.filter(owner=owner).values_list("pk", flat=True).first()
    if account is None:
        return []
    ids = _number_to_id()
    return [_as_order(row, owner, ids) for row in query.filter(account=account)[: min(limit, MAX_PAGE)]]


def _as_order(row: models.Order, owner: UUID, ids: dict[int, UUID]) -> Order:
    return Order(
        id=row.pk,
        instrument=ids[row.instrument],
        owner=owner,
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
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _number_to_id() -> dict[int, UUID]:
    return dict(models.Instrument.objects.values_list("number", "id"))


def account_number(owner: UUID) -> int:
    """Return the engine's number for somebody, 0 for who has never traded."""
    return models.TradingAccount.objects.filter(owner=owner).values_list("pk", flat=True).first() or 0


def enrolled(owner: UUID, market: Instrument) -> int | None:
    """Return somebody's number if they have all the accounts that trading this instrument needs."""
    held = {balance.account.asset for balance in ledger.balances_of(str(owner))}
    return account_number(owner) or None if {market.asset, market.quote} <= held else None
