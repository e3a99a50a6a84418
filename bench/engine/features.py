"""Flows that only our own engines understand: every order type at once, and what a wild price does.

`features` draws commands without a model of the book, so many name orders that are gone and some are refused;
that is part of it. `wild-price` is the calm flow with a few orders at prices far from all others,
`wild-prices` an order at each of as many prices as there are commands, in no order.
"""

import numpy as np

from bench.engine.flows import INSTRUMENT, MID, Flow, Tape, make
from bench.engine.market import BUY, SELL
from bench.engine.numbers import stream
from matching import COMMAND, Flag, Op, OrderType, SelfTrade, TimeInForce
from matching.records import Command

SEED = 9
OWNERS, ACCOUNTS = 40, 100
SPAN = 120  # ticks from the mid, either side of which limit orders of both sides are drawn
KNOWN = 400  # a command about an order names one of so many youngest
EVERY, LENGTH = 4_000, 250  # commands from one call auction to the next, and within one
SWEEP = 12_000  # after so many commands the venue cancels everything
WILD_PRICES = (2**61, 1, 2**40, 2**33)
WILD_EVERY = 1_000

SHARES = (  # of 256
    ("limit", 84),
    ("cancel", 60),
    ("market", 10),
    ("ioc", 8),
    ("fok", 8),
    ("post_only", 8),
    ("iceberg", 16),
    ("stop_loss", 12),
    ("stop_limit", 10),
    ("trailing", 10),
    ("oco", 6),
    ("replace", 12),
    ("reduce", 8),
    ("expire", 3),
    ("cancel_all", 1),
)
CHOICES = tuple(name for name, share in SHARES for _ in range(share))


def features(commands: int) -> Flow:
    """Make the flow of all order types; the first thousand commands build a book of limit orders."""
    setup = 1000
    made = _Features()
    numbers = [stream(SEED, column, setup + commands).tolist() for column in range(2)]
    for first, second in zip(*numbers, strict=True):
        made.step(first, second, builds=len(made.rows) < setup)
        if len(made.rows) >= setup + commands:
            break
    flow = Flow("features", np.array(made.rows[: setup + commands], COMMAND), setup)
    flow.describe()
    flow.facts["seed"] = SEED
    return flow


class _Features:
    def __init__(self) -> None:
        self.rows: list[Command] = []
        self.last, self.mid = 0, MID

    def step(self, first: int, second: int, *, builds: bool) -> None:
        """Write the next command, or the two of an OCO pair."""
        if second >> 59 == 0:
            self.mid += 1 if second >> 58 & 1 else -1
        at = len(self.rows) % EVERY
        if len(self.rows) % SWEEP == SWEEP - 1:
            self._write(Op.CANCEL_ALL)
        elif not builds and at in {EVERY - LENGTH, EVERY - 1}:
            self._write(Op.OPEN_AUCTION if at == EVERY - LENGTH else Op.UNCROSS)
        elif builds:
            self._order("limit", first, second)
        else:
            self._choose(CHOICES[first & 255], first, second)

    def _choose(self, choice: str, first: int, second: int) -> None:
        order = max(1, self.last - (second >> 8 & 0xFFFF) % KNOWN)
        quantity = 1 + (first >> 42 & 0xFFFF) % 30
        match choice:
            case "cancel" | "expire":
                self._write(Op.CANCEL if choice == "cancel" else Op.EXPIRE, order_id=order)
            case "reduce":
                self._write(Op.REDUCE, order_id=order, quantity=quantity)
            case "replace":
                stop = self._price(second >> 24) if second & 1 else 0
                price = self._price(first >> 10)
                self._write(Op.REPLACE, order_id=order, price=price, quantity=quantity, stop_price=stop)
            case "cancel_all":
                self._write(Op.CANCEL_ALL, account=1 + second % ACCOUNTS)
            case "oco":
                self._pair(first, second, quantity)
            case _:
                self._order(choice, first, second)

    def _pair(self, first: int, second: int, quantity: int) -> None:
        """Write a limit order away from the mid and the stop on its other side that is paired with it."""
        side = BUY if first >> 63 else SELL
        sign = -1 if side == BUY else 1
        away = 20 + (first >> 10 & 0xFFFF) % SPAN
        self._new(first, side=side, price=self.mid + sign * away, quantity=quantity, mode=0)
        self._new(
            first,
            side=side,
            stop_price=self.mid - sign * away // 4,
            quantity=quantity,
            order_type=OrderType.STOP_LOSS,
            flags=Flag.OCO,
            mode=0,
        )

    def _order(self, choice: str, first: int, second: int) -> None:
        side, quantity = (BUY if first >> 63 else SELL), 1 + (first >> 42 & 0xFFFF) % 30
        mode = (second >> 40) % len(SelfTrade)
        price, sign = self._price(first >> 10, side), 1 if side == BUY else -1
        through = self.mid + sign * (second >> 24 & 0xFFFF) % 25
        budget = (second >> 4 & 0xFFFF) % 40 * self.mid if side == BUY and second & 1 else 0
        terms: dict[str, dict[str, int]] = {
            "limit": {"price": price, "time_in_force": (second >> 3) % 8 // 6},
            "market": {"order_type": OrderType.MARKET, "budget": budget},
            "ioc": {"price": through, "time_in_force": TimeInForce.IOC},
            "fok": {"price": through, "time_in_force": TimeInForce.FOK},
            "post_only": {"price": price, "flags": Flag.POST_ONLY},
            "iceberg": {
                "price": price,
                "order_type": OrderType.ICEBERG,
                "display_quantity": 1 + quantity // 5,
            },
            "stop_loss": {"order_type": OrderType.STOP_LOSS, "stop_price": through, "budget": budget},
            "stop_limit": {
                "order_type": OrderType.STOP_LIMIT,
                "stop_price": through,
                "price": through + sign * 3,
            },
            "trailing": {
                "order_type": OrderType.TRAILING_STOP,
                "stop_price": 1 + (second >> 24 & 0xFFFF) % 12,
                "flags": Flag.TRAIL_PERCENT if second >> 20 & 7 == 0 else 0,
                "budget": budget,
            },
        }
        self._new(first, side=side, quantity=quantity, mode=mode, **terms[choice])

    def _price(self, drawn: int, side: int = 0) -> int:
        """Return a price near the mid; of three orders with a side, two are behind it."""
        away = (drawn & 0xFFFF) % SPAN
        behind = drawn >> 16 & 3
        if side and behind:
            return self.mid - away if side == BUY else self.mid + away
        return self.mid + away // 3 * (1 if behind & 1 or side == BUY else -1)

    def _new(self, first: int, *, mode: int, **fields: int) -> None:
        self.last += 1
        account = 1 + (first >> 26 & 0xFFFF) % ACCOUNTS
        owner = account % OWNERS
        self._write(Op.NEW, order_id=self.last, account=account, owner=owner, self_trade=mode, **fields)

    def _write(self, op: int, **fields: int) -> None:
        empty = Command(*([0] * len(Command._fields)))
        row = empty._replace(sequence=len(self.rows) + 1, op=int(op), instrument=INSTRUMENT)
        self.rows.append(row._replace(**{name: int(value) for name, value in fields.items()}))


def wild_price(commands: int) -> Flow:
    """Make the calm flow with an order at a price far away after every thousand commands."""
    calm = make("calm", commands)
    wild = np.zeros(len(calm.commands) // WILD_EVERY, COMMAND)
    wild["op"], wild["instrument"], wild["quantity"] = Op.NEW, INSTRUMENT, 1
    wild["price"] = [WILD_PRICES[number % len(WILD_PRICES)] for number in range(len(wild))]
    wild["side"] = np.where(wild["price"] == 1, BUY, SELL)
    places = np.arange(1, len(wild) + 1) * WILD_EVERY
    made = np.insert(calm.commands, places, wild)
    is_new = made["op"] == Op.NEW
    is_calm = np.insert(np.ones(len(calm.commands), bool), places, np.zeros(len(wild), bool))
    ids = np.cumsum(is_new)
    of_calm = np.zeros(
        int(calm.commands["order_id"].max()) + 1, np.uint64
    )  # number in the calm flow → number here
    of_calm[made["order_id"][is_new & is_calm]] = ids[is_new & is_calm]
    made["order_id"] = np.where(is_calm, of_calm[made["order_id"]], ids)
    made["sequence"] = np.arange(1, len(made) + 1)
    flow = Flow("wild-price", made, calm.setup + int((places <= calm.setup).sum()))
    flow.describe()
    flow.facts |= {"seed": calm.facts["seed"], "resting_orders": calm.facts["resting_orders"] + len(wild)}
    return flow


def wild_prices(commands: int) -> Flow:
    """Make a flow of one order at each of so many prices, bids below the mid and asks above, in no order."""
    tape = Tape()
    places = stream(SEED, 5, commands).argsort(kind="stable").tolist()
    for place in places:
        away = (place // 2 + 1) * 3
        side = BUY if place & 1 else SELL
        tape.new(side, 10 * MID + (away if side == SELL else -away), 1)
    flow = Flow("wild-prices", tape.commands(), 0)
    flow.describe()
    flow.facts |= {"seed": SEED, "resting_orders": commands, "levels": commands}
    return flow
