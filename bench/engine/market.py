"""A cheap model of a market, so that a generated flow names orders that are open, and prices that trade.

It knows limit prices, first come first served, and nothing else. It is also one more voice when engines are
asked whether they agree: it counts what traded while it generated.
"""

from heapq import heappop, heappush

BUY, SELL = 1, 2
SIDE, PRICE, OPEN, PLACE = range(4)  # of what is kept of an order


class Market:
    """The open orders of a generated flow."""

    def __init__(self) -> None:
        self.orders: dict[int, list[int]] = {}
        self.ids: list[int] = []  # the open ones, in no order, but the youngest near the end
        self.levels: tuple[dict[int, dict[int, None]], ...] = (
            {},
            {},
            {},
        )  # by side: price → ids in their order
        self._heaps: tuple[list[int], ...] = ([], [], [])  # prices, bids negative; some are gone already
        self.trades = self.volume = self.value = self.trading = 0

    def best(self, side: int) -> int:
        """Return a side's best price, 0 for none."""
        heap, levels = self._heaps[side], self.levels[side]
        while heap:
            price = heap[0] if side == SELL else -heap[0]
            if price in levels:
                return price
            heappop(heap)
        return 0

    def add(self, order: int, side: int, price: int, quantity: int) -> None:
        """Let an order rest behind all others of its price."""
        level = self.levels[side].get(price)
        if level is None:
            level = self.levels[side][price] = {}
            heappush(self._heaps[side], price if side == SELL else -price)
        level[order] = None
        self.orders[order] = [side, price, quantity, len(self.ids)]
        self.ids.append(order)

    def remove(self, order: int) -> None:
        """Take an order out."""
        side, price, _, place = self.orders.pop(order)
        level = self.levels[side][price]
        del level[order]
        if not level:
            del self.levels[side][price]
        last = self.ids.pop()
        if last != order:
            self.ids[place] = last
            self.orders[last][PLACE] = place

    def reduce(self, order: int, quantity: int) -> None:
        """Take that much off an order; at or above what is open it goes."""
        kept = self.orders[order]
        if quantity >= kept[OPEN]:
            self.remove(order)
        else:
            kept[OPEN] -= quantity

    def take(self, side: int, limit: int, quantity: int) -> int:
        """Trade an incoming order of this side, limit 0 for none; return what is left of it."""
        other = BUY + SELL - side
        before = self.trades
        while quantity:
            price = self.best(other)
            if not price or (limit and (price > limit if side == BUY else price < limit)):
                break
            level = self.levels[other][price]
            while quantity and level:
                maker = next(iter(level))
                traded = min(quantity, self.orders[maker][OPEN])
                self.reduce(maker, traded)
                quantity -= traded
                self.trades += 1
                self.volume += traded
                self.value += traded * price
        self.trading += self.trades > before
        return quantity

    def count_levels(self) -> int:
        """Return the number of prices with orders, of both sides."""
        return len(self.levels[BUY]) + len(self.levels[SELL])
