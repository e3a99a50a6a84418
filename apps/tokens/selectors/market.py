"""What opening a market does, and what others judge a token by."""

from datetime import datetime
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.businesses import selectors as businesses
from apps.common.errors import DomainError
from apps.parameters import selectors as parameters
from apps.tokens import models, rules, states
from apps.tokens.selectors.allocations import progress
from apps.tokens.selectors.tokens import as_token, insiders, token
from apps.tokens.types import (
    LOCK_UP_DAYS,
    SUCCESS_FEE,
    TREASURY,
    TREASURY_COUNTRY,
    GoLive,
    SecurityFacts,
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


def listed() -> list[SecurityFacts]:
    """Return the tokens that are on the market, paused ones too, by symbol."""
    rows = models.Token.objects.filter(status__in=states.ON_MARKET).order_by("symbol")
    return [_facts(as_token(row)) for row in rows]


def security_facts(token_id: UUID) -> SecurityFacts:
    """Return what others judge a token by. Raises NotFound."""
    return _facts(token(token_id))


def _facts(found: Token) -> SecurityFacts:
    terms = found.terms
    return SecurityFacts(
        token_id=found.id,
        business_id=found.business_id,
        symbol=terms.symbol,
        name=terms.name,
        decimals=terms.decimals,
        status=found.status,
        trading_mode=found.trading_mode,
        raise_currency=terms.raise_currency,
        cash_decimals=found.cash_decimals,
        price=terms.price_per_token,
        total_supply=terms.total_supply,
        eligible_countries=frozenset(terms.eligible_countries),
        eligible_classes=frozenset(terms.eligible_classes),
        min_kyc_level=terms.min_kyc_level,
        insiders=insiders(found),
        listed_at=found.listed_at,
    )
