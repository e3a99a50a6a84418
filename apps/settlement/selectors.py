"""What staff may know of settlement. Trades are read by the market, with both their sides."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.settlement import models
from apps.settlement.types import Batch, BatchState, Change
from apps.trading import services as trading
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
    found = trading.trade_rows(status=status, instrument_id=instrument_id, search=search)
    if before is not None:
        found = found.filter(pk__lt=before)
    return trading.as_settlings(found=found[: min(limit, MAX_PAGE)])


def trade(trade_id: UUID) -> SettlingTrade:
    """Return one trade. Raises UnknownTrade."""
    return trading.settling_trade(trade_id=trade_id)


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
    return trading.unsettled_counts()


def oldest_pending() -> datetime | None:
    """Return when the oldest trade was made that still waits."""
    return trading.oldest_unsettled()


def is_settled(instrument_id: UUID) -> bool:
    """Tell whether every trade of an instrument is settled."""
    return not trading.has_unsettled(instrument_id=instrument_id)


def batches(instrument_id: UUID, *, limit: int = MAX_PAGE) -> list[Batch]:
    """Return an instrument's newest batches."""
    found = models.Batch.objects.filter(instrument_id=instrument_id).order_by("-id")
    return [
        Batch(
            row.pk,
            row.instrument_id,
            row.intent_id,
            BatchState(row.state),
            row.size,
            row.settled,
            row.begun_at,
            row.ended_at,
        )
        for row in found[: min(limit, MAX_PAGE)]
    ]


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
