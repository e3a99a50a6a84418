"""The words of the market: instruments, orders, trades, and what a sequencer carries."""

from apps.trading.types.desk import LEASE, Backlog, OrderPage, TradePage, VenueAct, Watched
from apps.trading.types.market import BUYER_FEE, OPEN_ORDERS, SELLER_FEE, FeeRates, Instrument, NewInstrument
from apps.trading.types.messages import INSTRUMENT_CHANGED, INSTRUMENT_OPENED, ORDER_UPDATED, TRADE_EXECUTED
from apps.trading.types.orders import Answer, Fill, NewOrder, Order, Step, Trade
from apps.trading.types.seen import Candle, OwnFill, Placed, Preview, Problem, PublicTrade, Ticker
from apps.trading.types.settling import SettlingTrade
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
    "LEASE",
    "OPEN_ORDERS",
    "ORDER_UPDATED",
    "SELLER_FEE",
    "TRADE_EXECUTED",
    "Answer",
    "Backlog",
    "Batch",
    "Candle",
    "Execution",
    "FeeRates",
    "Fill",
    "Happened",
    "Instrument",
    "NewInstrument",
    "NewOrder",
    "Order",
    "OrderPage",
    "OrderStatus",
    "OrderType",
    "OwnFill",
    "Party",
    "Placed",
    "Preview",
    "Problem",
    "PublicTrade",
    "Reason",
    "SelfTrade",
    "SettlementStatus",
    "SettlementType",
    "SettlingTrade",
    "Side",
    "Step",
    "Ticker",
    "TimeInForce",
    "Trade",
    "TradePage",
    "TradingState",
    "VenueAct",
    "VenueOp",
    "VenueReason",
    "Watched",
    "Working",
]
