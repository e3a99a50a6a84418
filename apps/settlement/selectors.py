"""What staff may know of settlement. Trades are read by the market, with both their sides."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.settlement import models
from apps.settlement.types import Batch, BatchState, Change
from apps.trading import selectors as trading
from apps.trading.types import SettlementStatus, SettlingTrade

MAX_PAGE = 200


def trades(
    *,
    status: str = "",
    instrument_id: UUID | None = None,
    search: str = "",
    before: UUID | None = None,
    limit: int = MAX_PAGE,
) -> list[SettlingTrade]:
    """Return the newest trades that match; `search` is a trade's id or the hash of a transaction.

    `before` is the last trade of the page before this one.
    """
    found = trade_rows(status=status, instrument_id=instrument_id, search=search)
    if before is not None:
        found = found.filter(pk__lt=before)
    return as_trades(found[: min(limit, MAX_PAGE)])


def trade_rows(*, status: str = "", instrument_id: UUID | None = None, search: str = "") -> QuerySet[Any]:
    """Return the trades that match as rows, newest first, for whoever turns pages; see `as_trades`."""
    return trading.settling_rows(status=status, instrument_id=instrument_id, search=search)


def as_trades(found: Iterable[Any]) -> list[SettlingTrade]:
    """Return the frozen views of rows."""
    return trading.as_settlings(found)


def trade(trade_id: UUID) -> SettlingTrade:
    """Return one trade. Raises UnknownTrade."""
    return trading.settling_trade(trade_id)


def history(trade_id: UUID) -> list[Change]:
    """Return every step of a trade's settlement, oldest first."""
    found = models.TradeSettlementHistory.objects.filter(trade_id=trade_id).order_by("id")
    return [_change(row) for row in found]


def blocked_by(ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return, for those of these trades whose last step says so, the trade that they wait for."""
    found = models.TradeSettlementHistory.objects.filter(trade_id__in=list(ids))
    last = found.order_by("trade_id", "-id").distinct("trade_id").values_list("trade_id", "blocked_by")
    return {trade_id: blocker for trade_id, blocker in last if blocker}


def counts() -> dict[SettlementStatus, int]:
    """Return how many trades wait, are under way and have failed."""
    return trading.count_unsettled()


def batches(instrument_id: UUID, *, limit: int = MAX_PAGE) -> list[Batch]:
    """Return an instrument's newest batches."""
    found = models.Batch.objects.filter(instrument_id=instrument_id).order_by("-id")
    return [_batch(row) for row in found[: min(limit, MAX_PAGE)]]


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
