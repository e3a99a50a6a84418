"""The open orders of an instrument as its sequencer carries them: by number, and by price in priority."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from apps.trading.types import Side, Working

OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


class OpenOrders:
    """A mirror of the engine's book that knows whose the orders are and what they hold.

    `changed` collects the price levels that changed since it was last emptied.
    """

    def __init__(self, orders: Iterable[Working] = ()) -> None:
        self._by_number: dict[int, Working] = {}
        self._prices: dict[Side, list[int]] = {Side.BUY: [], Side.SELL: []}  # ascending
        self._levels: dict[Side, dict[int, dict[int, Working]]] = {Side.BUY: {}, Side.SELL: {}}
        self._open: dict[Side, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self.changed: set[tuple[Side, int]] = set()
        for order in orders:
            self.add(order)

    def __iter__(self) -> Iterator[Working]:
        return iter(self._by_number.values())

    def __len__(self) -> int:
        return len(self._by_number)

    def __getitem__(self, number: int) -> Working:
        return self._by_number[number]

    def get(self, number: int) -> Working | None:
        """Return an open order by its number."""
        return self._by_number.get(number)

    def add(self, order: Working) -> None:
        """Put an order at the end of its price's queue."""
        side, price = order.side, order.price
        self._by_number[order.number] = order
        if price not in self._levels[side]:
            insort(self._prices[side], price)
            self._levels[side][price] = {}
            self._open[side][price] = 0
        self._levels[side][price][order.number] = order
        self._open[side][price] += order.remaining
        self.changed.add((side, price))

    def take(self, order: Working, lots: int) -> None:
        """Lower what is open of an order; at zero it leaves."""
        if lots == order.remaining:
            self.remove(order)
        else:
            self._open[order.side][order.price] -= lots
            self.changed.add((order.side, order.price))
        order.remaining -= lots

    def remove(self, order: Working) -> None:
        """Take an order out, whatever is open of it."""
        side, price = order.side, order.price
        level = self._levels[side][price]
        del self._by_number[order.number], level[order.number]
        self._open[side][price] -= order.remaining
        if not level:
            del self._levels[side][price], self._open[side][price]
            prices = self._prices[side]
            del prices[bisect_left(prices, price)]
        self.changed.add((side, price))

    def best(self, side: Side) -> int:
        """Return the price of a side that trades first, 0 for an empty side."""
        prices = self._prices[side]
        if not prices:
            return 0
        return prices[-1] if side is Side.BUY else prices[0]

    def open_at(self, side: Side, price: int) -> int:
        """Return how many lots are open at a price."""
        return self._open[side].get(price, 0)

    def levels(self, side: Side) -> Iterator[tuple[int, int]]:
        """Walk (price, open lots) of a side, the first to trade first."""
        prices = self._prices[side]
        return (
            (price, self._open[side][price]) for price in (reversed(prices) if side is Side.BUY else prices)
        )

    def within(
        self, side: Side, limit: int, lots: int, *, skip: set[int], own: set[int]
    ) -> Iterator[Working]:
        """Walk the orders of a side that incoming orders could trade with, in priority.

        `limit` is the worst price that they take, 0 for any, `lots` their sum. Orders numbered in `skip` may
        be gone by then, and those of parties in `own` may be passed over: they don't count.
        """
        for price, _ in self.levels(side):
            if limit and (price > limit if side is Side.SELL else price < limit):
                return
            for order in self._levels[side][price].values():
                if lots <= 0:
                    return
                yield order
                if order.number not in skip and order.party.number not in own:
                    lots -= order.remaining
