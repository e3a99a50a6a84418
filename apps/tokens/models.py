"""Tokens, what was subscribed of them, and their history. The laws are the constraints and the migrations.

Businesses and people are named by their ids. `decimals` and `raise_decimals` never change once somebody
can own the token, so rows of allocations name no digits of their own.
"""

from django.db import models
from django.db.models import F, Q

from apps.accounts.types import Accreditation
from apps.common.ids import new_id
from apps.common.laws import choices, one_of
from apps.tokens.types import AllocationStatus, AllocationType, Kind, OnChainStatus, TokenStatus, TradingMode


class Token(models.Model):
    """A security of a business; its terms don't change once its deployment was asked for."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    business_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=16, choices=choices(Kind))
    name = models.CharField(max_length=80)
    symbol = models.CharField(max_length=11, unique=True, db_collation="C")  # the ledger's asset code
    isin = models.CharField(max_length=12, blank=True)
    decimals = models.PositiveSmallIntegerField()
    total_supply = models.BigIntegerField()  # base units
    price_per_token = models.BigIntegerField()  # money for one whole token
    raise_currency = models.ForeignKey(
        "ledger.Asset", on_delete=models.PROTECT, related_name="+", db_column="raise_currency"
    )
    raise_decimals = models.PositiveSmallIntegerField()
    min_investment = models.BigIntegerField()
    max_investment = models.BigIntegerField(null=True)
    jurisdiction = models.CharField(max_length=2)
    eligible_countries = models.JSONField(default=list)
    eligible_classes = models.JSONField(default=list)
    min_kyc_level = models.PositiveSmallIntegerField()
    primary_offering_bps = models.PositiveSmallIntegerField()
    team_bps = models.PositiveSmallIntegerField()
    reserve_bps = models.PositiveSmallIntegerField()
    platform_allocation_bps = models.PositiveSmallIntegerField()
    soft_cap = models.BigIntegerField(null=True)
    cooling_off_hours = models.PositiveSmallIntegerField(null=True)
    metadata = models.JSONField(default=dict)

    status = models.CharField(max_length=16, choices=choices(TokenStatus), default=TokenStatus.DRAFT)
    trading_mode = models.CharField(
        max_length=24, choices=choices(TradingMode), default=TradingMode.PRIMARY_SUBSCRIPTION
    )
    primary_allotment = models.BigIntegerField()  # base units
    tokens_sold = models.BigIntegerField(default=0)
    tokens_reserved = models.BigIntegerField(default=0)
    total_raised = models.BigIntegerField(default=0)
    primary_start = models.DateTimeField(null=True)
    primary_end = models.DateTimeField(null=True)

    listed_at = models.DateTimeField(null=True)
    success_fee = models.BigIntegerField(null=True)  # money

    deploy_requested_at = models.DateTimeField(null=True)
    deployed_at = models.DateTimeField(null=True)
    deploy_error = models.CharField(max_length=500, blank=True)
    contract_address = models.CharField(max_length=42, blank=True)
    identity_registry_addr = models.CharField(max_length=42, blank=True)
    compliance_addr = models.CharField(max_length=42, blank=True)
    claim_topics_addr = models.CharField(max_length=42, blank=True)
    trusted_issuers_addr = models.CharField(max_length=42, blank=True)
    deploy_tx_hash = models.CharField(max_length=66, blank=True)
    deploy_gas_used = models.BigIntegerField(null=True)

    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "tokens"
        constraints = [
            one_of("kind", Kind, "token_kind_known"),
            one_of("status", TokenStatus, "token_status_known"),
            one_of("trading_mode", TradingMode, "token_trading_mode_known"),
            models.UniqueConstraint(fields=["isin"], condition=~Q(isin=""), name="token_isin_once"),
            models.CheckConstraint(condition=Q(decimals__lte=8), name="token_decimals"),
            models.CheckConstraint(
                condition=Q(total_supply__gt=0, total_supply__lt=2**62, price_per_token__gt=0),
                name="token_amounts_positive",
            ),
            models.CheckConstraint(
                condition=Q(min_investment__gte=0)
                & (Q(max_investment=None) | Q(max_investment__gte=F("min_investment")))
                & (Q(soft_cap=None) | Q(soft_cap__gt=0)),
                name="token_limits_sound",
            ),
            models.CheckConstraint(
                condition=Q(reserve_bps=10_000 - F("primary_offering_bps") - F("team_bps")),
                name="token_shares_make_the_whole",
            ),
            models.CheckConstraint(
                condition=Q(platform_allocation_bps__lte=F("reserve_bps")), name="token_platform_in_reserve"
            ),
            models.CheckConstraint(
                condition=Q(tokens_sold__gte=0, tokens_reserved__gte=0, total_raised__gte=0)
                & Q(primary_allotment__lte=F("total_supply"))
                & Q(tokens_sold__lte=F("primary_allotment") - F("tokens_reserved")),
                name="token_allotment_not_exceeded",
            ),
            models.CheckConstraint(
                condition=~Q(trading_mode=TradingMode.FULL_ORDERBOOK) | Q(status=TokenStatus.SECONDARY),
                name="token_orderbook_only_in_secondary",
            ),
            models.CheckConstraint(
                condition=Q(status=TokenStatus.DRAFT)
                | Q(deployed_at__isnull=False, primary_start__lt=F("primary_end")),
                name="token_offered_when_deployed",
            ),
            models.CheckConstraint(
                condition=Q(listed_at=None, success_fee=None)
                | Q(listed_at__isnull=False, success_fee__gte=0, success_fee__lte=F("total_raised")),
                name="token_fee_when_listed",
            ),
            models.CheckConstraint(
                condition=~Q(
                    status__in=[
                        TokenStatus.SECONDARY,
                        TokenStatus.PAUSED,
                        TokenStatus.MATURED,
                        TokenStatus.DELISTED,
                    ]
                )
                | Q(listed_at__isnull=False),
                name="token_traded_when_listed",
            ),
            models.CheckConstraint(
                condition=Q(deployed_at=None)
                | (Q(deploy_requested_at__isnull=False) & ~Q(contract_address="")),
                name="token_deployed_somewhere",
            ),
        ]
        indexes = [models.Index(fields=["status", "-primary_start"], name="token_status")]

    def __str__(self) -> str:
        return self.symbol


class Allocation(models.Model):
    """A part of an offering that an investor subscribed, or of the supply that was handed out at the go-live.

    Its id is also that of its hold and of its line in the wallet, so that each is made once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="+")
    investor_id = models.UUIDField()
    allocation_type = models.CharField(
        max_length=16, choices=choices(AllocationType), default=AllocationType.PRIMARY
    )
    status = models.CharField(
        max_length=16, choices=choices(AllocationStatus), default=AllocationStatus.PENDING_PAYMENT
    )
    quantity = models.BigIntegerField()  # base units of the token
    price = models.BigIntegerField()  # money for one whole token, as it was subscribed
    cost = models.BigIntegerField()  # money
    investor_class = models.CharField(max_length=16, choices=choices(Accreditation))
    cooling_off_hours = models.PositiveSmallIntegerField()
    cooling_off_until = models.DateTimeField(null=True)
    cooling_off_waived_at = models.DateTimeField(null=True)
    on_chain_status = models.CharField(
        max_length=16, choices=choices(OnChainStatus), default=OnChainStatus.NONE
    )
    on_chain_tx_hash = models.CharField(max_length=66, blank=True)
    on_chain_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)
    minted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "token_allocations"
        constraints = [
            one_of("allocation_type", AllocationType, "allocation_type_known"),
            one_of("status", AllocationStatus, "allocation_status_known"),
            one_of("on_chain_status", OnChainStatus, "allocation_on_chain_status_known"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, price__gt=0)
                & (
                    Q(allocation_type=AllocationType.PRIMARY, cost__gt=0)
                    | ~Q(allocation_type=AllocationType.PRIMARY) & Q(cost=0)
                ),
                name="allocation_amounts_positive",
            ),
            models.UniqueConstraint(
                fields=["token", "allocation_type"],
                condition=~Q(allocation_type=AllocationType.PRIMARY),
                name="allocation_granted_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[AllocationStatus.CONFIRMED, AllocationStatus.REFUNDED])
                & Q(confirmed_at__isnull=False, cooling_off_until__isnull=False)
                | ~Q(status__in=[AllocationStatus.CONFIRMED, AllocationStatus.REFUNDED])
                & Q(confirmed_at=None, cooling_off_until=None),
                name="allocation_confirmed_at_once",
            ),
            models.CheckConstraint(
                condition=Q(on_chain_status=OnChainStatus.NONE) | Q(status=AllocationStatus.CONFIRMED),
                name="allocation_minted_only_confirmed",
            ),
        ]
        indexes = [
            models.Index(fields=["investor_id", "-created_at"], name="allocation_of_investor"),
            models.Index(fields=["token", "status"], name="allocation_of_token"),
            models.Index(
                fields=["token", "id"],
                name="allocation_due_for_mint",
                condition=Q(status=AllocationStatus.CONFIRMED, on_chain_status=OnChainStatus.NONE),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TokenStatusHistory(models.Model):
    """Every status a token had; append-only."""

    token = models.ForeignKey(Token, on_delete=models.PROTECT, related_name="+")
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16)
    actor = models.CharField(max_length=160)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "token_status_history"
