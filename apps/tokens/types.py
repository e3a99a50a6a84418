"""The words of securities and their offerings: tokens, their terms, allocations, and what is told of them.

Amounts are integers: tokens in base units (10^-decimals of a token), money in the smallest unit of the
raise currency, shares of the supply in basis points.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.accounts.types import Accreditation
from apps.outbox.types import declare as declare_message
from apps.parameters.types import declare

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
    PRIMARY = "primary"


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


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token is and how it is offered, as its issuer writes it while it is a draft.

    `total_supply` is in base units, `price_per_token` the money for one whole token. `min_investment` and
    `max_investment` bound what one investor puts in, over all their allocations; None: no maximum.
    Countries are ISO 3166 alpha-2; no countries or no classes: all of them. `primary_bps`, `team_bps` and
    `reserve_bps` make 10,000, and `platform_bps` comes out of the reserve (None in a wish: as much as the
    business agreed to). `soft_cap` None: no soft cap.
    `cooling_off_hours` None: the venue's parameter. `metadata` never decides about money.
    """

    name: str
    symbol: str
    total_supply: int
    price_per_token: int
    raise_currency: str
    jurisdiction: str
    primary_bps: int
    team_bps: int
    reserve_bps: int
    platform_bps: int | None = None
    kind: Kind = Kind.EQUITY
    isin: str = ""
    decimals: int = 0
    min_investment: int = 0
    max_investment: int | None = None
    eligible_countries: tuple[str, ...] = ()
    eligible_classes: tuple[Accreditation, ...] = ()
    min_kyc_level: int = 2
    soft_cap: int | None = None
    cooling_off_hours: int | None = None
    metadata: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shares:
    """A supply divided, in base units: the first three make the whole; `platform` is a part of `reserve`."""

    primary: int
    team: int
    reserve: int
    platform: int


@dataclass(frozen=True, slots=True)
class Contracts:
    """Where a token is on chain, and what its deployment took. All empty until that is final."""

    contract_address: str = ""
    identity_registry_addr: str = ""
    compliance_addr: str = ""
    claim_topics_addr: str = ""
    trusted_issuers_addr: str = ""
    tx_hash: str = ""
    gas_used: int | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A security of a business. `cash_decimals` are those of `terms.raise_currency`.

    `tokens_reserved` is subscribed and not yet confirmed, `tokens_sold` and `total_raised` are confirmed.
    `deploy_requested_at` freezes the terms; `deploy_error` is the chain's last refusal.
    """

    id: UUID
    business_id: UUID
    terms: Terms
    cash_decimals: int
    status: TokenStatus
    trading_mode: TradingMode
    primary_allotment: int
    tokens_sold: int
    tokens_reserved: int
    total_raised: int
    primary_start: datetime | None
    primary_end: datetime | None
    deploy_requested_at: datetime | None
    deployed_at: datetime | None
    deploy_error: str
    contracts: Contracts
    version: int
    created_at: datetime

    @property
    def remaining(self) -> int:
        """What can still be subscribed, in base units."""
        return self.primary_allotment - self.tokens_sold - self.tokens_reserved

    @property
    def is_deployed(self) -> bool:
        return self.deployed_at is not None

    def is_open(self, at: datetime) -> bool:
        """Tell whether it can be subscribed at this instant."""
        if self.status is not TokenStatus.PRIMARY or self.primary_start is None or self.primary_end is None:
            return False
        return self.primary_start <= at < self.primary_end


@dataclass(frozen=True, slots=True)
class Allocation:
    """What an investor subscribed: `quantity` in base units of the token for `cost` of the raise currency.

    `expires_at` ends a pending payment. `cooling_off_until` is None until it is confirmed; it isn't after
    `confirmed_at` for who has no cooling-off. `ended_at` is when it was cancelled, expired or refunded.
    """

    id: UUID
    token_id: UUID
    investor_id: UUID
    symbol: str
    decimals: int
    raise_currency: str
    cash_decimals: int
    allocation_type: AllocationType
    status: AllocationStatus
    quantity: int
    price: int
    cost: int
    investor_class: Accreditation
    cooling_off_hours: int
    cooling_off_until: datetime | None
    cooling_off_waived_at: datetime | None
    on_chain_status: OnChainStatus
    on_chain_tx_hash: str
    on_chain_error: str
    created_at: datetime
    expires_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None

    @property
    def can_cancel(self) -> bool:
        return self.status is AllocationStatus.PENDING_PAYMENT

    def can_withdraw(self, at: datetime) -> bool:
        """Tell whether the investor may still withdraw what was confirmed (OFR-3)."""
        return (
            self.status is AllocationStatus.CONFIRMED
            and self.on_chain_status is OnChainStatus.NONE
            and self.cooling_off_waived_at is None
            and self.cooling_off_until is not None
            and at < self.cooling_off_until
        )

    def is_minting(self, at: datetime) -> bool:
        """Tell whether its mint is the next that happens, by itself."""
        if self.status is not AllocationStatus.CONFIRMED or self.can_withdraw(at):
            return False
        return self.on_chain_status in {OnChainStatus.NONE, OnChainStatus.QUEUED}

    def can_waive(self, at: datetime) -> bool:
        """Tell whether there is a cooling-off that the investor may give up."""
        if self.status is AllocationStatus.PENDING_PAYMENT:
            return self.cooling_off_hours > 0 and self.cooling_off_waived_at is None
        return self.can_withdraw(at)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirmation did: the allocations now confirmed, those left out because their investor isn't
    eligible any more (only of "all"), and how many still wait."""

    confirmed: tuple[Allocation, ...]
    left_out: tuple[UUID, ...]
    remaining: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an offering is: investors with a pending or confirmed allocation, and allocations by status."""

    investors: int
    pending: int
    confirmed: int
    queued: int
    minted: int
    failed: int


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A line of a token's history. `actor` is "user:<id>" or "system:<process>"."""

    before: TokenStatus | None
    after: TokenStatus
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One holder in the ledger and on chain, in base units; either side may be missing.

    `awaiting_mint` is what the ledger has and the chain can't have yet. `address` is empty for who has
    none, `owner` None for an address that is nobody's of ours.
    """

    owner: UUID | None
    address: str
    ledger_units: int
    chain_units: int
    awaiting_mint: int

    @property
    def agrees(self) -> bool:
        return self.ledger_units == self.chain_units + self.awaiting_mint


PAYMENT_DAYS = declare(
    "tokens.payment_days",
    "How long the cash of a subscription stays reserved while it waits for its confirmation.",
    unit="days",
    default=7,
    minimum=1,
    maximum=90,
)
COOLING_OFF_HOURS = declare(
    "tokens.cooling_off_hours",
    "How long a retail investor may withdraw a confirmed subscription, unless the offering says otherwise.",
    unit="hours",
    default=48,
    maximum=24 * 90,
)

_TOKEN = {"token_id": "uuid"}
_OF_BUSINESS = {"token_id": "uuid", "business_id": "uuid"}
_ALLOCATION = {"token_id": "uuid", "allocation_id": "uuid", "investor_id": "uuid"}

TOKEN_CREATED = declare_message("token.created", "A business drafted a token.", **_OF_BUSINESS)
TOKEN_CHANGED = declare_message("token.changed", "The terms of a draft were changed.", **_TOKEN)
DEPLOY_REQUESTED = declare_message(
    "token.deploy_requested", "The chain was asked for a token's contracts.", **_TOKEN
)
TOKEN_DEPLOYED = declare_message("token.deployed", "A token's contracts are final on chain.", **_OF_BUSINESS)
OFFERING_STARTED = declare_message(
    "offering.started", "A token's primary offering was opened.", **_OF_BUSINESS
)
ALLOCATION_CREATED = declare_message(
    "allocation.created", "An investor subscribed; their cash is reserved.", **_ALLOCATION
)
ALLOCATION_CANCELLED = declare_message(
    "allocation.cancelled", "An investor cancelled before the payment was confirmed.", **_ALLOCATION
)
ALLOCATION_EXPIRED = declare_message(
    "allocation.expired", "Nobody confirmed in time; the cash is free again.", **_ALLOCATION
)
ALLOCATION_CONFIRMED = declare_message(
    "allocation.confirmed", "The cash went to escrow and the tokens to the investor.", **_ALLOCATION
)
ALLOCATION_REFUNDED = declare_message(
    "allocation.refunded", "An investor withdrew in the cooling-off; the cash is back.", **_ALLOCATION
)
COOLING_OFF_WAIVED = declare_message(
    "allocation.cooling_off_waived", "An investor gave up the right to withdraw.", **_ALLOCATION
)
MINT_QUEUED = declare_message(
    "allocation.mint_queued", "The chain was asked for an allocation's tokens.", **_ALLOCATION
)
ALLOCATION_MINTED = declare_message(
    "allocation.minted", "An allocation's tokens are final on chain.", **_ALLOCATION
)
MINT_FAILED = declare_message(
    "allocation.mint_failed", "The chain refused an allocation's mint for good.", **_ALLOCATION
)
