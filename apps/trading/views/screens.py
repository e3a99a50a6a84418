"""The trading screen in texts: levels, trades, orders and fills as the templates show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from apps.common import money
from apps.trading.feeds import Depth
from apps.trading.types import (
    Candle,
    Instrument,
    Order,
    OrderType,
    OwnFill,
    PublicTrade,
    Side,
    Ticker,
)

LEVELS = 15  # of each side; a panel shows as many as it has room for


@dataclass(frozen=True, slots=True)
class Level:
    """A price of the book; `total` is what stands up to here, `share` that in hundredths of the deepest."""

    price: str
    quantity: str
    total: str
    share: int
    is_own: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """Both sides of the book, best first. `spread` is empty where a side is."""

    bids: Sequence[Level]
    asks: Sequence[Level]
    spread: str


@dataclass(frozen=True, slots=True)
class Figures:
    """A market at a glance; what there isn't is empty. `change` has a sign and two digits, in per cent."""

    last: str
    bid: str
    ask: str
    high: str
    low: str
    volume: str
    change: str


@dataclass(frozen=True, slots=True)
class Print:
    """A trade of the tape."""

    price: str
    quantity: str
    side: Side
    at: datetime


@dataclass(frozen=True, slots=True)
class Bar:
    """A candle, in texts."""

    at: datetime
    open: str
    high: str
    low: str
    close: str
    volume: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One's own order in a list."""

    order: Order
    instrument: Instrument
    price: str
    quantity: str
    filled: str
    share: int

    @property
    def is_market(self) -> bool:
        return self.order.order_type is OrderType.MARKET


@dataclass(frozen=True, slots=True)
class FillLine:
    """One's own trade in a list."""

    fill: OwnFill
    instrument: Instrument
    price: str
    quantity: str
    total: str
    fee: str


def price_text(units: int, instrument: Instrument) -> str:
    """Write a price, or an amount of the quote."""
    return money.text(units, decimals=instrument.quote_decimals)


def digits_of(instrument: Instrument) -> int:
    """Return how many digits after the point a quantity of whole lots needs."""
    digits, lot = instrument.asset_decimals, instrument.lot
    while digits and lot % 10 == 0:
        digits, lot = digits - 1, lot // 10
    return digits


def quantity_text(units: int, instrument: Instrument) -> str:
    """Write a quantity with the digits that a lot needs; one that is no whole lots with all it has."""
    digits = digits_of(instrument)
    scale: int = 10 ** (instrument.asset_decimals - digits)
    if units % scale:
        return money.text(units, decimals=instrument.asset_decimals)
    return money.text(units // scale, decimals=digits)


def ladder_of(depth: Depth, instrument: Instrument, *, own: Iterable[Order] = ()) -> Ladder:
    """Return the first levels of the book; own orders' levels are marked."""
    bids, asks = depth.bids[:LEVELS], depth.asks[:LEVELS]
    deepest = max(sum(quantity for _, quantity in side) for side in (bids, asks)) or 1
    marked = {(order.side, order.price) for order in own}

    def levels(side: Side, found: list[tuple[int, int]]) -> list[Level]:
        totals = accumulate(quantity for _, quantity in found)
        return [
            Level(
                price_text(price, instrument),
                quantity_text(quantity, instrument),
                quantity_text(total, instrument),
                total * 100 // deepest,
                (side, price) in marked,
            )
            for (price, quantity), total in zip(found, totals, strict=True)
        ]

    spread = price_text(asks[0][0] - bids[0][0], instrument) if bids and asks else ""
    return Ladder(levels(Side.BUY, bids), levels(Side.SELL, asks), spread)


def figures_of(ticker: Ticker, instrument: Instrument) -> Figures:
    """Return a ticker in texts."""

    def price(units: int) -> str:
        return price_text(units, instrument) if units else ""

    change = ""
    if ticker.change_bps is not None:
        sign = "+" if ticker.change_bps > 0 else ""
        change = f"{sign}{money.text(ticker.change_bps, decimals=2)}"
    return Figures(
        last=price(ticker.last),
        bid=price(ticker.bid),
        ask=price(ticker.ask),
        high=price(ticker.high),
        low=price(ticker.low),
        volume=quantity_text(ticker.volume, instrument),
        change=change,
    )


def prints_of(trades: Iterable[PublicTrade], instrument: Instrument) -> list[Print]:
    """Return the tape, newest first."""
    return [
        Print(
            price_text(each.price, instrument),
            quantity_text(each.quantity, instrument),
            each.side,
            each.executed_at,
        )
        for each in trades
    ]


def bars_of(candles: Iterable[Candle], instrument: Instrument) -> list[Bar]:
    """Return candles in texts, oldest first."""
    return [
        Bar(
            each.at,
            price_text(each.open, instrument),
            price_text(each.high, instrument),
            price_text(each.low, instrument),
            price_text(each.close, instrument),
            quantity_text(each.volume, instrument),
        )
        for each in candles
    ]


def drawn(bars: Iterable[Bar]) -> list[list[str | int]]:
    """Return bars as the chart reads them: seconds, open, high, low, close, volume."""
    return [
        [int(each.at.timestamp()), each.open, each.high, each.low, each.close, each.volume] for each in bars
    ]


def order_lines(orders: Iterable[Order], instruments: dict[UUID, Instrument]) -> list[OrderLine]:
    """Return orders as lines."""
    return [_order_line(order, instruments[order.instrument]) for order in orders]


def fill_lines(fills: Iterable[OwnFill], instruments: dict[UUID, Instrument]) -> list[FillLine]:
    """Return fills as lines."""
    return [_fill_line(fill, instruments[fill.instrument]) for fill in fills]


def _order_line(order: Order, instrument: Instrument) -> OrderLine:
    return OrderLine(
        order,
        instrument,
        price_text(order.price, instrument),
        quantity_text(order.quantity, instrument),
        quantity_text(order.filled_quantity, instrument),
        order.filled_quantity * 100 // order.quantity,
    )


def _fill_line(fill: OwnFill, instrument: Instrument) -> FillLine:
    return FillLine(
        fill,
        instrument,
        price_text(fill.price, instrument),
        quantity_text(fill.quantity, instrument),
        price_text(fill.notional, instrument),
        price_text(fill.fee, instrument),
    )
