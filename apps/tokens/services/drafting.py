"""Drafts: what an issuer writes down before anything is on chain (TOK-1, TOK-3)."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django_countries import countries
from stdnum import isin

from apps.audit import services as audit
from apps.businesses import selectors as businesses
from apps.businesses.types import Business, MemberRole
from apps.common import money
from apps.common.db import opens_transaction
from apps.common.errors import Conflict, NotFound, Stale
from apps.common.types import Actor
from apps.ledger import selectors as ledger
from apps.ledger.types import Asset
from apps.outbox import services as outbox
from apps.tokens import locks, models, rules, selectors
from apps.tokens.rules import InvalidTerms
from apps.tokens.services.moving import begin
from apps.tokens.types import TOKEN_CHANGED, TOKEN_CREATED, Terms, Token, TokenStatus

DRAFTERS = (MemberRole.OWNER, MemberRole.MANAGER)


class SymbolTaken(Conflict):
    """Another token or asset has this symbol, or another token this ISIN."""

    code = "symbol_taken"


class TokenTaken(Conflict):
    """Another token has this id."""

    code = "token_taken"


class TermsFrozen(Conflict):
    """The deployment was asked for, so the terms don't change any more."""

    code = "terms_frozen"


@opens_transaction
def create_token(
    *, token_id: UUID, business_id: UUID, terms: Terms, user_id: UUID, by: Actor, at: datetime
) -> Token:
    """Draft a token of an active business, by an owner or manager of it. The same id again is the same draft.

    The symbol is reserved from here on. The ledger's asset is registered when the token is deployed: a
    draft's decimals still change, an asset's never do.

    Raises NotFound for a business that isn't the user's, MemberRoleMissing, BusinessNotActive,
    InvalidTerms with fields, SymbolTaken, TokenTaken.
    """
    business = businesses.require_member(business_id, user_id, *DRAFTERS)
    before = models.Token.objects.filter(pk=token_id).first()
    if before is not None:
        if before.business_id != business_id:
            raise TokenTaken("Another token has this id.")
        return selectors.as_token(before)
    businesses.require_active(business_id)
    columns = _columns(terms, business, token_id=token_id)
    row = models.Token(pk=token_id, business_id=business_id, created_at=at, updated_at=at, **columns)
    if not _insert(row):
        return selectors.token(token_id)
    begin(row, by=by, at=at)
    audit.record(
        action="tokens.created",
        target_type="token",
        target_id=str(token_id),
        after={"business": business_id, "symbol": row.symbol, "status": TokenStatus.DRAFT},
        by=by,
        at=at,
    )
    outbox.publish(
        type=TOKEN_CREATED.name,
        key=str(token_id),
        payload={"token_id": str(token_id), "business_id": str(business_id)},
        at=at,
    )
    return selectors.as_token(row)


@opens_transaction
def update_token(
    *, token_id: UUID, terms: Terms, version: int, user_id: UUID, by: Actor, at: datetime
) -> Token:
    """Change the terms of a draft, by an owner or manager; `version` is the one that the asker has read.

    Raises NotFound, also for somebody else's draft, MemberRoleMissing, Stale, TermsFrozen, InvalidTerms with
    fields, SymbolTaken.
    """
    row = locks.token(token_id)
    try:
        business = businesses.require_member(row.business_id, user_id, *DRAFTERS)
    except NotFound as stranger:
        raise NotFound("There is no such token.") from stranger
    if row.version != version:
        raise Stale("Somebody else has changed this draft. Read it again.")
    if row.deploy_requested_at is not None or row.status != TokenStatus.DRAFT:
        raise TermsFrozen(
            "Its deployment was asked for, so its terms don't change any more.",
            next_step="Draft another token.",
        )
    columns = _columns(terms, business, token_id=token_id)
    changed = sorted(name for name, value in columns.items() if getattr(row, name) != value)
    for name, value in columns.items():
        setattr(row, name, value)
    row.version, row.updated_at = version + 1, at
    _update(row, [*columns, "version", "updated_at"])
    audit.record(
        action="tokens.changed",
        target_type="token",
        target_id=str(token_id),
        before={"version": version},
        after={"version": row.version, "fields": changed},
        by=by,
        at=at,
    )
    outbox.publish(type=TOKEN_CHANGED.name, key=str(token_id), payload={"token_id": str(token_id)}, at=at)
    return selectors.as_token(row)


def _columns(terms: Terms, business: Business, *, token_id: UUID) -> dict[str, Any]:
    """Check terms and return them as a row has them. Raises InvalidTerms with fields, SymbolTaken."""
    agreed = business.platform_allocation_bps
    if terms.platform_bps is None:
        terms = replace(terms, platform_bps=agreed)
    currency = _currency(terms)
    rules.check_terms(terms, countries=countries.countries)
    _check_promises(terms, agreed=agreed)
    _check_free(terms, token_id=token_id)
    return {
        "kind": terms.kind,
        "name": terms.name,
        "symbol": terms.symbol,
        "isin": terms.isin,
        "decimals": terms.decimals,
        "total_supply": terms.total_supply,
        "price_per_token": terms.price_per_token,
        "raise_currency_id": terms.raise_currency,
        "raise_decimals": currency.decimals,
        "min_investment": terms.min_investment,
        "max_investment": terms.max_investment,
        "jurisdiction": terms.jurisdiction,
        "eligible_countries": sorted(terms.eligible_countries),
        "eligible_classes": sorted(map(str, terms.eligible_classes)),
        "min_kyc_level": terms.min_kyc_level,
        "primary_offering_bps": terms.primary_bps,
        "team_bps": terms.team_bps,
        "reserve_bps": terms.reserve_bps,
        "platform_allocation_bps": terms.platform_bps,
        "soft_cap": terms.soft_cap,
        "cooling_off_hours": terms.cooling_off_hours,
        "metadata": dict(terms.metadata),
        "primary_allotment": rules.divide_supply(terms).primary,
    }


def _currency(terms: Terms) -> Asset:
    found = [asset for asset in selectors.raise_currencies() if asset.code == terms.raise_currency]
    if not found:
        raise _wrong("raise_currency", "Choose a currency that money is raised in.")
    return found[0]


def _check_promises(terms: Terms, *, agreed: int) -> None:
    if (terms.platform_bps or 0) < agreed:
        least = money.text(agreed, decimals=2)
        raise _wrong("platform_allocation_pct", f"The business agreed to at least {least} %.")
    if terms.isin and not (isin.is_valid(terms.isin) and isin.compact(terms.isin) == terms.isin):
        raise _wrong("isin", "This is no ISIN: its check digit or its form is wrong.")


def _check_free(terms: Terms, *, token_id: UUID) -> None:
    others = models.Token.objects.exclude(pk=token_id)
    if others.filter(symbol=terms.symbol).exists() or terms.symbol in {a.code for a in ledger.assets()}:
        raise _taken(f"Something else is called {terms.symbol}.")
    if terms.isin and others.filter(isin=terms.isin).exists():
        raise _taken("Another token has this ISIN.")


def _wrong(field: str, sentence: str) -> InvalidTerms:
    return InvalidTerms(sentence, fields={field: [sentence]})


def _taken(sentence: str) -> SymbolTaken:
    return SymbolTaken(sentence, next_step="Choose another one.")


def _insert(row: models.Token) -> bool:
    """Insert a row; tell whether it wasn't inserted by the same request at the same moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if models.Token.objects.filter(pk=row.pk).exists():
            return False
        raise _taken("Somebody has just taken this symbol or ISIN.") from error
    return True


def _update(row: models.Token, fields: list[str]) -> None:
    try:
        with transaction.atomic():
            row.save(update_fields=fields)
    except IntegrityError as error:
        raise _taken("Somebody has just taken this symbol or ISIN.") from error
