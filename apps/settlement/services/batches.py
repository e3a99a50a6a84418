"""Sending what was traded to the chain: one batch of an instrument at a time, in the order of its trades."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.chain import selectors as chain
from apps.chain import services as chain_requests
from apps.chain.types import HolderState, Settled, TradeToSettle
from apps.common.db import needs_transaction, opens_transaction, rows
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.outbox.types import Message
from apps.parameters import selectors as parameters
from apps.settlement import models, rules
from apps.settlement.services.marking import mark, remember
from apps.settlement.types import BATCH_SIZE, BatchState, Change
from apps.trading import selectors as markets
from apps.trading import services as trading
from apps.trading.types import SettlementStatus, SettlingTrade

BY = Actor.system("settlement")
NO_ADDRESS = Settled("", "holder_unknown", "The buyer or the seller has no address on chain.")
NOT_YET = Settled("", rules.NOT_REGISTERED, "The buyer or the seller is still being registered on chain.")


@opens_transaction
def settle_due(*, at: datetime) -> int:
    """Begin a batch for every instrument that has trades to settle and no batch; return how many.

    Instruments that somebody else is busy with are left to the next call.
    """
    due = markets.due_instruments(at)
    return sum(_begin(instrument_id, at=at) for instrument_id in due if _lock(instrument_id, wait=False))


@needs_transaction
def note_executed(message: Message) -> None:
    """Begin a batch with a trade that was just made, unless one is under way: then it goes with the next."""
    begin_batch(instrument_id=UUID(message.payload["instrument_id"]), at=message.now)


@needs_transaction
def begin_batch(*, instrument_id: UUID, at: datetime) -> bool:
    """Send an instrument's oldest due trades, unless it has a batch; return whether any were sent.

    Without contracts there is nothing to settle on: the trades wait.
    """
    if not _is_free(instrument_id):  # without the lock at first, because it is asked of every trade
        return False
    _lock(instrument_id, wait=True)
    return _begin(instrument_id, at=at)


def _begin(instrument_id: UUID, *, at: datetime) -> bool:
    """Write the batch of a locked instrument."""
    if not _is_free(instrument_id):
        return False
    size = parameters.value(BATCH_SIZE)
    trades = trading.claim_due(instrument_id=instrument_id, limit=size, at=at)
    unready = _unready(trades)
    if lost := [trade for trade in trades if trade.id in unready]:
        mark(trades=lost, said=unready, batch=None, at=at)
    if sent := [trade for trade in trades if trade.id not in unready]:
        _write(instrument_id, sent, at=at)
    return bool(sent)


def _unready(trades: Sequence[SettlingTrade]) -> dict[UUID, Settled]:
    """Return, for trades whose parties can't be named on chain, why: they must not hold up the others."""
    parties = {trade.id: (trade.seller_id, trade.buyer_id) for trade in trades}
    known = chain.holders({owner for both in parties.values() for owner in both})
    registered = {owner for owner, each in known.items() if each.state is not HolderState.REQUESTED}
    return {
        trade_id: NOT_YET if known.keys() >= set(both) else NO_ADDRESS
        for trade_id, both in parties.items()
        if not registered >= set(both)
    }


def _write(instrument_id: UUID, trades: Sequence[SettlingTrade], *, at: datetime) -> None:
    batch_id = new_id()
    intent_id = chain_requests.request_settlement(
        batch_id=batch_id,
        token_id=instrument_id,
        trades=[TradeToSettle(trade.id, trade.seller_id, trade.buyer_id, trade.units) for trade in trades],
        by=BY,
        at=at,
    )
    batch = models.Batch.objects.create(
        id=batch_id, instrument_id=instrument_id, intent_id=intent_id, size=len(trades), begun_at=at
    )
    models.BatchItem.objects.bulk_create(
        models.BatchItem(batch=batch, trade_id=trade.id, number=number) for number, trade in enumerate(trades)
    )
    steps = {
        trade.id: Change(
            SettlementStatus.PROCESSING, "", "", trade.attempts, "", batch_id, None, BY.kind, BY.id, at
        )
        for trade in trades
    }
    remember(steps)


def _is_free(instrument_id: UUID) -> bool:
    under_way = models.Batch.objects.filter(instrument_id=instrument_id, state=BatchState.UNDER_WAY)
    return not under_way.exists() and chain.suite(instrument_id) is not None


def _lock(instrument_id: UUID, *, wait: bool) -> bool:
    """Make everybody else who would begin a batch of this instrument wait for us; tell whether it worked."""
    name = f"settlement:{instrument_id}"
    if wait:
        rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return True
    return bool(rows("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])[0][0])
