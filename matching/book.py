"""Keep one instrument's orders: the resting ones in price-time priority, the stops beside them.

A side of the book is a sorted list of prices; at each price stands a queue of orders, first come
first served. Nothing here decides anything: `checks` refuses, `reference` and `trading` act.
"""

from bisect import insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from matching.codes import Phase, Side
from matching.order import Order
from matching.stops import WaitingStops


class BookSide:
    """The resting bids, or the resting asks, of one instrument."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.prices: list[int] = []  # ascending
        self.queues: dict[int, dict[int, Order]] = {}  # price -> its orders by id, in order of arrival
        self.open_quantity = 0  # hidden parts included

    def best_price(self) -> int | None:
        """Return the price that trades first: the highest bid or the lowest ask."""
        if not self.prices:
            return None
        return self.prices[-1] if self.side == Side.BUY else self.prices[0]

    def worst_price(self) -> int | None:
        """Return the price that trades last."""
        if not self.prices:
            return None
        return self.prices[0] if self.side == Side.BUY else self.prices[-1]

    def best(self) -> Order | None:
        """Return the order that trades first: the earliest at the best price."""
        price = self.best_price()
        return None if price is None else next(iter(self.queues[price].values()))

    def levels(self) -> Iterator[tuple[int, list[Order]]]:
        """Walk the price levels, best first, each with its queue."""
        for price in reversed(self.prices) if self.side == Side.BUY else self.prices:
            yield price, list(self.queues[price].values())

    def orders(self) -> Iterator[Order]:
        """Walk all orders in the order in which they would trade."""
        for _, queue in self.levels():
            yield from queue

    def add(self, order: Order) -> None:
        """Put an order at the end of its price's queue."""
        if order.price not in self.queues:
            insort(self.prices, order.price)
            self.queues[order.price] = {}
        self.queues[order.price][order.order_id] = order
        self.open_quantity += order.quantity

    def remove(self, order: Order) -> None:
        """Take an order out of the book."""
        queue = self.queues[order.price]
        del queue[order.order_id]
        if not queue:
            del self.queues[order.price]
            self.prices.remove(order.price)
        self.open_quantity -= order.quantity

    def take(self, order: Order, quantity: int) -> None:
        """Lower an order's open quantity where it stands, the hidden part first; at 0 it leaves the book."""
        if quantity == order.quantity:
            self.remove(order)
        else:
            self.open_quantity -= quantity
        order.quantity -= quantity
        order.visible = min(order.visible, order.quantity)

    def to_the_back(self, order: Order) -> None:
        """Move an order to the end of its price's queue."""
        queue = self.queues[order.price]
        queue[order.order_id] = queue.pop(order.order_id)


@dataclass(slots=True)
class Book:
    """One instrument: its two sides, its stops, its rules and its state. A bound of 0 means none."""

    instrument: int
    tick: int
    lot: int
    lowest: int
    highest: int
    phase: int = Phase.CONTINUOUS
    last_order_id: int = 0
    last_price: int = 0
    bids: BookSide = field(default_factory=lambda: BookSide(Side.BUY))
    asks: BookSide = field(default_factory=lambda: BookSide(Side.SELL))
    stops: WaitingStops = field(default_factory=WaitingStops)
    elected: deque[Order] = field(default_factory=deque)  # empty between two commands

    def own_side(self, side: int) -> BookSide:
        """Return the side where an order of this side rests."""
        return self.bids if side == Side.BUY else self.asks

    def other_side(self, side: int) -> BookSide:
        """Return the side that an order of this side trades against."""
        return self.asks if side == Side.BUY else self.bids

    def orders(self) -> Iterator[Order]:
        """Walk all orders: bids and asks by priority, then waiting stops by arrival."""
        yield from self.bids.orders()
        yield from self.asks.orders()
        yield from self.stops.orders()
