"""Name what the engine answers when it is asked and not told: frozen values, never live objects."""

from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from matching.codes import Flag, OrderType, Phase, SelfTrade, Side, TimeInForce
from matching.records import Records


class Best(NamedTuple):
    """The highest bid and the lowest ask price; None where a side is empty."""

    bid: int | None
    ask: int | None


class Depth(NamedTuple):
    """Price levels of both sides, best first, as LEVEL records."""

    bids: Records
    asks: Records


class Auction(NamedTuple):
    """What an auction would trade now, and at which price; all 0 where nothing would.

    `surplus`: the quantity that would be left over at this price, on the `side` given, a `Side`; 0 and 0
    where both sides match.
    """

    price: int
    quantity: int
    surplus: int
    side: int


@dataclass(frozen=True, slots=True)
class RestingOrder:
    """An order in the book, or a stop that waits for a trade. `quantity` is what is still open.

    `visible` is what the book shows of it: all of a LIMIT, a slice of an ICEBERG, nothing of a stop.
    `stop_price` is a trailing stop's distance; `extreme` the best trade price it has seen. What the
    order's type does not have is 0.
    """

    order_id: int
    instrument: int
    account: int
    owner: int
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    self_trade: SelfTrade
    flags: Flag
    price: int
    quantity: int
    stop_price: int = 0
    display_quantity: int = 0
    visible: int = 0
    budget: int = 0
    extreme: int = 0


@dataclass(frozen=True, slots=True)
class Instrument:
    """An open instrument. A collar bound of 0, and a `last_price` of 0, mean none."""

    id: int
    tick: int
    lot: int
    lowest: int
    highest: int
    phase: Phase
    last_order_id: int
    last_price: int


class Memory(NamedTuple):
    """What an engine's orders take.

    `live_orders` counts orders in the books; `order_bytes` is what they and the ways to find them use,
    `mapped_bytes` all memory that the engine has touched and not given back.
    """

    live_orders: int
    order_bytes: int
    mapped_bytes: int


class Info(TypedDict):
    """Which engine is in use, which ones there are, and why the compiled one is not, if it is not."""

    engine: str
    available: list[str]
    compiled_missing: str | None
