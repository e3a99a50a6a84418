"""What an order would cost against the book as it is now: for previews, not for the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.trading.rules.market import fee
from apps.trading.types import Instrument, NewOrder, Order, OrderType, Side

Level = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Estimate:
    """See `types.Preview`."""

    notional: int
    fee: int
    held: int
    fillable: int
    average: int


def notional(order: NewOrder, instrument: Instrument) -> int:
    """Return what an order costs at most without its fee; of a buy at market its budget, 0 for none."""
    if order.order_type is OrderType.MARKET:
        return order.budget
    whole: int = 10**instrument.asset_decimals
    return order.price * order.quantity // whole


def extra_notional(order: Order, instrument: Instrument, *, price: int, quantity: int) -> int:
    """Return how much more an amended buy may cost without its fee; 0 or less for none, and for a sell."""
    if order.side is Side.SELL:
        return 0
    whole: int = 10**instrument.asset_decimals
    return (price * (quantity - order.filled_quantity) - order.price * order.remaining) // whole


def budget_units(order: NewOrder, instrument: Instrument) -> int:
    """Return an order's budget in ticks × lots, at least one where there is any."""
    return max(1, order.budget // instrument.unit) if order.budget else 0


def is_outside_collar(price: int, instrument: Instrument) -> bool:
    """Tell whether a price is outside the bounds of an instrument."""
    return price < instrument.lowest or 0 < instrument.highest < price


def estimate(order: NewOrder, levels: Sequence[Level], instrument: Instrument) -> Estimate:
    """Return what an order would cost now. `levels` are the other side's (price, quantity), best first."""
    whole: int = 10**instrument.asset_decimals
    fillable = spent = 0
    for price, quantity in levels:
        if order.order_type is OrderType.LIMIT and _is_worse(price, order):
            break
        taken = min(quantity, order.quantity - fillable)
        fillable += taken
        spent += price * taken // whole
        if fillable == order.quantity:
            break
    fees = instrument.buyer_fees if order.side is Side.BUY else instrument.seller_fees
    at_limit = notional(order, instrument) if order.order_type is OrderType.LIMIT else spent
    highest = max(fees.maker, fees.taker) if order.order_type is OrderType.LIMIT else fees.taker
    cost = fee(at_limit * highest)
    return Estimate(
        notional=at_limit,
        fee=cost,
        held=at_limit + cost if order.side is Side.BUY else order.quantity,
        fillable=fillable,
        average=spent * whole // fillable if fillable else 0,
    )


def _is_worse(price: int, order: NewOrder) -> bool:
    return price > order.price if order.side is Side.BUY else price < order.price
