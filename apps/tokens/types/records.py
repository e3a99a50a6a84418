"""Tokens, allocations and what happens to them, as other apps and pages see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.accounts.types import Accreditation
from apps.tokens.types.words import (
    AllocationStatus,
    AllocationType,
    Kind,
    OnChainStatus,
    TokenStatus,
    TradingMode,
)


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
    `deploy_requested_at` freezes the terms; `deploy_error` is the chain's last refusal. `listed_at` is when
    its market was opened for the first time, and `success_fee` what the platform took of the raise then.
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
    listed_at: datetime | None
    success_fee: int | None
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

    @property
    def paid_out(self) -> int | None:
        """What the issuer got of the raise, None before the go-live."""
        return None if self.success_fee is None else self.total_raised - self.success_fee

    def is_open(self, at: datetime) -> bool:
        """Tell whether it can be subscribed at this instant."""
        if self.status is not TokenStatus.PRIMARY or self.primary_start is None or self.primary_end is None:
            return False
        return self.primary_start <= at < self.primary_end


@dataclass(frozen=True, slots=True)
class Allocation:
    """What an investor subscribed: `quantity` in base units of the token for `cost` of the raise currency.

    What was handed out at the go-live costs nothing, and is locked until `locked_until` (None: it isn't).
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
    locked_until: datetime | None = None

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
class GoLive:
    """What the opening of a market does: money of the raise, and base units of the token.

    `shares` has the units by type, without empty ones; those of team and reserve are locked for
    `lock_up_days`. `unsold` is cancelled: it is never issued.
    """

    raised: int
    fee_bps: int
    fee: int
    paid_out: int
    shares: Mapping[AllocationType, int]
    lock_up_days: int
    unsold: int


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
