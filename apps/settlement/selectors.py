"""What staff may know of settlement. The trades themselves are read from the market's selectors."""

from uuid import UUID

from apps.settlement import models
from apps.settlement.types import Batch, BatchState, Change
from apps.trading.types import SettlementStatus


def history(trade_id: UUID) -> list[Change]:
    """Return every step of a trade's settlement, oldest first."""
    found = models.TradeSettlementHistory.objects.filter(trade_id=trade_id).order_by("id")
    return [_change(row) for row in found]


def batch_of(trade_id: UUID) -> Batch | None:
    """Return the newest batch that a trade was in, None for one that was in none yet."""
    found = models.BatchItem.objects.filter(trade_id=trade_id).select_related("batch").order_by("-batch")
    item = found.first()
    return _batch(item.batch) if item else None


def trades_of_batch(batch_id: UUID) -> list[UUID]:
    """Return the ids of a batch's trades, in their order; none for a batch that isn't there."""
    found = models.BatchItem.objects.filter(batch=batch_id).order_by("number")
    return list(found.values_list("trade_id", flat=True))


def _batch(row: models.Batch) -> Batch:
    return Batch(
        row.pk,
        row.instrument_id,
        row.intent_id,
        BatchState(row.state),
        row.size,
        row.settled,
        row.begun_at,
        row.ended_at,
    )


def _change(row: models.TradeSettlementHistory) -> Change:
    return Change(
        status=SettlementStatus(row.status),
        reason=row.reason,
        detail=row.detail,
        attempt=row.attempt,
        tx_hash=row.tx_hash,
        batch_id=row.batch_id,
        blocked_by=row.blocked_by,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        at=row.at,
    )
