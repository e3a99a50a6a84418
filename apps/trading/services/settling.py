"""How far each trade's way to the chain is: the only writers of a trade's settlement columns (SET-1).

Settlement decides, these verbs write: each moves many trades with one statement, and refuses a move that the
table of `states.SETTLEMENT` doesn't have.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from apps.common.db import needs_transaction, rows
from apps.common.errors import Conflict
from apps.common.transitions import advance
from apps.trading import models, selectors, states
from apps.trading.types import SettlementStatus, SettlingTrade


class TradeMoved(Conflict):
    """A trade's settlement has moved on meanwhile."""

    code = "trade_moved"


@needs_transaction
def claim_due(*, instrument_id: UUID, limit: int, at: datetime) -> list[SettlingTrade]:
    """Take an instrument's oldest trades that are due, in their order, and mark them as processing.

    What another transaction has locked is left out. Raises UnknownInstrument.
    """
    instrument = selectors.instrument(instrument_id)
    due = selectors.settling_due(at).filter(instrument=instrument.number).select_related(*selectors.SIDES)
    locked = due.select_for_update(of=("self",), skip_locked=True).order_by("sequence", "fill")
    found = [selectors.as_settling(row, instrument) for row in locked[:limit]]
    to = advance(states.SETTLEMENT, SettlementStatus.PENDING, SettlementStatus.PROCESSING)
    models.Trade.objects.filter(pk__in=[trade.id for trade in found]).update(settlement_status=str(to))
    return [replace(trade, status=to) for trade in found]


@needs_transaction
def lock_trades(*, ids: Iterable[UUID]) -> list[SettlingTrade]:
    """Lock trades and return them in their order. Raises UnknownTrade."""
    wanted = set(ids)
    chosen = models.Trade.objects.filter(pk__in=wanted).select_related(*selectors.SIDES)
    locked = chosen.select_for_update(of=("self",)).order_by("instrument", "sequence", "fill")
    found = selectors.as_settlings(locked)
    if len(found) < len(wanted):
        raise selectors.UnknownTrade("There is no such trade.")
    return found


@needs_transaction
def note_settled(*, hashes: Mapping[UUID, str], trades: Sequence[SettlingTrade], at: datetime) -> None:
    """Note that locked trades are settled, each by the transaction with its hash. Raises TradeMoved."""
    for trade in trades:
        advance(states.SETTLEMENT, trade.status, SettlementStatus.SETTLED)
    moved = rows(
        "UPDATE trading_trade t SET settlement_status = 'settled', tx_hash = n.tx_hash, settled_at = %s,"
        " settle_after = NULL, settlement_attempts = n.attempts"
        " FROM unnest(%s::uuid[], %s::text[], %s::integer[]) AS n (id, tx_hash, attempts)"
        " WHERE t.id = n.id AND t.settlement_status IN ('processing', 'failed') RETURNING t.id",
        [
            at,
            [trade.id for trade in trades],
            [hashes[trade.id] for trade in trades],
            [trade.attempts + (trade.status is SettlementStatus.PROCESSING) for trade in trades],
        ],
    )
    _check(moved, trades)


@needs_transaction
def put_back(*, trades: Sequence[SettlingTrade], attempts: Sequence[int], after: Sequence[datetime]) -> None:
    """Have locked trades that were processing wait again, with so many attempts each, until an instant each.

    Raises TradeMoved.
    """
    for trade in trades:
        advance(states.SETTLEMENT, trade.status, SettlementStatus.PENDING)
    moved = rows(
        "UPDATE trading_trade t SET settlement_status = 'pending', settlement_attempts = n.attempts,"
        " settle_after = n.after"
        " FROM unnest(%s::uuid[], %s::integer[], %s::timestamptz[]) AS n (id, attempts, after)"
        " WHERE t.id = n.id AND t.settlement_status = 'processing' RETURNING t.id",
        [[trade.id for trade in trades], list(attempts), list(after)],
    )
    _check(moved, trades)


@needs_transaction
def note_failed(*, trades: Sequence[SettlingTrade]) -> None:
    """Note that locked trades have failed, after one more attempt. Raises TradeMoved."""
    for trade in trades:
        advance(states.SETTLEMENT, trade.status, SettlementStatus.FAILED)
    moved = rows(
        "UPDATE trading_trade SET settlement_status = 'failed', settle_after = NULL,"
        " settlement_attempts = settlement_attempts + 1"
        " WHERE id = ANY (%s::uuid[]) AND settlement_status = 'processing' RETURNING id",
        [[trade.id for trade in trades]],
    )
    _check(moved, trades)


@needs_transaction
def reopen(*, trade: SettlingTrade, at: datetime) -> None:
    """Have a locked trade that has failed wait again, with all its attempts. Raises Conflict."""
    advance(states.SETTLEMENT, trade.status, SettlementStatus.PENDING)
    models.Trade.objects.filter(pk=trade.id).update(
        settlement_status=str(SettlementStatus.PENDING), settlement_attempts=0, settle_after=at
    )


@needs_transaction
def wake(*, ids: Iterable[UUID]) -> None:
    """Have those of these trades that wait be tried at once."""
    waiting = models.Trade.objects.filter(
        pk__in=list(ids), settlement_status=str(SettlementStatus.PENDING), settle_after__isnull=False
    )
    waiting.update(settle_after=None)


def _check(moved: Sequence[tuple[UUID, ...]], trades: Sequence[SettlingTrade]) -> None:
    if len(moved) < len(trades):
        raise TradeMoved("The settlement of a trade has moved on meanwhile.")
