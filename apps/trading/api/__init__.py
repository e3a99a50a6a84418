"""The API of the market."""

from apps.trading.api.market import Book, Candles, InstrumentDetail, Instruments, PublicTrades, TickerDetail
from apps.trading.api.orders import (
    Batch,
    CancelAll,
    CancelOrder,
    InvestmentLimit,
    OrderDetail,
    Orders,
    OwnTrades,
    PreviewOrder,
)
from apps.trading.api.staff import AllOrders, CancelAnyOrder, Collar, Halt, Resume

__all__ = [
    "AllOrders",
    "Batch",
    "Book",
    "CancelAll",
    "CancelAnyOrder",
    "CancelOrder",
    "Candles",
    "Collar",
    "Halt",
    "InstrumentDetail",
    "Instruments",
    "InvestmentLimit",
    "OrderDetail",
    "Orders",
    "OwnTrades",
    "PreviewOrder",
    "PublicTrades",
    "Resume",
    "TickerDetail",
]
