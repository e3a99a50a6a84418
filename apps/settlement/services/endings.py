"""A batch came back from the chain. What happened is read there, never taken from the message (SET-2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.chain import selectors as chain
from apps.chain.types import Intent, IntentKind, IntentState, Settled
from apps.common.db import needs_transaction
from apps.common.transitions import advance
from apps.outbox.types import Message
from apps.settlement import models, states
from apps.settlement.services.batches import begin_batch
from apps.settlement.services.marking import mark, release
from apps.settlement.types import BatchState
from apps.trading import services as trading
from apps.trading.types import SettlementStatus, SettlingTrade

GAVE_UP = "chain_gave_up"
_GIVEN_UP = frozenset({IntentState.DEAD, IntentState.CANCELLED})


@needs_transaction
def note_completed(message: Message) -> None:
    """Mark the trades of a batch as the chain settled or refused them, and begin the next one."""
    _note(message)


@needs_transaction
def note_gave_up(message: Message) -> None:
    """Count an attempt of each trade in a batch that the chain gave up, and begin the next one."""
    _note(message)


def _note(message: Message) -> None:
    if message.payload["kind"] != IntentKind.SETTLEMENT:
        return
    batch = models.Batch.objects.select_for_update().filter(pk=message.payload["subject"]).first()
    if batch is None:
        return
    intent = chain.intent(batch.intent_id)
    ids = list(models.BatchItem.objects.filter(batch=batch).values_list("trade_id", flat=True))
    said = _said(intent, ids)
    if said is None:
        return
    if batch.state != BatchState.UNDER_WAY:
        _note_late(batch, said, at=message.now)
        return
    settled = _end(batch, intent, said, at=message.now)
    begin_batch(instrument_id=batch.instrument_id, at=message.now)
    release(settled)


def _said(intent: Intent, ids: Sequence[UUID]) -> dict[UUID, Settled] | None:
    """Return what became of each trade, None while the chain is still at it."""
    if intent.state is IntentState.COMPLETED:
        found = chain.settled(intent.id)
        return {trade_id: found.get(trade_id, Settled("")) for trade_id in ids}
    if intent.state in _GIVEN_UP:
        return dict.fromkeys(ids, Settled("", GAVE_UP, intent.error))
    return None


def _end(
    batch: models.Batch, intent: Intent, said: Mapping[UUID, Settled], *, at: datetime
) -> list[SettlingTrade]:
    """End a batch and return its trades that are settled."""
    to = BatchState.DONE if intent.state is IntentState.COMPLETED else BatchState.GIVEN_UP
    batch.state = advance(states.BATCH, BatchState(batch.state), to)
    settled = mark(trades=_locked(said, SettlementStatus.PROCESSING), said=said, batch=batch, at=at)
    batch.settled, batch.ended_at = len(settled), at
    batch.save(update_fields=["state", "settled", "ended_at"])
    return settled


def _note_late(batch: models.Batch, said: Mapping[UUID, Settled], *, at: datetime) -> None:
    """Mark what a batch settled that had been given up before, where no later batch will find it out."""
    settled = {trade_id: each for trade_id, each in said.items() if each.tx_hash}
    if settled and (trades := _locked(settled, SettlementStatus.FAILED)):
        release(mark(trades=trades, said=settled, batch=batch, at=at))


def _locked(said: Mapping[UUID, Settled], status: SettlementStatus) -> list[SettlingTrade]:
    return [trade for trade in trading.lock_trades(ids=said) if trade.status is status]
