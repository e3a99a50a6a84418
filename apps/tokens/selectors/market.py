"""What opening a market does, and what a token asks of its buyers."""

from datetime import datetime
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.businesses import selectors as businesses
from apps.common.errors import DomainError
from apps.compliance.types import Security
from apps.parameters import selectors as parameters
from apps.tokens import rules
from apps.tokens.selectors.allocations import progress
from apps.tokens.types import (
    LOCK_UP_DAYS,
    SUCCESS_FEE,
    TREASURY,
    TREASURY_COUNTRY,
    GoLive,
    Token,
)


def go_live(found: Token) -> GoLive:
    """Return what opening a token's market would do now, in numbers."""
    return rules.go_live(
        found, fee_bps=parameters.value(SUCCESS_FEE), lock_up_days=parameters.value(LOCK_UP_DAYS)
    )


def why_not_listed(found: Token, *, at: datetime) -> DomainError | None:
    """Return what keeps a token's market from being opened, or None."""
    try:
        rules.check_may_list(found, progress(found.id), at=at)
        businesses.require_active(found.business_id)
    except DomainError as refusal:
        return refusal
    return None


def home_of(owner: UUID, business_id: UUID) -> str:
    """Return the country (ISO 3166 alpha-2) where somebody who is given tokens at the go-live resides."""
    if owner == TREASURY:
        return TREASURY_COUNTRY
    return accounts.account(owner).country or businesses.business(business_id).country


def security_of(found: Token) -> Security:
    """Return what the token asks of those who buy it."""
    return Security(
        eligible_countries=frozenset(found.terms.eligible_countries),
        eligible_classes=frozenset(found.terms.eligible_classes),
        min_kyc_level=found.terms.min_kyc_level,
    )
