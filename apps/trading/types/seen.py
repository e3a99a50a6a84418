"""The market as it is shown: to everybody, and to who trades in it. Amounts are in smallest units."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.compliance.types import Meter
from apps.trading.types.orders import Order, Trade
from apps.trading.types.words import SettlementStatus, Side


@dataclass(frozen=True, slots=True)
class Candle:
    """The trades of one minute that begins at `at`: their prices, and how much of the asset was traded."""

    at: datetime
    open: int
    high: int
    low: int
    close: int
    volume: int


@dataclass(frozen=True, slots=True)
class Ticker:
    """A market at a glance; what there isn't is 0.

    `change_bps` compares `last` with the last price of 24 hours ago, else with the first since, in basis
    points; it is None where there is nothing to compare.
    """

    instrument: UUID
    last: int
    bid: int
    ask: int
    volume: int
    low: int
    high: int
    change_bps: int | None


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """A trade as everybody may know it; `side` is the taker's."""

    id: UUID
    price: int
    quantity: int
    side: Side
    executed_at: datetime


@dataclass(frozen=True, slots=True)
class OwnFill:
    """A trade as one of its two sides sees it: what was paid for it, and how far its settlement is."""

    trade_id: UUID
    order_id: UUID
    instrument: UUID
    side: Side
    price: int
    quantity: int
    notional: int
    fee: int
    is_taker: bool
    executed_at: datetime
    settlement_status: SettlementStatus
    settlement_attempts: int
    tx_hash: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order and its trades as they were right after its command, which a resend is told again."""

    order: Order
    trades: tuple[Trade, ...]
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What would refuse an order: the code, a sentence, and what to do next (empty for nothing)."""

    code: str
    sentence: str
    next_step: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an order would need, were it placed now. Nothing is kept or held for it.

    `notional` is price × quantity in the quote, at market what the book would take now; `fillable` is how
    much of the asset would trade at once, for `average` (0 for nothing). `held` of `held_asset` (with
    `held_decimals`) is what would be kept back, of the `available` that there is; at market that is an
    estimate. `fee_at_most` is in the quote. `problems` would refuse it; `meter` is the investment limit.
    """

    instrument: UUID
    side: Side
    notional: int
    fee_at_most: int
    held_asset: str
    held_decimals: int
    held: int
    available: int
    fillable: int
    average: int
    problems: tuple[Problem, ...]
    meter: Meter
