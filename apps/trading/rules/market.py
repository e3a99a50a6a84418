"""What an order costs, what it must hold, and what an instrument and an order must look like.

Everything is an integer: money in the smallest unit, prices in ticks and quantities in lots where a
Working order is concerned.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.common import money
from apps.common.errors import Invalid
from apps.trading.types import (
    Instrument,
    NewInstrument,
    NewOrder,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    Working,
)

FULL = 10_000  # basis points in one
MAX_FEE = 1000  # basis points
MARKET_ZONE = ZoneInfo("Asia/Dubai")  # where the market's days begin and end
RESTING = frozenset({TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD})
EXPIRING = frozenset({TimeInForce.DAY, TimeInForce.GTD})

_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._/-]{0,39}", re.ASCII)


class InvalidInstrument(Invalid):
    """The instrument can't be traded exactly, or is badly named."""

    code = "invalid_instrument"


class InvalidOrder(Invalid):
    """The order isn't one that the market takes; fields says why."""

    code = "invalid_order"


def fee(weighted: int) -> int:
    """Return the fee for a sum of notional × basis points: rounded half to even, at least one unit (FEE-1).

    An order's fee is this of all its trades together, so that it doesn't depend on how they were parted.
    """
    return max(1, money.divide_half_even(weighted, FULL)) if weighted else 0


def weighted(order: Working) -> int:
    """Return what an order has traded so far, as the sum of notional × basis points."""
    return order.maker_notional * order.maker_bps + order.taker_notional * order.taker_bps


def charge(order: Working, notional: int, *, is_taker: bool) -> int:
    """Add a fill to an order's totals and return what it pays for it: its fee so far less what it paid."""
    if is_taker:
        order.taker_notional += notional
    else:
        order.maker_notional += notional
    before, order.fee = order.fee, fee(weighted(order))
    return order.fee - before


def required(order: Working, instrument: Instrument) -> int:
    """Return what an order must hold for what is still open: never less than its fills and fees will cost.

    A buy holds its limit and the higher of its two fees, in cash; a sell holds the quantity (ORD-6).
    """
    if order.side is Side.SELL:
        return order.remaining * instrument.lot
    if not order.remaining:
        return 0
    notional = order.remaining * order.price * instrument.unit
    highest = max(order.maker_bps, order.taker_bps)
    return notional + fee(weighted(order) + notional * highest) - order.fee


def market_budget(cash: int, *, bps: int, unit: int) -> int:
    """Return how many ticks × lots a market buy can pay with `cash`, its fee included; 0 for none."""
    notional = cash * FULL // (FULL + bps) + 1  # its fee may be rounded down
    while notional > 0 and notional + fee(notional * bps) > cash:
        notional -= 1
    return notional // unit if notional > 0 else 0


def budget_cost(budget: int, *, bps: int, unit: int) -> int:
    """Return what a budget of ticks × lots costs at most, its fee included."""
    return budget * unit + fee(budget * unit * bps)


def day_end(at: datetime) -> datetime:
    """Return when the market's day that `at` lies in ends, in UTC: what a DAY order expires at."""
    tomorrow = at.astimezone(MARKET_ZONE).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, MARKET_ZONE).astimezone(UTC)


def with_end_of_day(order: NewOrder, at: datetime) -> NewOrder:
    """Return a DAY order with the end of its day; any other as it is."""
    if order.time_in_force is TimeInForce.DAY and order.expires_at is None:
        return replace(order, expires_at=day_end(at))
    return order


def status_after_fill(remaining: int) -> OrderStatus:
    """Return how an order stands after a trade."""
    return OrderStatus.PARTIALLY_FILLED if remaining else OrderStatus.FILLED


def status_now(*, filled: int, remaining: int) -> OrderStatus:
    """Return how an order stands that wasn't ended by anything but its trades."""
    if filled:
        return status_after_fill(remaining)
    return OrderStatus.OPEN


def is_client_order_id(text: str) -> bool:
    """Tell whether an order may be called this by its owner."""
    return _CLIENT_ORDER_ID.fullmatch(text) is not None


def check_instrument(new: NewInstrument, *, decimals: int) -> None:
    """Raise InvalidInstrument unless a tick × lot costs whole units of the quote. `decimals`: the asset's."""
    if not _SYMBOL.fullmatch(new.symbol) or new.asset == new.quote:
        raise InvalidInstrument(
            "A symbol is capital letters and digits, and two different assets are traded."
        )
    if not (0 < new.tick <= money.INT64_MAX and 0 < new.lot <= money.INT64_MAX):
        raise InvalidInstrument("A tick and a lot are at least one smallest unit.")
    if new.tick * new.lot % 10**decimals:
        raise InvalidInstrument(
            "A tick times a lot must be worth a whole number of the quote's smallest unit."
        )
    check_collar(new.lowest, new.highest, tick=new.tick)


def check_collar(lowest: int, highest: int, *, tick: int) -> None:
    """Raise InvalidInstrument unless these are bounds of a price, 0 for none."""
    if min(lowest, highest) < 0 or lowest % tick or highest % tick or 0 < highest < lowest:
        raise InvalidInstrument("The lowest price isn't above the highest, and both are whole ticks.")


def check_order(new: NewOrder, instrument: Instrument, *, at: datetime) -> None:
    """Raise InvalidOrder, with the fields that are wrong, unless the market takes orders of this shape."""
    found = {field: sentence for field, wrong, sentence in _SHAPE if wrong(new, instrument, at)}
    if found:
        raise InvalidOrder(
            "This order isn't one that the market takes.",
            fields={field: [sentence] for field, sentence in found.items()},
        )


def check_amend(instrument: Instrument, *, price: int, quantity: int) -> None:
    """Raise InvalidOrder unless an order may have this price and this quantity."""
    found = {}
    if price <= 0 or price % instrument.tick:
        found["price"] = [_PRICE]
    if quantity <= 0 or quantity % instrument.lot:
        found["quantity"] = [_QUANTITY]
    elif _too_large(price, quantity, instrument):
        found["quantity"] = [_TOO_LARGE]
    if found:
        raise InvalidOrder("An order can't be changed to this.", fields=found)


def _too_large(price: int, quantity: int, instrument: Instrument) -> bool:
    cost = price * quantity // 10**instrument.asset_decimals
    return cost * (FULL + MAX_FEE) // FULL + 1 > money.INT64_MAX or quantity > money.INT64_MAX


def _wrong_price(new: NewOrder, instrument: Instrument) -> bool:
    if new.order_type is OrderType.MARKET:
        return new.price != 0
    return new.price <= 0 or new.price % instrument.tick != 0


_PRICE = "A limit price is a whole number of ticks above zero; a market order has none."
_QUANTITY = "A quantity is a whole number of lots above zero."
_TOO_LARGE = "The order is too large."

_SHAPE: list[tuple[str, Callable[[NewOrder, Instrument, datetime], bool], str]] = [
    (
        "client_order_id",
        lambda new, _, __: not is_client_order_id(new.client_order_id),
        "Choose an id of 1 to 64 letters, digits and . _ : -.",
    ),
    ("price", lambda new, instrument, _: _wrong_price(new, instrument), _PRICE),
    (
        "quantity",
        lambda new, instrument, _: new.quantity <= 0 or new.quantity % instrument.lot != 0,
        _QUANTITY,
    ),
    ("quantity", lambda new, instrument, _: _too_large(new.price, new.quantity, instrument), _TOO_LARGE),
    (
        "expires_at",
        lambda new, _, at: (
            (new.time_in_force in EXPIRING) is not (new.expires_at is not None and new.expires_at > at)
        ),
        "A DAY or GTD order expires at a time to come; others have none.",
    ),
    (
        "time_in_force",
        lambda new, _, __: new.order_type is OrderType.MARKET and new.time_in_force in EXPIRING,
        "A market order trades now or never.",
    ),
    (
        "budget",
        lambda new, instrument, _: (
            new.budget < 0
            or (new.budget > 0 and (new.order_type is not OrderType.MARKET or new.side is not Side.BUY))
            or 0 < new.budget < instrument.unit
        ),
        "Only a buy at market has a budget, of at least one tick times one lot.",
    ),
    (
        "post_only",
        lambda new, _, __: (
            new.post_only and (new.order_type is OrderType.MARKET or new.time_in_force not in RESTING)
        ),
        "Only a limit order that may rest can be post-only.",
    ),
]
