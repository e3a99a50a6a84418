"""The closed lists of the market, as people, the API and the database write them."""

from enum import StrEnum


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order stays: GTC until cancelled, DAY and GTD until they expire, IOC and FOK never rest."""

    GTC = "GTC"
    DAY = "DAY"
    GTD = "GTD"
    IOC = "IOC"
    FOK = "FOK"


class SelfTrade(StrEnum):
    """What ends when an order meets one of the same owner (MAT-2)."""

    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    CANCEL_BOTH = "cancel_both"
    DECREMENT = "decrement"


class OrderStatus(StrEnum):
    """ORD-3."""

    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class TradingState(StrEnum):
    """What the book of an instrument is doing."""

    CONTINUOUS = "continuous"
    HALTED = "halted"


class SettlementStatus(StrEnum):
    """How far a trade's way to the chain is (SET-1); every trade begins as pending."""

    PENDING = "pending"
    PROCESSING = "processing"
    SETTLED = "settled"
    FAILED = "failed"


class SettlementType(StrEnum):
    """Where a trade is settled: off chain only for tokens that were declared so (SET-4)."""

    ON_CHAIN = "on_chain"
    OFF_CHAIN = "off_chain"


class Reason(StrEnum):
    """Why an order was refused, or ended without having been asked to."""

    NONE = ""
    INSUFFICIENT_FUNDS = "insufficient_funds"
    ACCOUNT_FROZEN = "account_frozen"
    ASSET_SUSPENDED = "asset_suspended"
    INSTRUMENT_HALTED = "instrument_halted"
    PRICE_OUTSIDE_COLLAR = "price_outside_collar"
    OPEN_QUANTITY_LIMIT = "open_quantity_limit"
    BUDGET_EXHAUSTED = "budget_exhausted"
    SELF_TRADE = "self_trade"
    POST_ONLY_WOULD_TRADE = "post_only_would_trade"
    FOK_NOT_FILLABLE = "fok_not_fillable"
    IOC_REMAINDER = "ioc_remainder"
    NO_LIQUIDITY = "no_liquidity"
    BY_OWNER = "by_owner"
    BY_VENUE = "by_venue"
    TIME_OVER = "time_over"
    ORDER_NOT_OPEN = "order_not_open"
    STALE_VERSION = "stale_version"
    CLIENT_ORDER_ID_REUSED = "client_order_id_reused"
    UNKNOWN_ACCOUNT = "unknown_trading_account"
    TOO_LATE = "too_late"
    ORDER_REFUSED = "order_refused"


class VenueOp(StrEnum):
    """What the venue itself asks a sequencer for."""

    HALT = "halt"
    RESUME = "resume"
    SET_COLLAR = "set_collar"
    CANCEL_ORDER = "cancel_order"
    CANCEL_ALL = "cancel_all"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    EXPIRE = "expire"


class VenueReason(StrEnum):
    """Why the staff of the venue halt, resume, bound or cancel; verbs take other codes from other apps."""

    DISORDERLY_MARKET = "disorderly_market"
    NEWS_PENDING = "news_pending"
    REGULATOR_REQUEST = "regulator_request"
    ISSUER_REQUEST = "issuer_request"
    OWNER_REQUEST = "owner_request"
    ERRONEOUS_ORDER = "erroneous_order"
    SUSPECTED_ABUSE = "suspected_abuse"
    TECHNICAL_PROBLEM = "technical_problem"
    MARKET_ORDERLY = "market_orderly"
    REFERENCE_PRICE = "reference_price"
