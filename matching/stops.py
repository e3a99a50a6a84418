"""Keep the stops that wait for a trade, and say which of them a trade elects, in which order.

A stop has a trigger. A sell is elected by a trade at or below it, a buy by a trade at or above it. A
trailing stop's trigger follows the best trade price seen since the order arrived, its extreme, at a
distance in price units or in basis points. All triggers are compared multiplied by 10,000, so that
basis points are exact; no number is rounded.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from matching.codes import Flag, OrderType, Side
from matching.order import Order

SCALE = 10_000
TRAIL_PERCENT = int(Flag.TRAIL_PERCENT)


def scaled_trigger(stop: Order) -> int:
    """Return the price that elects this stop, times 10,000."""
    if stop.order_type != OrderType.TRAILING_STOP:
        return stop.stop_price * SCALE
    distance = stop.stop_price if stop.side == Side.BUY else -stop.stop_price
    if stop.flags & TRAIL_PERCENT:
        return stop.extreme * (SCALE + distance)
    return (stop.extreme + distance) * SCALE


def elects(price: int, stop: Order) -> bool:
    """Say whether a trade at this price elects this stop."""
    if stop.side == Side.SELL:
        return price * SCALE <= scaled_trigger(stop)
    return price * SCALE >= scaled_trigger(stop)


def election_order(stop: Order) -> tuple[bool, int, int]:
    """Sort by this: sells before buys, the trigger that was reached first before others, then arrival."""
    is_buy = stop.side == Side.BUY
    return is_buy, scaled_trigger(stop) if is_buy else -scaled_trigger(stop), stop.arrival


class WaitingStops:
    """All waiting stops of one instrument.

    Those with a fixed trigger are kept sorted by it, so that a trade looks only at those it elects; the
    trailing ones are asked one by one, for a trade may move the trigger of any of them.
    """

    def __init__(self) -> None:
        self.waiting: dict[int, Order] = {}  # all, by id, in order of arrival
        self.arrivals = 0
        self._trailing: dict[int, Order] = {}
        self._fixed_sells: list[tuple[int, int, Order]] = []  # (scaled trigger, arrival, order), ascending
        self._fixed_buys: list[tuple[int, int, Order]] = []

    def orders(self) -> Iterator[Order]:
        """Walk the stops in order of arrival."""
        return iter(list(self.waiting.values()))

    def add(self, stop: Order) -> None:
        """Let a stop wait behind all others."""
        self.arrivals += 1
        stop.arrival = self.arrivals
        self.waiting[stop.order_id] = stop
        if stop.order_type == OrderType.TRAILING_STOP:
            self._trailing[stop.order_id] = stop
        else:
            insort(self._fixed(stop), (scaled_trigger(stop), stop.arrival, stop))

    def remove(self, stop: Order) -> None:
        """Take a stop out."""
        del self.waiting[stop.order_id]
        if stop.order_type == OrderType.TRAILING_STOP:
            del self._trailing[stop.order_id]
            return
        fixed = self._fixed(stop)
        del fixed[bisect_left(fixed, (scaled_trigger(stop), stop.arrival))]

    def elect(self, price: int) -> list[Order]:
        """Take out and return what a trade at this price elects, first elected first."""
        for stop in self._trailing.values():
            stop.extreme = max(stop.extreme, price) if stop.side == Side.SELL else min(stop.extreme, price)
        elected = [stop for stop in self._trailing.values() if elects(price, stop)]
        sells_from = bisect_left(self._fixed_sells, (price * SCALE,))
        buys_until = bisect_left(self._fixed_buys, (price * SCALE + 1,))
        elected += [stop for *_, stop in self._fixed_sells[sells_from:] + self._fixed_buys[:buys_until]]
        for stop in elected:
            self.remove(stop)
        return sorted(elected, key=election_order)

    def _fixed(self, stop: Order) -> list[tuple[int, int, Order]]:
        return self._fixed_sells if stop.side == Side.SELL else self._fixed_buys
