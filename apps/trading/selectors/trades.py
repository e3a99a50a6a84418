"""Trades: as everybody sees them, and one's own with their settlement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db.models import QuerySet

from apps.trading import models, rules
from apps.trading.selectors.instruments import account_number, ids_by_number, instrument
from apps.trading.selectors.orders import MAX_PAGE, as_orders, order_rows
from apps.trading.types import (
    Answer,
    Instrument,
    Order,
    OwnFill,
    Placed,
    PublicTrade,
    SettlementStatus,
    SettlementType,
    Side,
    Trade,
)


def trades_of(order_id: UUID) -> list[Trade]:
    """Return the trades of an order, oldest first. The caller checks whose order it is."""
    rows = models.Trade.objects.filter(buy_order=order_id).union(
        models.Trade.objects.filter(sell_order=order_id)
    )
    ids, ordered = ids_by_number(), sorted(rows, key=lambda row: (row.sequence, row.fill))
    return [as_trade(row, ids[row.instrument]) for row in ordered]


def trades(instrument_id: UUID | Instrument, *, limit: int = MAX_PAGE) -> list[Trade]:
    """Return an instrument's last trades, newest first. Raises UnknownInstrument."""
    market = instrument(instrument_id)
    rows = models.Trade.objects.filter(instrument=market.number).order_by("-sequence", "-fill")
    return [as_trade(row, market.id) for row in rows[: min(limit, MAX_PAGE)]]


def public_trades(instrument_id: UUID | Instrument, *, limit: int = MAX_PAGE) -> list[PublicTrade]:
    """Return an instrument's last trades as everybody may know them, newest first.

    Raises UnknownInstrument.
    """
    return [
        PublicTrade(each.id, each.price, each.quantity, each.taker_side, each.executed_at)
        for each in trades(instrument_id, limit=limit)
    ]


def placed(answers: Sequence[Answer], *, owner: UUID) -> dict[UUID, Placed]:
    """Return, by their ids, one's own orders with their trades as these answers told them."""
    told = {answer.order_id: answer for answer in answers if answer.order_id}
    orders = as_orders(order_rows(owner=owner).filter(pk__in=told))
    made = [fill.trade_id for answer in told.values() for fill in answer.fills]
    rows = models.Trade.objects.in_bulk(made) if made else {}
    return {each.id: _placed(each, told[each.id], rows) for each in orders}


def fills(
    owner: UUID, *, instrument_id: UUID | Instrument | None = None, limit: int = MAX_PAGE
) -> list[OwnFill]:
    """Return somebody's own trades, newest first, of all instruments or of one. Raises UnknownInstrument."""
    rows = fill_rows(owner, instrument_id=instrument_id).order_by("-executed_at", "-id")
    return as_fills(rows[: min(limit, MAX_PAGE)], owner)


def fill_rows(owner: UUID, *, instrument_id: UUID | Instrument | None = None) -> QuerySet[models.Trade]:
    """Return somebody's own trades as rows to be paged, with their orders. Raises UnknownInstrument."""
    own = models.Order.objects.filter(account=account_number(owner)).values("pk")
    bought, sold = (
        models.Trade.objects.filter(buy_order__in=own),
        models.Trade.objects.filter(sell_order__in=own),
    )
    mine = bought.values("pk").union(sold.values("pk"))  # each by its index; an OR of both reads every trade
    query = models.Trade.objects.select_related("buy_order", "sell_order").filter(pk__in=mine)
    if instrument_id is not None:
        query = query.filter(instrument=instrument(instrument_id).number)
    return query


def as_fills(rows: Iterable[models.Trade], owner: UUID) -> list[OwnFill]:
    """Return the views that one side has of trades, which were read with their orders."""
    found, number = list(rows), account_number(owner)
    ids = ids_by_number() if found else {}
    return [_as_fill(row, ids, is_buyer=row.buy_order.account_id == number) for row in found]


def as_trade(row: models.Trade, instrument_id: UUID) -> Trade:
    """Return the frozen view of a trade's row; its instrument is named there by number."""
    return Trade(
        id=row.pk,
        instrument=instrument_id,
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


def _placed(order: Order, answer: Answer, rows: Mapping[UUID, models.Trade]) -> Placed:
    """A trade's settlement is as it began, because the answer was given then."""
    found = [as_trade(rows[fill.trade_id], order.instrument) for fill in answer.fills]
    trades = tuple(
        replace(
            each,
            settlement_status=SettlementStatus.PENDING,
            settlement_attempts=0,
            tx_hash="",
            settled_at=None,
        )
        for each in found
    )
    fee = sum(each.buyer_fee if order.side is Side.BUY else each.seller_fee for each in trades)
    return Placed(rules.as_answered(order, answer, fee=fee), trades, answer.repeated)


def _as_fill(row: models.Trade, ids: dict[int, UUID], *, is_buyer: bool) -> OwnFill:
    side = Side.BUY if is_buyer else Side.SELL
    return OwnFill(
        trade_id=row.pk,
        order_id=row.buy_order_id if is_buyer else row.sell_order_id,
        instrument=ids[row.instrument],
        side=side,
        price=row.price,
        quantity=row.quantity,
        notional=row.notional,
        fee=row.buyer_fee if is_buyer else row.seller_fee,
        is_taker=row.taker_side == side,
        executed_at=row.executed_at,
        settlement_status=SettlementStatus(row.settlement_status),
        settlement_attempts=row.settlement_attempts,
        tx_hash=row.tx_hash,
        settled_at=row.settled_at,
    )
