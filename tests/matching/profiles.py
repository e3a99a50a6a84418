"""Say what kinds of market the streams of `flow` imitate, and which corners each of them goes to."""

from dataclasses import dataclass, field

from matching import Op, OrderType, TimeInForce

HIGHEST = 2**63 - 1

OPS = {
    Op.NEW: 700.0,
    Op.CANCEL: 80.0,
    Op.REDUCE: 60.0,
    Op.REPLACE: 70.0,
    Op.EXPIRE: 25.0,
    Op.CANCEL_ALL: 1.0,
    Op.HALT: 0.7,
    Op.RESUME: 7.0,
    Op.OPEN_AUCTION: 1.5,
    Op.UNCROSS: 8.0,
    Op.SET_COLLAR: 3.0,
}
TYPES = {
    OrderType.LIMIT: 60.0,
    OrderType.MARKET: 10.0,
    OrderType.STOP_LOSS: 7.0,
    OrderType.STOP_LIMIT: 7.0,
    OrderType.TRAILING_STOP: 7.0,
    OrderType.ICEBERG: 9.0,
}
TIMES = {
    TimeInForce.GTC: 60.0,
    TimeInForce.DAY: 10.0,
    TimeInForce.GTD: 10.0,
    TimeInForce.IOC: 10.0,
    TimeInForce.FOK: 10.0,
}


@dataclass(frozen=True)
class Setting:
    """An instrument as it is opened, and where its prices lie (`centre`, in ticks)."""

    id: int
    tick: int = 1
    lot: int = 1
    collar: tuple[int, int] | None = None
    centre: int = 1000

    @property
    def top(self) -> int:
        """The highest price there is, in ticks."""
        return HIGHEST // self.tick


@dataclass(frozen=True)
class Profile:
    """One kind of market. Chances are 0 to 1, distances are in ticks."""

    settings: tuple[Setting, ...] = (Setting(1),)
    ops: dict[Op, float] = field(default_factory=lambda: OPS)
    types: dict[OrderType, float] = field(default_factory=lambda: TYPES)
    times: dict[TimeInForce, float] = field(default_factory=lambda: TIMES)
    owners: int = 6
    away: float = 2.0  # how far limits lie from the centre, on their own side
    width: float = 5.0  # how much that distance varies
    near: float = 6.0  # how far stops lie from the last price
    lots: int = 20  # usual orders have 1 to so many lots
    odd: float = 0.01  # chance of a quantity or price at the end of the number line
    sweep: float = 0.01  # chance of an order of hundreds of lots
    oco: float = 0.02  # chance that an order begins a pair
    gap: float = 0.001  # chance that order ids jump
    damage: float = 0.01  # chance that some fields are overwritten with nonsense
    noise: float = 0.0  # chance that the whole record is
    first_id: int = 1
    first_sequence: int = 0
    drift: float = 0.0  # how far the centre moves every few hundred commands
    most: int = 250  # above so many live orders, more are cancelled


BOARD = Setting(2**32 - 1, tick=5, lot=10, collar=(1000, 9000), centre=1000)
FINE = Setting(0, tick=1, lot=1, centre=50)
LOW = Setting(3, tick=1, lot=1, centre=3)
TOP = Setting(4, tick=1, lot=1, centre=HIGHEST - 3)
TOP_TICKS = Setting(5, tick=7, lot=3, centre=HIGHEST // 7 - 2)
HUGE_TICK = Setting(6, tick=2**61 + 1, lot=2**40, centre=2)
HUGE_LOT = Setting(7, tick=1, lot=2**62, centre=100)

_stops = {
    OrderType.LIMIT: 45.0,
    OrderType.MARKET: 10.0,
    OrderType.STOP_LOSS: 15.0,
    OrderType.STOP_LIMIT: 12.0,
    OrderType.TRAILING_STOP: 15.0,
    OrderType.ICEBERG: 3.0,
}
_auctions = {**OPS, Op.OPEN_AUCTION: 8.0, Op.UNCROSS: 22.0, Op.HALT: 1.5}
_resting = {**TIMES, TimeInForce.IOC: 4.0, TimeInForce.FOK: 4.0}

PROFILES = {
    "busy": Profile(settings=(Setting(1), BOARD, FINE), sweep=0.02),
    "stops": Profile(
        settings=(Setting(1), Setting(2, tick=5, lot=2)), types=_stops, near=4.0, sweep=0.03, width=4.0
    ),
    "trailing": Profile(
        settings=(Setting(1, centre=10_000),),
        types={**_stops, OrderType.TRAILING_STOP: 40.0},
        width=25.0,
        near=15.0,
        sweep=0.03,
        most=300,
    ),
    "pairs": Profile(
        ops={**OPS, Op.EXPIRE: 60.0, Op.REPLACE: 90.0},
        types=_stops,
        oco=0.3,
        width=4.0,
        near=3.0,
        owners=3,
        sweep=0.02,
    ),
    "auctions": Profile(
        settings=(Setting(1), Setting(8, tick=10, lot=5, collar=(500, 20_000))),
        ops=_auctions,
        times=_resting,
        away=0.0,
        oco=0.05,
        lots=6,
    ),
    "icebergs": Profile(
        types={**TYPES, OrderType.ICEBERG: 50.0}, width=2.0, owners=4, sweep=0.04, lots=40, most=150
    ),
    "extremes": Profile(
        settings=(LOW, TOP, TOP_TICKS, HUGE_TICK, HUGE_LOT), odd=0.12, lots=3, width=2.0, near=2.0, most=120
    ),
    "ids": Profile(settings=(Setting(1), FINE), gap=0.2, first_id=2**40),
    "last ids": Profile(first_id=2**63 - 10_000, first_sequence=2**64 - 2**20),
    "malformed": Profile(settings=(Setting(1), BOARD), damage=0.4, noise=0.05),
    "sparse": Profile(
        settings=(Setting(1, centre=1_000_000), Setting(2, tick=100, centre=2**40)),
        away=2e4,
        width=3e5,
        near=1e5,
        odd=0.003,
        most=500,
    ),
    "drifting": Profile(  # the market leaves the prices it began at, as a share does in years
        settings=(Setting(1, tick=3, centre=1_000_000),),
        ops={**OPS, Op.CANCEL_ALL: 0.0, Op.HALT: 0.3},
        drift=6e4,
        most=200,
    ),
    "quiet": Profile(  # everything rests: deep queues, hardly a trade, then a sweep
        ops={**OPS, Op.CANCEL: 30.0, Op.REDUCE: 30.0, Op.REPLACE: 30.0, Op.EXPIRE: 15.0, Op.CANCEL_ALL: 0.3},
        times=_resting,
        away=9.0,
        width=3.0,
        sweep=0.002,
        most=900,
        owners=40,
    ),
}
