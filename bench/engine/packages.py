"""Order books of others, from Python packages, asked for new limit orders and cancels.

Each adapter keeps what its package needs to name an order later, and reads from its answers what traded. The
package gets an order's numbers as they are: prices and quantities are whole. What isn't open any more isn't
cancelled, for some of them break on it.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

BUY = 1
Fill = tuple[int, int]  # quantity, price


class Adapter(ABC):
    """One package's book."""

    counts_trades = True  # whether it says how many trades there were, and not only how much

    @abstractmethod
    def new(self, order: int, side: int, price: int, quantity: int) -> Any:
        """Enter a limit order and return what the package answers."""

    @abstractmethod
    def cancel(self, order: int) -> None:
        """Take an order out, if it is open."""

    @abstractmethod
    def fills(self, answer: Any) -> Iterable[Fill]:
        """Return the trades that an answer of `new` tells of."""

    def close(self) -> None:  # noqa: B027 - most packages run nothing
        """End what the package runs beside us."""


class PyOrderBook(Adapter):
    """pyorderbook: heaps of price levels, dictionaries of orders, Decimal prices."""

    def __init__(self) -> None:
        module = importlib.import_module("pyorderbook")
        self._book, self._bid, self._ask = module.Book(), module.bid, module.ask
        self._orders: dict[int, Any] = {}

    def new(self, order: int, side: int, price: int, quantity: int) -> Any:
        """Enter a limit order."""
        entered = (self._bid if side == BUY else self._ask)("A", price, quantity)
        self._orders[order] = entered
        return self._book.match(entered)

    def cancel(self, order: int) -> None:
        """Take an order out."""
        entered = self._orders.pop(order)
        if entered.quantity:
            self._book.cancel(entered)

    def fills(self, answer: Any) -> Iterable[Fill]:
        """Return the trades of a blotter."""
        return [(trade.fill_quantity, int(trade.fill_price)) for trade in answer.trades]


class LightMatchingEngine(Adapter):
    """lightmatchingengine: dictionaries of lists; the best price is found anew each time."""

    def __init__(self) -> None:
        module = importlib.import_module("lightmatchingengine.lightmatchingengine")
        self._engine = module.LightMatchingEngine()
        self._orders: dict[int, Any] = {}

    def new(self, order: int, side: int, price: int, quantity: int) -> Any:
        """Enter a limit order."""
        answer = self._engine.add_order("A", price, quantity, side)
        self._orders[order] = answer[0]
        return answer

    def cancel(self, order: int) -> None:
        """Take an order out."""
        entered = self._orders.pop(order)
        if entered.leaves_qty:
            self._engine.cancel_order(entered.order_id, "A")

    def fills(self, answer: Any) -> Iterable[Fill]:
        """Return the trades of resting orders; the incoming one has its own beside them."""
        entered, trades = answer
        return [(trade.trade_qty, trade.trade_price) for trade in trades if trade.trade_side != entered.side]


class FastLob(Adapter):
    """fastlob: sorted dictionaries, Decimal prices and quantities, a lock for each side."""

    counts_trades = False  # an order that is filled in part isn't counted

    def __init__(self) -> None:
        module = importlib.import_module("fastlob")
        self._params = module.OrderParams
        self._bid, self._ask = module.OrderSide.BID, module.OrderSide.ASK
        self._book = module.Orderbook("A", start=True)
        self._orders: dict[int, str] = {}

    def new(self, order: int, side: int, price: int, quantity: int) -> Any:
        """Enter a limit order."""
        answer = self._book.process(self._params(self._bid if side == BUY else self._ask, price, quantity))
        self._orders[order] = answer.orderid()
        return answer

    def cancel(self, order: int) -> None:
        """Take an order out; the package refuses one that isn't open."""
        self._book.cancel(self._orders.pop(order))

    def fills(self, answer: Any) -> Iterable[Fill]:
        """Return what traded at each price."""
        if answer.kind().name not in {"MARKET", "PARTIAL_MARKET"}:
            return []
        return [(int(quantity), int(price)) for price, quantity in answer.execprices().items()]

    def close(self) -> None:
        """End its thread."""
        self._book.stop()


ADAPTERS: dict[str, Callable[[], Adapter]] = {
    "pyorderbook": PyOrderBook,
    "lightmatchingengine": LightMatchingEngine,
    "fastlob": FastLob,
}
