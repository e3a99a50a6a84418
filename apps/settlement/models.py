"""Batches on their way to the chain, and every step of every trade. How far a trade is stands with the trade.

Trades, instruments and what was asked of the chain are named by their ids.
"""

from django.db import models
from django.db.models import F, Q

from apps.common.ids import new_id
from apps.common.laws import choices, one_of
from apps.settlement.types import BatchState
from apps.trading.types import SettlementStatus


class Batch(models.Model):
    """Trades of one instrument that are sent together; one batch of an instrument is under way at a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    instrument_id = models.UUIDField()
    intent_id = models.UUIDField(unique=True)
    state = models.CharField(max_length=16, choices=choices(BatchState), default=BatchState.UNDER_WAY)
    size = models.PositiveSmallIntegerField()
    settled = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            one_of("state", BatchState),
            models.UniqueConstraint(
                fields=["instrument_id"],
                condition=Q(state=BatchState.UNDER_WAY),
                name="settlement_one_batch_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(size__gt=0, settled__lte=F("size")), name="settlement_batch_counts"
            ),
            models.CheckConstraint(
                condition=Q(state=BatchState.UNDER_WAY, ended_at__isnull=True)
                | ~Q(state=BatchState.UNDER_WAY) & Q(ended_at__isnull=False),
                name="settlement_batch_ends",
            ),
        ]
        indexes = [models.Index(fields=["instrument_id", "-id"], name="settlement_batch_instrument")]

    def __str__(self) -> str:
        return str(self.pk)


class BatchItem(models.Model):
    """A trade in a batch; `number` is its place."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    trade_id = models.UUIDField()
    number = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="settlement_item_place"),
            models.UniqueConstraint(fields=["trade_id", "batch"], name="settlement_item_once"),
        ]

    def __str__(self) -> str:
        return str(self.trade_id)


class TradeSettlementHistory(models.Model):
    """One step of a trade's settlement, and why it was taken."""

    id = models.BigAutoField(primary_key=True)
    trade_id = models.UUIDField()
    status = models.CharField(max_length=16, choices=choices(SettlementStatus))
    reason = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    attempt = models.PositiveSmallIntegerField()
    tx_hash = models.CharField(max_length=66, blank=True)
    batch_id = models.UUIDField(null=True)
    blocked_by = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "trade_settlement_history"
        constraints = [one_of("status", SettlementStatus)]
        indexes = [
            models.Index(fields=["trade_id", "id"], name="trade_settlement_history_trade"),
            models.Index(
                fields=["blocked_by"],
                condition=Q(blocked_by__isnull=False),
                name="trade_settlement_blocked_by",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trade_id} {self.status}"
