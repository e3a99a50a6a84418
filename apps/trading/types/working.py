"""What a sequencer carries in memory, and what one batch changed.

Prices are in ticks and quantities in lots here, as in the engine; money is in the smallest unit.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.trading.types.words import (
    OrderStatus,
    OrderType,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
    TradingState,
)


@dataclass(slots=True, eq=False)
class Party:
    """Somebody who trades: the engine's number for them, and the addresses of their two accounts."""

    number: int
    owner: str
    cash: str
    asset: str
    frozen: bool = False


@dataclass(slots=True, eq=False)
class Working:
    """An order that the sequencer works on. `number` is the engine's id and the sequence of its command.

    `priority` is the sequence of the command that last put it at the end of its queue. `held` is what its
    hold in the ledger had left when the batch began, 0 for an order that had none; `used` is what trades
    of this batch took from that hold. `reserved` is what the sequencer keeps back for it at this moment.
    """

    id: UUID
    number: int
    party: Party
    client_order_id: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    self_trade: SelfTrade
    post_only: bool
    price: int
    quantity: int
    remaining: int
    maker_bps: int
    taker_bps: int
    expires_at: datetime | None
    filled: int = 0
    status: OrderStatus = OrderStatus.OPEN
    reason: Reason = Reason.NONE
    maker_notional: int = 0
    taker_notional: int = 0
    fee: int = 0
    priority: int = 0
    version: int = 1
    held: int = 0
    used: int = 0
    reserved: int = 0
    is_new: bool = False
    created_at: datetime | None = None


@dataclass(slots=True, eq=False)
class Execution:
    """A trade of this batch. `fill` counts the trades of one command."""

    id: UUID
    sequence: int
    fill: int
    buyer: Working
    seller: Working
    taker_side: Side
    price: int
    quantity: int
    notional: int
    buyer_fee: int
    seller_fee: int


@dataclass(slots=True, eq=False)
class Happened:
    """A step of an order in this batch, for its history."""

    order: UUID
    status: OrderStatus
    reason: Reason
    sequence: int | None


@dataclass(slots=True, eq=False)
class Batch:
    """What one batch changed, as it is recorded: in one transaction, or not at all.

    `first` and `last` are the sequence numbers of its commands; `last` is below `first` where the engine
    was asked nothing.
    """

    at: datetime
    first: int
    last: int
    commands: bytes = b""
    events: bytes = b""
    inbox_id: str = "0-0"
    touched: dict[int, Working] = field(default_factory=dict)
    refused: list[Working] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    steps: list[Happened] = field(default_factory=list)
    venue_done: list[tuple[int, int | None]] = field(default_factory=list)
    state: TradingState | None = None
    collar: tuple[int, int] | None = None
    last_order: int = 0
    last_price: int = 0
    state_hash: bytes | None = None
    snapshot: bytes | None = None
