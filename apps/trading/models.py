"""The tables of the market. Orders, trades and the journal are written by the sequencer alone.

`instrument` is an instrument's number. Rows that are written by the thousand name it and their account
without a foreign key, because one check for each row would lock the same few rows again.
"""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.trading.states import LIVE
from apps.trading.types import (
    OrderStatus,
    OrderType,
    Reason,
    SelfTrade,
    SettlementStatus,
    SettlementType,
    Side,
    TimeInForce,
    TradingState,
    VenueOp,
)


def _choices(enum: Iterable[Any]) -> list[tuple[str, str]]:
    return [(str(value), str(value)) for value in enum]


def _one_of(field: str, enum: Iterable[Any], name: str) -> models.CheckConstraint:
    values = sorted(str(value) for value in enum)
    return models.CheckConstraint(condition=Q(**{f"{field}__in": values}), name=name)


class Instrument(models.Model):
    """`number` is the engine's. Steps and assets never change; the sequencer writes state and collar."""

    id = models.UUIDField(primary_key=True)
    number = models.PositiveIntegerField(unique=True)
    symbol = models.CharField(max_length=40, unique=True)
    asset = models.CharField(max_length=40)
    quote = models.CharField(max_length=40)
    asset_decimals = models.PositiveSmallIntegerField()
    quote_decimals = models.PositiveSmallIntegerField()
    tick = models.BigIntegerField()
    lot = models.BigIntegerField()
    lowest = models.BigIntegerField(default=0)
    highest = models.BigIntegerField(default=0)
    buyer_maker_bps = models.PositiveSmallIntegerField()
    buyer_taker_bps = models.PositiveSmallIntegerField()
    seller_maker_bps = models.PositiveSmallIntegerField()
    seller_taker_bps = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=_choices(TradingState))
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(tick__gt=0, lot__gt=0), name="trading_instrument_steps"),
            models.CheckConstraint(
                condition=Q(lowest__gte=0, highest__gte=0) & (Q(highest=0) | Q(lowest__lte=F("highest"))),
                name="trading_instrument_collar",
            ),
            models.CheckConstraint(
                condition=Q(
                    buyer_maker_bps__lte=1000,
                    buyer_taker_bps__lte=1000,
                    seller_maker_bps__lte=1000,
                    seller_taker_bps__lte=1000,
                ),
                name="trading_instrument_fees",
            ),
            _one_of("state", TradingState, "trading_instrument_state_known"),
        ]

    def __str__(self) -> str:
        return self.symbol


class TradingAccount(models.Model):
    """Somebody who trades, and the small number by which the engine and the journal know them."""

    number = models.AutoField(primary_key=True)
    owner = models.UUIDField(unique=True)
    frozen = models.BooleanField(default=False)
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)


class Order(models.Model):
    """An order, as the last batch that touched it left it.

    `number` is the engine's id: the sequence of the command that brought it, empty for one that was refused
    before the engine saw it. `priority` is the sequence that last put it at the end of its queue.
    """

    id = models.UUIDField(primary_key=True)
    instrument = models.PositiveIntegerField()
    account = models.ForeignKey(
        TradingAccount, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    client_order_id = models.CharField(max_length=64, db_collation="C")
    number = models.BigIntegerField(null=True)
    priority = models.BigIntegerField(null=True)
    side = models.CharField(max_length=4, choices=_choices(Side))
    order_type = models.CharField(max_length=8, choices=_choices(OrderType))
    time_in_force = models.CharField(max_length=4, choices=_choices(TimeInForce))
    self_trade = models.CharField(max_length=16, choices=_choices(SelfTrade))
    post_only = models.BooleanField()
    price = models.BigIntegerField()
    quantity = models.BigIntegerField()
    filled_quantity = models.BigIntegerField()
    remaining = models.BigIntegerField()
    maker_bps = models.PositiveSmallIntegerField()
    taker_bps = models.PositiveSmallIntegerField()
    maker_notional = models.BigIntegerField()
    taker_notional = models.BigIntegerField()
    fee = models.BigIntegerField()
    status = models.CharField(max_length=16, choices=_choices(OrderStatus))
    reason = models.CharField(max_length=32, choices=_choices(Reason), blank=True)
    expires_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    is_live = models.GeneratedField(
        expression=models.Case(models.When(remaining__gt=0, then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "client_order_id"], name="trading_order_once"),
            models.UniqueConstraint(fields=["instrument", "number"], name="trading_order_number"),
            _one_of("side", Side, "trading_order_side_known"),
            _one_of("status", OrderStatus, "trading_order_status_known"),
            models.CheckConstraint(
                condition=Q(
                    quantity__gt=0, price__gte=0, filled_quantity__gte=0, remaining__gte=0, fee__gte=0
                ),
                name="trading_order_amounts",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(map(str, LIVE)), remaining__gt=0, number__isnull=False)
                & Q(quantity=F("filled_quantity") + F("remaining"))
                | ~Q(status__in=sorted(map(str, LIVE))) & Q(remaining=0, filled_quantity__lte=F("quantity")),
                name="trading_order_remaining",
            ),
            models.CheckConstraint(
                condition=~Q(status=str(OrderStatus.FILLED)) | Q(filled_quantity=F("quantity")),
                name="trading_order_filled",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="trading_order_of_account"),
            models.Index(
                fields=["instrument", "priority"], condition=Q(is_live=True), name="trading_order_live"
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(is_live=True, expires_at__isnull=False),
                name="trading_order_expiring",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class OrderStatusHistory(models.Model):
    """Every step of every order, with its reason."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    status = models.CharField(max_length=16, choices=_choices(OrderStatus))
    reason = models.CharField(max_length=32, choices=_choices(Reason), blank=True)
    sequence = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "order_status_history"
        indexes = [models.Index(fields=["order", "id"], name="order_status_history_order")]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"


class Trade(models.Model):
    """Two orders that traded: `sequence` is the command that did it, `fill` counts its trades."""

    id = models.UUIDField(primary_key=True)
    instrument = models.PositiveIntegerField()
    sequence = models.BigIntegerField()
    fill = models.PositiveIntegerField()
    buy_order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    sell_order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    taker_side = models.CharField(max_length=4, choices=_choices(Side))
    price = models.BigIntegerField()
    quantity = models.BigIntegerField()
    notional = models.BigIntegerField()
    buyer_fee = models.BigIntegerField()
    seller_fee = models.BigIntegerField()
    executed_at = models.DateTimeField()
    settlement_status = models.CharField(
        max_length=16,
        choices=_choices(SettlementStatus),
        default=str(SettlementStatus.PENDING),
        db_default=str(SettlementStatus.PENDING),
    )
    settlement_type = models.CharField(
        max_length=16,
        choices=_choices(SettlementType),
        default=str(SettlementType.ON_CHAIN),
        db_default=str(SettlementType.ON_CHAIN),
    )
    settlement_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    settle_after = models.DateTimeField(null=True)  # not tried again before this instant
    tx_hash = models.CharField(max_length=66, blank=True, default="", db_default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "sequence", "fill"], name="trading_trade_once"),
            models.CheckConstraint(
                condition=Q(price__gt=0, quantity__gt=0, notional__gt=0, buyer_fee__gte=0, seller_fee__gte=0),
                name="trading_trade_amounts",
            ),
            _one_of("settlement_status", SettlementStatus, "trading_trade_settlement_known"),
            _one_of("settlement_type", SettlementType, "trading_trade_settlement_type_known"),
            models.CheckConstraint(
                condition=Q(settlement_status=str(SettlementStatus.SETTLED), settled_at__isnull=False)
                & (Q(settlement_type=str(SettlementType.OFF_CHAIN)) | ~Q(tx_hash=""))
                | ~Q(settlement_status=str(SettlementStatus.SETTLED)) & Q(settled_at=None),
                name="trading_trade_settled_somewhere",
            ),
        ]
        indexes = [
            models.Index(
                fields=["instrument", "sequence", "fill"],
                condition=~Q(settlement_status=str(SettlementStatus.SETTLED)),
                name="trading_trade_unsettled",
            ),
            models.Index(fields=["instrument", "executed_at"], name="trading_trade_time"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class JournalBatch(models.Model):
    """Commands and events of one batch, as the engine's own records (MAT-7). Numbers leave no gap."""

    pk = models.CompositePrimaryKey("instrument", "first")
    instrument = models.PositiveIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    epoch = models.BigIntegerField()
    inbox_id = models.CharField(max_length=48)
    commands = models.BinaryField()
    events = models.BinaryField()
    state_hash = models.BinaryField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["instrument", "last"], name="trading_journal_once"),
            models.CheckConstraint(
                condition=Q(first__gt=0, last__gte=F("first")), name="trading_journal_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.first}-{self.last}"


class Lease(models.Model):
    """Who sequences an instrument, and how far that is (MAT-8). `epoch` rises with every new holder."""

    instrument = models.PositiveIntegerField(primary_key=True)
    epoch = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=64, blank=True)
    renewed_at = models.DateTimeField()
    sequence = models.BigIntegerField(default=0)
    inbox_id = models.CharField(max_length=48, default="0-0")
    last_order = models.BigIntegerField(default=0)
    last_price = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.pk}: {self.holder}"


class Snapshot(models.Model):
    """The engine's state at the last checkpoint; recovery replays the journal from here and compares."""

    instrument = models.PositiveIntegerField(primary_key=True)
    sequence = models.BigIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.pk}: {self.sequence}"


class VenueCommand(models.Model):
    """What the venue asks of a sequencer: halts, freezes, expiry. `sequence` is where it took effect."""

    id = models.BigAutoField(primary_key=True)
    instrument = models.PositiveIntegerField()
    op = models.CharField(max_length=16, choices=_choices(VenueOp))
    order = models.BigIntegerField(null=True)
    account = models.IntegerField(null=True)
    lowest = models.BigIntegerField(default=0)
    highest = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    sequence = models.BigIntegerField(null=True)

    class Meta:
        constraints = [_one_of("op", VenueOp, "trading_venue_command_known")]
        indexes = [
            models.Index(
                fields=["instrument", "id"],
                condition=Q(done_at__isnull=True),
                name="trading_venue_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.op}"
