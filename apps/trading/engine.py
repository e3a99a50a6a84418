"""The only door to the matching engine: amounts become ticks and lots here, and words become codes.

An instrument's engine counts prices in ticks and quantities in lots, so its own tick and lot are 1. Records
are the engine's, 80 bytes each: the same on the wire, in a batch and in the journal.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from apps.trading.rules import budget_units
from apps.trading.types import (
    Instrument,
    NewOrder,
    OrderType,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
    TradingState,
    Working,
)
from matching import COMMAND, EVENT, Engine, EventKind, Flag, Op, Phase
from matching import OrderType as EngineType
from matching import Reason as EngineReason
from matching import SelfTrade as EngineSelfTrade
from matching import Side as EngineSide
from matching import TimeInForce as EngineTime
from matching import info as matching_info

__all__ = ["RECORD", "Book", "Command", "Event", "EventKind", "Op", "pack", "reason", "unpack"]

RECORD = COMMAND.itemsize
_WIRE = struct.Struct("<QIIIIQBBBBIqqqqq")
_HEADER = struct.Struct("<8sII")
_MAGIC = b"ALEFBOOK"
_DIGEST = 32
_STATE = struct.Struct("<IIqqqqQqQQQ")
_NO_STOPS = bytes(8)  # at the end of _STATE: how many stops wait; version 1 knew none and said nothing
_STATE_1_LENGTH = _HEADER.size + _STATE.size - len(_NO_STOPS)
_RESTING = np.dtype(
    [
        ("id", "<u8"),
        ("account", "<u4"),
        ("owner", "<u4"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("flags", "<u4"),
        ("order_type", "u1"),
        ("time_in_force", "u1"),
        ("self_trade", "u1"),
        ("side", "u1"),
    ]
)

SIDES: Mapping[Side, int] = {Side.BUY: EngineSide.BUY, Side.SELL: EngineSide.SELL}
TYPES: Mapping[OrderType, int] = {OrderType.LIMIT: EngineType.LIMIT, OrderType.MARKET: EngineType.MARKET}
TIMES: Mapping[TimeInForce, int] = {each: EngineTime[each.name] for each in TimeInForce}
SELF_TRADES: Mapping[SelfTrade, int] = {each: EngineSelfTrade[each.name] for each in SelfTrade}
PHASES: Mapping[TradingState, int] = {
    TradingState.CONTINUOUS: Phase.CONTINUOUS,
    TradingState.HALTED: Phase.HALTED,
}
SIDE_OF = {int(code): side for side, code in SIDES.items()}
TYPE_OF = {int(code): word for word, code in TYPES.items()}
TIME_OF = {int(code): word for word, code in TIMES.items()}
SELF_TRADE_OF = {int(code): word for word, code in SELF_TRADES.items()}

_REASONS: Mapping[int, Reason] = {
    EngineReason.NONE: Reason.NONE,
    EngineReason.INSTRUMENT_HALTED: Reason.INSTRUMENT_HALTED,
    EngineReason.PRICE_OUTSIDE_COLLAR: Reason.PRICE_OUTSIDE_COLLAR,
    EngineReason.OPEN_QUANTITY_LIMIT: Reason.OPEN_QUANTITY_LIMIT,
    EngineReason.BUDGET_EXHAUSTED: Reason.BUDGET_EXHAUSTED,
    EngineReason.SELF_TRADE_CANCEL_NEWEST: Reason.SELF_TRADE,
    EngineReason.SELF_TRADE_CANCEL_OLDEST: Reason.SELF_TRADE,
    EngineReason.SELF_TRADE_CANCEL_BOTH: Reason.SELF_TRADE,
    EngineReason.SELF_TRADE_DECREMENT: Reason.SELF_TRADE,
    EngineReason.POST_ONLY_WOULD_TRADE: Reason.POST_ONLY_WOULD_TRADE,
    EngineReason.FOK_NOT_FILLABLE: Reason.FOK_NOT_FILLABLE,
    EngineReason.IOC_REMAINDER: Reason.IOC_REMAINDER,
    EngineReason.NO_LIQUIDITY: Reason.NO_LIQUIDITY,
    EngineReason.UNKNOWN_ORDER: Reason.ORDER_NOT_OPEN,
    EngineReason.WRONG_ACCOUNT: Reason.ORDER_NOT_OPEN,
}


class Command(NamedTuple):
    """A COMMAND record's fields, in its order; see matching/README.md for what each operation reads."""

    sequence: int = 0
    op: int = 0
    instrument: int = 0
    account: int = 0
    owner: int = 0
    order_id: int = 0
    side: int = 0
    order_type: int = 0
    time_in_force: int = 0
    self_trade: int = 0
    flags: int = 0
    price: int = 0
    quantity: int = 0
    stop_price: int = 0
    display_quantity: int = 0
    budget: int = 0


class Event(NamedTuple):
    """An EVENT record's fields, in its order."""

    sequence: int
    kind: int
    side: int
    reason: int
    instrument: int
    order_id: int
    maker_order_id: int
    account: int
    maker_account: int
    price: int
    quantity: int
    remaining: int


def in_use() -> tuple[str, str | None]:
    """Return which engine matches here, and why it is not the compiled one, if it is not."""
    told = matching_info()
    return told["engine"], told["compiled_missing"]


class Book:
    """One instrument's engine. A refused command answers a REJECTED event and changes nothing."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._engine = Engine()
        self._engine.open_instrument(number)

    def apply(self, commands: Sequence[Command]) -> tuple[bytes, bytes, list[Event]]:
        """Carry out commands in one call; return their bytes, the events' bytes, and the events."""
        records = np.array(commands, COMMAND)
        events = self._engine.submit_batch(records)
        return records.tobytes(), events.tobytes(), [Event(*fields) for fields in events.tolist()]

    def replay(self, commands: bytes) -> bytes:
        """Carry out recorded commands; return the bytes of their events."""
        return self._engine.submit_batch(commands).tobytes()

    def state_hash(self) -> bytes:
        """Return 32 bytes that are equal for equal books."""
        return self._engine.state_hash(self.number)

    def is_hashed_by(self, recorded: bytes) -> bool:
        """Tell whether a recorded hash is of this book, in today's form or in that of version 1."""
        return recorded in {self.state_hash(), _version_1(self.snapshot())[-_DIGEST:]}

    def snapshot(self) -> bytes:
        """Return the whole state."""
        return self._engine.snapshot()

    def restore(self, snapshot: bytes) -> None:
        """Replace the state by a snapshot's, of version 1 or 2. Raises ValueError for an unsound one."""
        self._engine.restore(_version_2(snapshot))

    @property
    def last(self) -> tuple[int, int]:
        """Return the number of the last order taken, and the last price in ticks (0 for none)."""
        found = self._engine.instrument(self.number)
        return found.last_order_id, found.last_price


def new_order(order: NewOrder, instrument: Instrument, account: int) -> Command:
    """Return the command that brings an order; the sequencer gives it a number, and a budget at market.

    A budget that it has already is the most that the sequencer gives it.
    """
    return Command(
        op=Op.NEW,
        instrument=instrument.number,
        account=account,
        owner=account,
        side=SIDES[order.side],
        order_type=TYPES[order.order_type],
        time_in_force=TIMES[order.time_in_force],
        self_trade=SELF_TRADES[order.self_trade],
        flags=Flag.POST_ONLY if order.post_only else 0,
        price=order.price // instrument.tick,
        quantity=order.quantity // instrument.lot,
        budget=budget_units(order, instrument),
    )


def is_post_only(command: Command) -> bool:
    """Tell whether a NEW command asks never to take."""
    return bool(command.flags & Flag.POST_ONLY)


def pack(command: Command) -> bytes:
    """Write a command as the engine's record."""
    return _WIRE.pack(*command)


def unpack(records: bytes) -> list[Command]:
    """Read commands from the engine's records."""
    return [Command(*fields) for fields in np.frombuffer(records, COMMAND).tolist()]


def events_of(records: bytes) -> list[Event]:
    """Read events from the engine's records."""
    return [Event(*fields) for fields in np.frombuffer(records, EVENT).tolist()]


def reason(code: int) -> Reason:
    """Return our word for the engine's reason."""
    return _REASONS.get(code, Reason.ORDER_REFUSED)


def state_of(instrument: Instrument, orders: Iterable[Working], *, last_order: int, last_price: int) -> bytes:
    """Write the snapshot of a book with these open orders, in the engine's canonical form.

    `orders` come by their priority, `last_price` is in ticks. The form is written in matching/state.py.
    """
    sides: dict[Side, list[tuple[Any, ...]]] = {Side.BUY: [], Side.SELL: []}
    for order in orders:
        sides[order.side].append(_resting(order))
    bids = sorted(sides[Side.BUY], key=lambda row: -int(row[3]))  # stable: time stays within a price
    asks = sorted(sides[Side.SELL], key=lambda row: int(row[3]))
    head = _STATE.pack(
        instrument.number,
        PHASES[instrument.state],
        *(1, 1),
        instrument.lowest // instrument.tick,
        instrument.highest // instrument.tick,
        last_order,
        last_price,
        len(bids),
        len(asks),
        0,  # no stops wait
    )
    return _sealed(_HEADER.pack(_MAGIC, 2, 1) + head + np.array(bids + asks, _RESTING).tobytes())


def _version_2(snapshot: bytes) -> bytes:
    """Return a sound snapshot of version 1 as one of version 2; any other as it is."""
    content = snapshot[:-_DIGEST]
    if not content.startswith(_HEADER.pack(_MAGIC, 1, 1)) or _sealed(content) != snapshot:
        return snapshot
    head, orders = content[_HEADER.size : _STATE_1_LENGTH], content[_STATE_1_LENGTH:]
    return _sealed(_HEADER.pack(_MAGIC, 2, 1) + head + _NO_STOPS + orders)


def _version_1(snapshot: bytes) -> bytes:
    """Return a snapshot of version 2 as version 1 wrote it; that had no word for stops and icebergs."""
    content = snapshot[:-_DIGEST]
    head, orders = content[_HEADER.size : _STATE_1_LENGTH], content[_STATE_1_LENGTH + len(_NO_STOPS) :]
    return _sealed(_HEADER.pack(_MAGIC, 1, 1) + head + orders)


def _sealed(content: bytes) -> bytes:
    return content + hashlib.sha256(content).digest()


def _resting(order: Working) -> tuple[Any, ...]:
    return (
        order.number,
        order.party.number,
        order.party.number,
        order.price,
        order.remaining,
        Flag.POST_ONLY if order.post_only else 0,
        TYPES[order.order_type],
        TIMES[order.time_in_force],
        SELF_TRADES[order.self_trade],
        SIDES[order.side],
    )
