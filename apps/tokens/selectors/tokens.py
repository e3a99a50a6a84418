"""Tokens: who sees them, their terms and their history."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django_countries import countries

from apps.accounts.types import Accreditation
from apps.businesses import selectors as businesses
from apps.chain import selectors as chain
from apps.chain.types import Intent, IntentKind
from apps.common.errors import NotFound
from apps.ledger import selectors as ledger
from apps.ledger.types import Asset, AssetStatus, AssetType
from apps.tokens import models, rules, states
from apps.tokens.types import (
    Contracts,
    Kind,
    StatusChange,
    Terms,
    Token,
    TokenStatus,
    TradingMode,
)

MAX_PAGE = 200


def token(token_id: UUID) -> Token:
    """Return a token, whoever asks: for staff and for other apps. Raises NotFound."""
    row = models.Token.objects.filter(pk=token_id).first()
    if row is None:
        raise NotFound("There is no such token.")
    return as_token(row)


def visible_token(token_id: UUID, *, viewer: UUID | None) -> Token:
    """Return a token that is public, or that the viewer's business drafts. Raises NotFound."""
    found = token(token_id)
    if found.status not in states.PUBLIC and viewer not in insiders(found):
        raise NotFound("There is no such token.")
    return found


def offered_tokens(*, limit: int = MAX_PAGE) -> list[Token]:
    """Return the tokens in their primary phase, the newest offering first."""
    query = models.Token.objects.filter(status=TokenStatus.PRIMARY).order_by("-primary_start", "-id")
    return [as_token(row) for row in query[:limit]]


def tokens_of(*business_ids: UUID) -> list[Token]:
    """Return all tokens of these businesses, newest first. The caller checks who may see drafts."""
    rows = models.Token.objects.filter(business_id__in=business_ids)
    return [as_token(row) for row in rows.order_by("-created_at", "-id")]


def tokens(*, status: str = "", search: str = "", limit: int = MAX_PAGE) -> list[Token]:
    """Return the newest tokens that match, for staff; `search` finds in name, symbol and ISIN."""
    rows = token_rows(status=status, search=search).order_by("-created_at", "-id")
    return [as_token(row) for row in rows[:limit]]


def token_rows(
    *, status: str = "", search: str = "", visible_to: UUID | None = None, public: bool = False
) -> QuerySet[models.Token]:
    """Return tokens as rows to be paged: all for staff, or (`public`) what this viewer may see."""
    query = models.Token.objects.all()
    if public:
        own = businesses.of_member(visible_to) if visible_to else []
        query = query.filter(
            Q(status__in=states.PUBLIC) | Q(business_id__in=[business.id for business in own])
        )
    if status:
        query = query.filter(status=status)
    if search:
        named = Q(name__icontains=search) | Q(symbol__startswith=search.upper()) | Q(isin=search.upper())
        query = query.filter(named)
    return query


def insiders(found: Token) -> frozenset[UUID]:
    """Return the members of the business that issues a token."""
    return frozenset(member.user_id for member in businesses.members(found.business_id))


def history(token_id: UUID) -> list[StatusChange]:
    """Return a token's changes of status, oldest first."""
    return [
        StatusChange(
            TokenStatus(row.before) if row.before else None,
            TokenStatus(row.after),
            row.actor,
            row.reason,
            row.at,
        )
        for row in models.TokenStatusHistory.objects.filter(token=token_id).order_by("pk")
    ]


def deployment(token_id: UUID) -> Intent | None:
    """Return what was asked of the chain for this token, with its steps; None before that."""
    return chain.intent_of(IntentKind.SUITE, token_id)


def symbols(token_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return symbols by token; unknown ones are left out."""
    return dict(models.Token.objects.filter(pk__in=list(token_ids)).values_list("pk", "symbol"))


def raise_currencies() -> list[Asset]:
    """Return the currencies that money can be raised in."""
    return [
        asset
        for asset in ledger.assets()
        if asset.type is AssetType.FIAT and asset.status is AssetStatus.ACTIVE
    ]


def read_terms(written: Mapping[str, Any]) -> Terms:
    """Read terms as a form or the API has them: see `rules.read_terms`. Raises InvalidTerms with fields."""
    currency = next(
        (asset for asset in raise_currencies() if asset.code == written.get("raise_currency")), None
    )
    if currency is None:
        raise rules.InvalidTerms(
            "Money can't be raised in this.", fields={"raise_currency": ["Choose a currency of the list."]}
        )
    return rules.read_terms(written, cash_decimals=currency.decimals)


def countries_numeric(codes: Iterable[str]) -> tuple[int, ...]:
    """Return the ISO 3166 numeric codes of these countries, as the chain knows them."""
    numbers = (countries.numeric(code) for code in codes)
    return tuple(sorted(number for number in numbers if number is not None))


def as_token(row: models.Token) -> Token:
    """Return the frozen view of a token's row."""
    return Token(
        id=row.pk,
        business_id=row.business_id,
        terms=_terms(row),
        cash_decimals=row.raise_decimals,
        status=TokenStatus(row.status),
        trading_mode=TradingMode(row.trading_mode),
        primary_allotment=row.primary_allotment,
        tokens_sold=row.tokens_sold,
        tokens_reserved=row.tokens_reserved,
        total_raised=row.total_raised,
        primary_start=row.primary_start,
        primary_end=row.primary_end,
        listed_at=row.listed_at,
        success_fee=row.success_fee,
        deploy_requested_at=row.deploy_requested_at,
        deployed_at=row.deployed_at,
        deploy_error=row.deploy_error,
        contracts=Contracts(
            row.contract_address,
            row.identity_registry_addr,
            row.compliance_addr,
            row.claim_topics_addr,
            row.trusted_issuers_addr,
            row.deploy_tx_hash,
            row.deploy_gas_used,
        ),
        version=row.version,
        created_at=row.created_at,
    )


def _terms(row: models.Token) -> Terms:
    return Terms(
        name=row.name,
        symbol=row.symbol,
        total_supply=row.total_supply,
        price_per_token=row.price_per_token,
        raise_currency=row.raise_currency_id,
        jurisdiction=row.jurisdiction,
        primary_bps=row.primary_offering_bps,
        team_bps=row.team_bps,
        reserve_bps=row.reserve_bps,
        platform_bps=row.platform_allocation_bps,
        kind=Kind(row.kind),
        isin=row.isin,
        decimals=row.decimals,
        min_investment=row.min_investment,
        max_investment=row.max_investment,
        eligible_countries=tuple(row.eligible_countries),
        eligible_classes=tuple(map(Accreditation, row.eligible_classes)),
        min_kyc_level=row.min_kyc_level,
        soft_cap=row.soft_cap,
        cooling_off_hours=row.cooling_off_hours,
        metadata=row.metadata,
    )
