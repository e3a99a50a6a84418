"""The closed lists of the ledger."""

from collections.abc import Mapping
from enum import StrEnum


class AssetType(StrEnum):
    FIAT = "fiat"
    STABLECOIN = "stablecoin"
    TOKEN = "token"  # noqa: S105  # a security, not a secret


class AssetStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Tree(StrEnum):
    """Whose money it is; an entry stays in one tree unless its kind is listed (LED-6)."""

    CLIENT = "client"
    ISSUER = "issuer"
    PLATFORM = "platform"
    EXTERNAL = "external"


class AccountKind(StrEnum):
    CLIENT = "client"
    UNCLAIMED = "unclaimed"
    SUSPENSE = "suspense"
    ISSUER = "issuer"
    ESCROW = "escrow"
    ISSUANCE = "issuance"
    FEE_INCOME = "fee_income"
    TAX = "tax"
    TREASURY = "treasury"
    FX = "fx"
    SHORTFALL = "shortfall"
    EXTERNAL = "external"


class Bucket(StrEnum):
    AVAILABLE = "available"
    HELD = "held"


class EntryKind(StrEnum):
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    REFUND = "refund"
    TRANSFER = "transfer"
    HOLD = "hold"
    RELEASE = "release"
    EXPIRY = "expiry"
    TRADE = "trade"
    FEE = "fee"
    SUBSCRIPTION = "subscription"
    ISSUANCE = "issuance"
    ESCROW_RELEASE = "escrow_release"
    DIVIDEND = "dividend"
    COUPON = "coupon"
    REDEMPTION = "redemption"
    CORPORATE_ACTION = "corporate_action"
    CONVERSION = "conversion"
    TAX_PAYMENT = "tax_payment"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"


class HoldOwner(StrEnum):
    """What a hold is for."""

    ORDER = "order"
    SUBSCRIPTION = "subscription"
    WITHDRAWAL = "withdrawal"
    LOCK_UP = "lock_up"


class HoldState(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"


class TransactionType(StrEnum):
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TOKEN_BUY = "token_buy"  # noqa: S105  # likewise
    TOKEN_SELL = "token_sell"  # noqa: S105  # likewise
    FEE = "fee"
    DIVIDEND = "dividend"
    COUPON = "coupon"
    REDEMPTION = "redemption"
    REFUND = "refund"
    ADJUSTMENT = "adjustment"


class TransactionStatus(StrEnum):
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TREE_OF: Mapping[AccountKind, Tree] = {
    AccountKind.CLIENT: Tree.CLIENT,
    # Clients' money that can't be paid, or isn't matched to anybody yet, stays clients' money.
    AccountKind.UNCLAIMED: Tree.CLIENT,
    AccountKind.SUSPENSE: Tree.CLIENT,
    AccountKind.ISSUER: Tree.ISSUER,
    AccountKind.ESCROW: Tree.ISSUER,
    AccountKind.ISSUANCE: Tree.ISSUER,
    AccountKind.FEE_INCOME: Tree.PLATFORM,
    AccountKind.TAX: Tree.PLATFORM,
    AccountKind.TREASURY: Tree.PLATFORM,
    AccountKind.FX: Tree.PLATFORM,
    AccountKind.SHORTFALL: Tree.PLATFORM,
    AccountKind.EXTERNAL: Tree.EXTERNAL,
}

MAY_GO_NEGATIVE = frozenset(
    {
        AccountKind.SUSPENSE,
        AccountKind.ISSUANCE,
        AccountKind.FX,
        AccountKind.SHORTFALL,
        AccountKind.EXTERNAL,
    }
)
