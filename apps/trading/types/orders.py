"""Orders and trades as they are asked for, answered and read. Amounts are in smallest units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.trading.types.words import (
    OrderStatus,
    OrderType,
    Reason,
    SelfTrade,
    SettlementStatus,
    SettlementType,
    Side,
    TimeInForce,
)


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What somebody asks for. The caller makes `client_order_id`, so that a resend is known.

    `quantity` is in the asset's smallest unit, `price` in the quote's for one whole unit of the asset (0 at
    market). `expires_at` is for DAY and GTD. `budget` is what a buy at market costs at most without its fee,
    in the quote's smallest unit; 0: as much as there is.
    """

    instrument: UUID
    client_order_id: str
    side: Side
    order_type: OrderType
    quantity: int
    price: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    expires_at: datetime | None = None
    post_only: bool = False
    self_trade: SelfTrade = SelfTrade.CANCEL_NEWEST
    budget: int = 0


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of an order that traded at once, at one price."""

    trade_id: UUID
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sequencer says to one command: how its order stood right after it, and what traded in it.

    `code` is empty for what was done, and names the refusal otherwise. A repeat gets the same answer.
    """

    command: UUID
    code: str
    order_id: UUID | None = None
    status: OrderStatus | None = None
    reason: Reason = Reason.NONE
    quantity: int = 0
    filled: int = 0
    remaining: int = 0
    price: int = 0
    version: int = 0
    sequence: int = 0
    fills: Sequence[Fill] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands."""

    id: UUID
    instrument: UUID
    owner: UUID
    client_order_id: str
    number: int | None
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    price: int
    quantity: int
    filled_quantity: int
    remaining: int
    fee: int
    status: OrderStatus
    reason: Reason
    expires_at: datetime | None
    post_only: bool
    self_trade: SelfTrade
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade as it stands: what changed hands, at which price, what both paid for it.

    `tx_hash` and `settled_at` are empty until it is settled.
    """

    id: UUID
    instrument: UUID
    sequence: int
    buy_order_id: UUID
    sell_order_id: UUID
    taker_side: Side
    price: int
    quantity: int
    notional: int
    buyer_fee: int
    seller_fee: int
    executed_at: datetime
    settlement_status: SettlementStatus
    settlement_type: SettlementType
    settlement_attempts: int
    tx_hash: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step in an order's life and why it was taken (order_status_history)."""

    status: OrderStatus
    reason: Reason
    sequence: int | None
    at: datetime
