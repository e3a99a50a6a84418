"""Name every number that may stand in a record: what is asked, what happened, and why.

Values never change and are never used twice: journals keep them for years.
A value without a name in one of these lists is refused with a `Reason` of the 1xx family.
"""

from enum import IntEnum, IntFlag


class Op(IntEnum):
    """What a command asks for."""

    NEW = 1
    CANCEL = 2
    REDUCE = 3
    REPLACE = 4
    EXPIRE = 5
    CANCEL_ALL = 6
    HALT = 7
    RESUME = 8
    OPEN_AUCTION = 9
    UNCROSS = 10
    SET_COLLAR = 11


class Side(IntEnum):
    """Buy or sell; 0 stands in events that concern no order."""

    BUY = 1
    SELL = 2


class OrderType(IntEnum):
    """How an order meets the book. The three stop types wait outside it until a trade elects them."""

    LIMIT = 0
    MARKET = 1
    STOP_LOSS = 2
    STOP_LIMIT = 3
    TRAILING_STOP = 4
    ICEBERG = 5


class TimeInForce(IntEnum):
    """How long an order stays: GTC, DAY and GTD rest; IOC and FOK never do.

    The engine reads no clock. DAY and GTD end when an EXPIRE command says so.
    """

    GTC = 0
    DAY = 1
    GTD = 2
    IOC = 3
    FOK = 4


class SelfTrade(IntEnum):
    """What to do when an incoming order meets a resting order of the same owner.

    The incoming order's choice counts; the resting order's is not asked.
    """

    ALLOW = 0
    CANCEL_NEWEST = 1
    CANCEL_OLDEST = 2
    CANCEL_BOTH = 3
    DECREMENT = 4


class Flag(IntFlag):
    """Extra terms of an order, one bit each.

    POST_ONLY rests or is refused, and never takes. OCO pairs a stop with the limit order placed just
    before it: what touches one cancels the other. TRAIL_PERCENT counts a trailing stop's distance in
    basis points.
    """

    NONE = 0
    POST_ONLY = 1
    OCO = 2
    TRAIL_PERCENT = 4


class Phase(IntEnum):
    """What an instrument's book is doing: trading, collecting orders for an auction, or either one halted."""

    CONTINUOUS = 1
    HALTED = 2
    AUCTION = 3
    AUCTION_HALTED = 4


class EventKind(IntEnum):
    """What happened, to an order or to an instrument."""

    ACCEPTED = 1
    TRADE = 2
    CANCELLED = 3
    REJECTED = 4
    REDUCED = 5
    REPLACED = 6
    EXPIRED = 7
    TRIGGERED = 8
    HALTED = 9
    RESUMED = 10
    COLLAR_SET = 11
    AUCTION = 12
    REFILLED = 13
    ALL_CANCELLED = 14
    AUCTION_OPENED = 15


class Reason(IntEnum):
    """Why a command was refused, or why an order ended without being asked to.

    1xx the record is malformed      2xx the instrument does not allow it
    3xx the order does not allow it  4xx a price, quantity or cash limit
    5xx self-trade prevention        6xx this engine does not support it
    7xx the order's own terms

    The engines here support everything and give no 6xx; the compiled one alone gives BOOK_FULL, when
    the memory it reserved is used up.
    """

    NONE = 0

    UNKNOWN_OP = 101
    INVALID_SIDE = 102
    INVALID_ORDER_TYPE = 103
    INVALID_TIME_IN_FORCE = 104
    INVALID_SELF_TRADE = 105
    INVALID_FLAGS = 106
    INVALID_ORDER_ID = 107
    INVALID_QUANTITY = 108
    INVALID_LOT = 109
    INVALID_PRICE = 110
    INVALID_TICK = 111
    PRICE_NOT_ALLOWED = 112
    INVALID_BUDGET = 113
    BUDGET_NOT_ALLOWED = 114
    STOP_PRICE_NOT_ALLOWED = 115
    DISPLAY_QUANTITY_NOT_ALLOWED = 116
    CONFLICTING_TERMS = 117
    INVALID_COLLAR = 118
    INVALID_STOP_PRICE = 119
    INVALID_DISPLAY_QUANTITY = 120

    UNKNOWN_INSTRUMENT = 201
    INSTRUMENT_HALTED = 202
    ALREADY_HALTED = 203
    NOT_HALTED = 204
    ALREADY_IN_AUCTION = 205
    NOT_IN_AUCTION = 206
    ORDER_NOT_FOR_AUCTION = 207
    NO_LAST_PRICE = 208

    ORDER_ID_NOT_INCREASING = 301
    UNKNOWN_ORDER = 302
    WRONG_ACCOUNT = 303
    NOT_EXPIRABLE = 304
    OCO_PARTNER = 305
    OCO_LEG = 306

    PRICE_OUTSIDE_COLLAR = 401
    OPEN_QUANTITY_LIMIT = 402
    BUDGET_EXHAUSTED = 403
    BOOK_FULL = 404

    SELF_TRADE_CANCEL_NEWEST = 501
    SELF_TRADE_CANCEL_OLDEST = 502
    SELF_TRADE_CANCEL_BOTH = 503
    SELF_TRADE_DECREMENT = 504

    OP_NOT_SUPPORTED = 601
    ORDER_TYPE_NOT_SUPPORTED = 602
    FLAG_NOT_SUPPORTED = 603

    POST_ONLY_WOULD_TRADE = 701
    FOK_NOT_FILLABLE = 702
    IOC_REMAINDER = 703
    NO_LIQUIDITY = 704
    OCO_OTHER_LEG = 705
