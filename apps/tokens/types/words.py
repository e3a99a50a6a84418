"""The closed lists of tokens, and who the platform is as a holder of them."""

from enum import StrEnum
from uuid import UUID

TREASURY = UUID(int=1)  # the platform as a holder of tokens; its account is the ledger's treasury
TREASURY_COUNTRY = "AE"  # where the platform resides, as the chain knows it
MAX_AT_ONCE = 500  # allocations in one confirmation


class Kind(StrEnum):
    """What a token is a share of (TOK-1); only equity is issued so far."""

    EQUITY = "equity"
    BOND = "bond"
    FUND_UNIT = "fund_unit"
    REVENUE_SHARE = "revenue_share"
    STABLECOIN = "stablecoin"


class TokenStatus(StrEnum):
    DRAFT = "draft"
    PRIMARY = "primary"
    FAILED = "failed"
    SECONDARY = "secondary"
    PAUSED = "paused"
    MATURED = "matured"
    DELISTED = "delisted"


class TradingMode(StrEnum):
    PRIMARY_SUBSCRIPTION = "primary_subscription"
    FULL_ORDERBOOK = "full_orderbook"
    FIXED_PRICE_OTC = "fixed_price_otc"


class AllocationType(StrEnum):
    """How somebody came to tokens: `primary` was subscribed, the others are handed out at the go-live."""

    PRIMARY = "primary"
    PLATFORM = "platform"
    TEAM = "team"
    RESERVE = "reserve"


class AllocationStatus(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    CONFIRMED = "confirmed"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OnChainStatus(StrEnum):
    """How far an allocation's mint is; `none` until it is asked for."""

    NONE = "none"
    QUEUED = "queued"
    MINTED = "minted"
    FAILED = "failed"
