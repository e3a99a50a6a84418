"""What the API's requests and answers look like. Amounts and percentages are decimal text."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from rest_framework import serializers

from apps.accounts.types import Accreditation
from apps.common import money
from apps.common.serializers import CountField, StrictSerializer, TextField
from apps.tokens import models, rules, selectors
from apps.tokens.types import Allocation, Token


class TermsInput(StrictSerializer):
    """The terms of a token; every field is optional here, and which are needed the rules say."""

    name = TextField(max_length=80, required=False)
    symbol = TextField(max_length=11, required=False)
    kind = TextField(max_length=16, required=False, help_text="equity")
    isin = TextField(max_length=12, required=False, allow_blank=True)
    decimals = CountField(min_value=0, max_value=rules.MAX_DECIMALS, required=False)
    total_supply = TextField(max_length=24, required=False, help_text="in tokens")
    price_per_token = TextField(max_length=24, required=False, help_text="for one whole token")
    raise_currency = TextField(max_length=40, required=False)
    min_investment = TextField(max_length=24, required=False)
    max_investment = TextField(max_length=24, required=False, allow_null=True, help_text="null: no maximum")
    jurisdiction = TextField(max_length=2, required=False)
    eligible_countries = serializers.ListField(
        child=TextField(max_length=2), max_length=300, required=False, help_text="empty: all"
    )
    eligible_classes = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(each) for each in Accreditation]),
        max_length=len(Accreditation),
        required=False,
        help_text="empty: all",
    )
    min_kyc_level = CountField(min_value=0, max_value=9, required=False)
    primary_offering_pct = TextField(max_length=6, required=False)
    team_pct = TextField(max_length=6, required=False)
    reserve_pct = TextField(max_length=6, required=False)
    platform_allocation_pct = TextField(
        max_length=6, required=False, help_text="out of the reserve; if absent, what the business agreed to"
    )
    soft_cap = TextField(max_length=24, required=False, allow_null=True, help_text="null: none")
    cooling_off_hours = CountField(min_value=0, max_value=10_000, required=False, allow_null=True)
    metadata = serializers.DictField(required=False, help_text="a flat object; at most 16 KB")


class TokenInput(TermsInput):
    business_id = serializers.UUIDField()


class TokenChange(TermsInput):
    version = CountField(min_value=1, max_value=2**31 - 2, help_text="the one that was read")


class TokenOutput(serializers.Serializer[models.Token]):
    """A token with its terms, its offering, and where it is on chain."""

    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    status = serializers.CharField()
    trading_mode = serializers.CharField()
    name = serializers.CharField()
    symbol = serializers.CharField()
    kind = serializers.CharField()
    isin = serializers.CharField(allow_blank=True)
    decimals = serializers.IntegerField()
    total_supply = serializers.CharField()
    price_per_token = serializers.CharField()
    raise_currency = serializers.CharField()
    min_investment = serializers.CharField()
    max_investment = serializers.CharField(allow_null=True)
    jurisdiction = serializers.CharField()
    eligible_countries = serializers.ListField(child=serializers.CharField())
    eligible_classes = serializers.ListField(child=serializers.CharField())
    min_kyc_level = serializers.IntegerField()
    primary_offering_pct = serializers.CharField()
    team_pct = serializers.CharField()
    reserve_pct = serializers.CharField()
    platform_allocation_pct = serializers.CharField()
    soft_cap = serializers.CharField(allow_null=True)
    cooling_off_hours = serializers.IntegerField(allow_null=True)
    metadata = serializers.DictField()
    primary_allotment = serializers.CharField(help_text="what is offered, in tokens")
    tokens_sold = serializers.CharField(help_text="confirmed")
    tokens_reserved = serializers.CharField(help_text="subscribed, and not confirmed yet")
    total_raised = serializers.CharField()
    primary_start = serializers.DateTimeField(allow_null=True)
    primary_end = serializers.DateTimeField(allow_null=True)
    listed_at = serializers.DateTimeField(allow_null=True, help_text="when its market was first opened")
    success_fee = serializers.CharField(allow_null=True, help_text="what the platform took of the raise")
    paid_out = serializers.CharField(allow_null=True, help_text="what the issuer got of it")
    deploy_requested_at = serializers.DateTimeField(allow_null=True)
    deployed_at = serializers.DateTimeField(allow_null=True)
    deploy_error = serializers.CharField(allow_blank=True)
    contract_address = serializers.CharField(allow_blank=True)
    identity_registry_addr = serializers.CharField(allow_blank=True)
    compliance_addr = serializers.CharField(allow_blank=True)
    claim_topics_addr = serializers.CharField(allow_blank=True)
    trusted_issuers_addr = serializers.CharField(allow_blank=True)
    deploy_tx_hash = serializers.CharField(allow_blank=True)
    deploy_gas_used = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: models.Token) -> dict[str, Any]:
        """Write a row as the frozen view of it is written."""
        return token_body(selectors.as_token(instance))


class AllocationOutput(serializers.Serializer[models.Allocation]):
    """What an investor subscribed, and how far it is."""

    id = serializers.UUIDField()
    token_id = serializers.UUIDField()
    investor_id = serializers.UUIDField()
    symbol = serializers.CharField()
    allocation_type = serializers.CharField()
    status = serializers.CharField()
    quantity = serializers.CharField(help_text="in tokens")
    price_per_token = serializers.CharField()
    cost = serializers.CharField()
    raise_currency = serializers.CharField()
    cooling_off_until = serializers.DateTimeField(allow_null=True)
    cooling_off_waived_at = serializers.DateTimeField(allow_null=True)
    on_chain_status = serializers.CharField()
    on_chain_tx_hash = serializers.CharField(allow_blank=True)
    on_chain_error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="until when a pending payment can be confirmed")
    confirmed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    locked_until = serializers.DateTimeField(allow_null=True, help_text="null: it can be sold")

    def to_representation(self, instance: models.Allocation) -> dict[str, Any]:
        """Write a row as the frozen view of it is written."""
        return allocation_body(selectors.as_allocation(instance))


def token_body(token: Token) -> dict[str, Any]:
    """Return a token as plain JSON."""
    units = {
        name: money.text(getattr(token, name), decimals=token.terms.decimals)
        for name in ("primary_allotment", "tokens_sold", "tokens_reserved")
    }
    contracts = token.contracts
    return {
        "id": str(token.id),
        "business_id": str(token.business_id),
        "status": str(token.status),
        "trading_mode": str(token.trading_mode),
        **rules.write_terms(token.terms, cash_decimals=token.cash_decimals),
        **units,
        "total_raised": money.text(token.total_raised, decimals=token.cash_decimals),
        **{name: _cash(getattr(token, name), token) for name in ("success_fee", "paid_out")},
        **_times(token, ("primary_start", "primary_end", "listed_at", "deploy_requested_at", "deployed_at")),
        "deploy_error": token.deploy_error,
        "contract_address": contracts.contract_address,
        "identity_registry_addr": contracts.identity_registry_addr,
        "compliance_addr": contracts.compliance_addr,
        "claim_topics_addr": contracts.claim_topics_addr,
        "trusted_issuers_addr": contracts.trusted_issuers_addr,
        "deploy_tx_hash": contracts.tx_hash,
        "deploy_gas_used": contracts.gas_used,
        "version": token.version,
        **_times(token, ("created_at",)),
    }


def allocation_body(allocation: Allocation) -> dict[str, Any]:
    """Return an allocation as plain JSON."""
    cash = allocation.cash_decimals
    return {
        "id": str(allocation.id),
        "token_id": str(allocation.token_id),
        "investor_id": str(allocation.investor_id),
        "symbol": allocation.symbol,
        "allocation_type": str(allocation.allocation_type),
        "status": str(allocation.status),
        "quantity": money.text(allocation.quantity, decimals=allocation.decimals),
        "price_per_token": money.text(allocation.price, decimals=cash),
        "cost": money.text(allocation.cost, decimals=cash),
        "raise_currency": allocation.raise_currency,
        **_times(allocation, ("cooling_off_until", "cooling_off_waived_at")),
        "on_chain_status": str(allocation.on_chain_status),
        "on_chain_tx_hash": allocation.on_chain_tx_hash,
        "on_chain_error": allocation.on_chain_error,
        **_times(allocation, ("created_at", "expires_at", "confirmed_at", "ended_at", "locked_until")),
    }


def texts(ids: Iterable[UUID]) -> list[str]:
    """Return ids as text."""
    return [str(each) for each in ids]


def _cash(units: int | None, token: Token) -> str | None:
    return None if units is None else money.text(units, decimals=token.cash_decimals)


def _times(source: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: _time(getattr(source, name)) for name in names}


def _time(at: datetime | None) -> Any:
    return None if at is None else serializers.DateTimeField().to_representation(at)
