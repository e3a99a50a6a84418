"""Order flows to measure engines with, the same on every machine from one seed: integers only.

Each flow first builds a book (its first `setup` commands, which nobody times) and then plays its mix around a
mid that walks one tick up or down every 128 commands on average:

passive   A limit order behind the other side's best price, `u * v * span >> 32` ticks from the mid, where u
          and v are 16 random bits each: most near the mid, few far away. In `even` flows anywhere in it.
cancel    Of an open order: three of four times one of the 64 at the end of the list, to which new orders come
          and into whose holes the last is moved, else any; in `even` flows any. So 31 % of the cancels in the
          normal flow name one of the 64 newest ids; in the recorded hours of `bench replay` 77 % do.
amend     REPLACE to another passive price, or REDUCE by a third: orders as for cancel.
taker     Reaches up to `slip` ticks through the other side's best price: as a limit order that may rest, as
          IOC or as MARKET. One in four has 60 to 259 lots in `sweeping` flows; all others have 1 to 60.

Passive orders have 1 to 100 lots. Whether a command that is neither amend nor taker becomes passive or a
cancel depends on whether there are fewer open orders than the flow wants: `growth` of 256 are passive if so,
and 256 - growth of 256 if not.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.engine.market import BUY, OPEN, PRICE, SELL, SIDE, Market
from bench.engine.numbers import Words, digest, stream
from matching import COMMAND, Op, OrderType, TimeInForce

Commands = NDArray[np.void]

MID = 1_000_000
ACCOUNTS = 1000
ACCOUNT_FACTOR = 2_654_435_761  # Knuth's: spreads order ids over accounts
INSTRUMENT = 1


@dataclass(frozen=True)
class Recipe:
    """What a flow is made of. Shares are of 1,024 commands; what they leave is passive orders and cancels."""

    seed: int
    resting: int  # orders that it builds first and keeps about as many of
    span: int  # ticks from the mid to the farthest passive price
    growth: int
    limit_takers: int
    ioc: int = 0
    market: int = 0
    replace: int = 0
    reduce: int = 0
    slip: int = 3
    sweeping: bool = False
    even: bool = False


NORMAL = Recipe(
    seed=2,
    resting=10_000,
    span=2_000,
    growth=160,
    limit_takers=82,
    ioc=46,
    market=26,
    replace=62,
    reduce=31,
)
RECIPES = {
    "calm": Recipe(seed=1, resting=5_000, span=400, growth=144, limit_takers=15),
    "normal": NORMAL,
    "normal-large": replace(NORMAL, resting=50_000),
    "trade-heavy": Recipe(
        seed=3,
        resting=10_000,
        span=1_000,
        growth=240,
        limit_takers=243,
        ioc=110,
        market=50,
        slip=15,
        sweeping=True,
    ),
    "deep": Recipe(seed=4, resting=1_000_000, span=60_000, growth=144, limit_takers=10, even=True),
}


@dataclass
class Flow:
    """Commands on instrument 1 (tick 1, lot 1, no collar), and what is known of them."""

    name: str
    commands: Commands
    setup: int  # so many of the commands build the book first
    facts: dict[str, Any] = field(default_factory=dict)

    def describe(self) -> None:
        """Add to the facts what can be read from the commands."""
        timed = self.commands[self.setup :]
        new, times = timed["op"] == Op.NEW, timed["time_in_force"]
        limit = new & (timed["order_type"] == OrderType.LIMIT)
        kinds = {
            "limit": limit & (times < TimeInForce.IOC),
            "ioc": limit & (times == TimeInForce.IOC),
            "fok": limit & (times == TimeInForce.FOK),
            **{kind.name.lower(): new & (timed["order_type"] == kind) for kind in list(OrderType)[1:]},
            **{op.name.lower(): timed["op"] == op for op in list(Op)[1:]},
        }
        mix = {kind: round(int(found.sum()) / max(1, len(timed)), 4) for kind, found in kinds.items()}
        self.facts |= {
            "commands": len(timed),
            "setup": self.setup,
            "mix": {kind: share for kind, share in mix.items() if share},
            "digest": f"{digest(self.commands.tobytes()):016x}",
        }


class Tape:
    """Commands as they are written, a column each."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int, int, int]] = []
        self.last = 0

    def new(
        self,
        side: int,
        price: int,
        quantity: int,
        order_type: int = OrderType.LIMIT,
        time_in_force: int = TimeInForce.GTC,
    ) -> int:
        """Write a new order and return its id."""
        self.last += 1
        self.rows.append((Op.NEW, self.last, side, order_type, time_in_force, price, quantity))
        return self.last

    def about(self, op: int, order: int, price: int = 0, quantity: int = 0) -> None:
        """Write a command about an order."""
        self.rows.append((op, order, 0, 0, 0, price, quantity))

    def commands(self) -> Commands:
        """Return all as records; accounts follow from the ids, so that the owner of an order amends it."""
        made = np.zeros(len(self.rows), COMMAND)
        columns = np.array(self.rows, dtype=np.int64).reshape(-1, 7)
        names = ("op", "order_id", "side", "order_type", "time_in_force", "price", "quantity")
        for name, column in zip(names, columns.T, strict=True):
            made[name] = column
        made["sequence"] = np.arange(1, len(made) + 1)
        made["instrument"] = INSTRUMENT
        made["account"] = made["owner"] = accounts(made["order_id"])
        return made


def accounts(orders: Words) -> NDArray[np.uint32]:
    """Return the account of each order: one of a thousand, by its id."""
    spread = (orders * np.uint64(ACCOUNT_FACTOR)) >> np.uint64(16)
    return (spread % np.uint64(ACCOUNTS) + np.uint64(1)).astype(np.uint32)


def make(name: str, commands: int, scale: float = 1.0) -> Flow:
    """Make a flow of so many timed commands; `scale` is that of a book above 100,000 orders."""
    return Maker(RECIPES[name]).make(name, commands, scale)


class Maker:
    """Plays a recipe against a model of the market, and writes down what it does."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.market, self.tape = recipe, Market(), Tape()
        self.mid = MID

    def make(self, name: str, commands: int, scale: float) -> Flow:
        """Build the book, then play."""
        recipe = self.recipe
        resting = round(recipe.resting * scale) if recipe.resting > 100_000 else recipe.resting
        for first, second in _pairs(recipe.seed, 0, resting):
            self._passive(first, second)
        for first, second in _pairs(recipe.seed, 2, commands):
            self._step(first, second, resting)
        market = self.market
        flow = Flow(name, self.tape.commands(), resting)
        flow.describe()
        flow.facts |= {
            "seed": recipe.seed,
            "resting_orders": len(market.ids),
            "levels": market.count_levels(),
            "trading_share": round(market.trading / commands, 4),
            "trades": market.trades,
            "volume": market.volume,
            "value": market.value,
        }
        return flow

    def _step(self, first: int, second: int, wanted: int) -> None:
        """Write one command, which the lowest ten bits of `first` choose."""
        recipe, choice = self.recipe, first & 1023
        if second >> 57 == 0:
            self.mid += 1 if second >> 56 & 1 else -1
        takers = recipe.limit_takers + recipe.ioc + recipe.market
        if choice < takers:
            self._taker(first, second, choice)
        elif choice < takers + recipe.replace + recipe.reduce and self.market.ids:
            self._amend(first, second, replaces=choice < takers + recipe.replace)
        elif (second >> 48 & 255 < recipe.growth) == (len(self.market.ids) < wanted) or not self.market.ids:
            self._passive(first, second)
        else:
            order = self._pick(second)
            self.market.remove(order)
            self.tape.about(Op.CANCEL, order)

    def _passive(self, first: int, second: int) -> None:
        side, quantity = (BUY if first >> 63 else SELL), 1 + (first >> 42 & 0xFFFF) % 100
        price = self._passive_price(side, first, second)
        self.market.add(self.tape.new(side, price, quantity), side, price, quantity)

    def _passive_price(self, side: int, first: int, second: int) -> int:
        u, v = first >> 10 & 0xFFFF, first >> 26 & 0xFFFF
        away = 1 + (second % self.recipe.span if self.recipe.even else u * v * self.recipe.span >> 32)
        if side == BUY:
            ask = self.market.best(SELL)
            return min(self.mid - away, ask - 1) if ask else self.mid - away
        return max(self.mid + away, self.market.best(BUY) + 1)

    def _taker(self, first: int, second: int, choice: int) -> None:
        """Write an order that trades; where there is nobody to trade with, a passive one."""
        recipe, side = self.recipe, BUY if first >> 63 else SELL
        best = self.market.best(BUY + SELL - side)
        if not best:
            self._passive(first, second)
            return
        drawn = first >> 42 & 0xFFFF
        quantity = 60 + drawn % 200 if recipe.sweeping and second >> 40 & 3 == 0 else 1 + drawn % 60
        slip = (first >> 10 & 0xFFFF) % (recipe.slip + 1)
        price = best + slip if side == BUY else best - slip
        if choice < recipe.limit_takers:
            order, left = self.tape.new(side, price, quantity), self.market.take(side, price, quantity)
            if left:
                self.market.add(order, side, price, left)
        elif choice < recipe.limit_takers + recipe.ioc:
            self.tape.new(side, price, quantity, time_in_force=TimeInForce.IOC)
            self.market.take(side, price, quantity)
        else:
            self.tape.new(side, 0, quantity, OrderType.MARKET)
            self.market.take(side, 0, quantity)

    def _amend(self, first: int, second: int, *, replaces: bool) -> None:
        order = self._pick(second)
        kept = self.market.orders[order]
        if replaces:
            side, quantity = kept[SIDE], 1 + (first >> 42 & 0xFFFF) % 100
            self.market.remove(order)
            price = self._passive_price(side, first, second)
            self.market.add(order, side, price, quantity)
            self.tape.about(Op.REPLACE, order, price, quantity)
        else:
            quantity = 1 + kept[OPEN] // 3
            self.market.reduce(order, quantity)
            self.tape.about(Op.REDUCE, order, quantity=quantity)

    def _pick(self, second: int) -> int:
        """Choose an open order."""
        ids, drawn = self.market.ids, second >> 8 & 0xFFFFFFFF
        if self.recipe.even or second & 3 == 0:
            return ids[drawn % len(ids)]
        return ids[-1 - drawn % min(64, len(ids))]


def plain(flow: Flow, commands: int) -> Flow:
    """Return the beginning of a flow in the words that every engine knows: new limit orders and cancels.

    A MARKET order becomes a limit order far through (MID times 1,000, or 1); it and an IOC order are followed
    by a cancel of their own. REPLACE and REDUCE become a cancel and a new order at the back of its price with
    a new id and the new quantity (for REDUCE the order's first quantity less what is taken off). So results
    aren't those of the flow itself. All engines get these same commands; a cancel may find nothing to do.
    """
    tape, now = Tape(), dict[int, list[int]]()  # id in the flow → id here, side, price, quantity
    setup = flow.setup
    for number, row in enumerate(flow.commands[: flow.setup + commands]):
        if number == flow.setup:
            setup = len(tape.rows)
        _write_plain(tape, now, row)
    made = Flow(flow.name, tape.commands(), min(setup, len(tape.rows)))
    made.describe()
    return made


def _write_plain(tape: Tape, now: dict[int, list[int]], row: np.void) -> None:
    op, order, price, quantity = (int(row[name]) for name in ("op", "order_id", "price", "quantity"))
    if op == Op.NEW:
        side = int(row["side"])
        if row["order_type"] == OrderType.MARKET:
            price = MID * 1000 if side == BUY else 1
        now[order] = [tape.new(side, price, quantity), side, price, quantity]
        if row["order_type"] == OrderType.MARKET or row["time_in_force"] == TimeInForce.IOC:
            tape.about(Op.CANCEL, now[order][0])
        return
    kept = now[order]
    tape.about(Op.CANCEL, kept[0])
    if op == Op.REDUCE:
        price, quantity = kept[PRICE + 1], kept[OPEN + 1] - quantity
    if op in {Op.REDUCE, Op.REPLACE} and quantity > 0:
        now[order] = [tape.new(kept[SIDE + 1], price, quantity), kept[SIDE + 1], price, quantity]


def _pairs(seed: int, column: int, count: int) -> Iterator[tuple[int, int]]:
    """Return two random numbers for each of so many commands."""
    columns = (stream(seed, column + place, count).tolist() for place in range(2))
    return zip(*columns, strict=True)
