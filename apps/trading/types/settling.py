"""A trade on its way to the chain."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.trading.types.market import Instrument
from apps.trading.types.words import SettlementStatus, SettlementType, Side


@dataclass(frozen=True, slots=True)
class SettlingTrade:
    """A trade with both its sides, as settlement sees it.

    `units` are base units of the asset, `price` is the quote's smallest unit for one whole unit of the asset,
    `notional` and the fees are in the quote's smallest unit. It isn't tried again before `settle_after`.
    """

    id: UUID
    instrument: Instrument
    sequence: int
    fill: int
    buyer_id: UUID
    seller_id: UUID
    taker_side: Side
    price: int
    units: int
    notional: int
    buyer_fee: int
    seller_fee: int
    executed_at: datetime
    status: SettlementStatus
    type: SettlementType
    attempts: int
    settle_after: datetime | None
    tx_hash: str
    settled_at: datetime | None
