"""The words of the market: instruments, orders, trades, and what a sequencer carries."""

from apps.trading.types.market import BUYER_FEE, SELLER_FEE, FeeRates, Instrument, NewInstrument
from apps.trading.types.messages import INSTRUMENT_CHANGED, INSTRUMENT_OPENED, ORDER_UPDATED, TRADE_EXECUTED
from apps.trading.types.orders import Answer, Fill, NewOrder, Order, Step, Trade
from apps.trading.types.words import (
    OrderStatus,
    OrderType,
    Reason,
    SelfTrade,
    SettlementStatus,
    SettlementType,
    Side,
    TimeInForce,
    TradingState,
    VenueOp,
    VenueReason,
)
from apps.trading.types.working import Batch, Execution, Happened, Party, Working

__all__ = [
    "BUYER_FEE",
    "INSTRUMENT_CHANGED",
    "INSTRUMENT_OPENED",
    "ORDER_UPDATED",
    "SELLER_FEE",
    "TRADE_EXECUTED",
    "Answer",
    "Batch",
    "Execution",
    "FeeRates",
    "Fill",
    "Happened",
    "Instrument",
    "NewInstrument",
    "NewOrder",
    "Order",
    "OrderStatus",
    "OrderType",
    "Party",
    "Reason",
    "SelfTrade",
    "SettlementStatus",
    "SettlementType",
    "Side",
    "Step",
    "TimeInForce",
    "Trade",
    "TradingState",
    "VenueOp",
    "VenueReason",
    "Working",
]
