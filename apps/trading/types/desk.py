"""The market as its operators see it: each market's state, its sequencer, and pages of orders and trades."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.trading.types.market import Instrument
from apps.trading.types.orders import Order, Trade
from apps.trading.types.words import VenueOp

LEASE = timedelta(seconds=3)  # after which a sequencer's lease that nobody renews may be taken


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many commands wait in an inbox, counted up to a limit, and since when the oldest does."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Watched:
    """A market and its sequencer. Prices are in the quote's smallest unit, 0 for none yet.

    `holder` is empty where nobody sequences it, and `is_late` where the lease has run out. `asked` counts
    what the venue asked and isn't done. `backlog` is None while Valkey doesn't answer.
    """

    instrument: Instrument
    opened_at: datetime
    last_price: int
    open_orders: int
    holder: str
    epoch: int
    renewed_at: datetime
    is_late: bool
    sequence: int
    asked: int
    backlog: Backlog | None


@dataclass(frozen=True, slots=True)
class VenueAct:
    """Something that the venue asked of a sequencer; `done_at` and `sequence` are empty until it is done.

    `order` is the number of the order it is about. `lowest` and `highest` are prices, 0 for none.
    """

    op: VenueOp
    reason: str
    order: int | None
    lowest: int
    highest: int
    created_at: datetime
    done_at: datetime | None
    sequence: int | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of orders, each with its instrument; `next_cursor` is empty on the last."""

    lines: Sequence[tuple[Order, Instrument]]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class TradePage:
    """One page of trades, each with its instrument; `next_cursor` is empty on the last."""

    lines: Sequence[tuple[Trade, Instrument]]
    next_cursor: str
