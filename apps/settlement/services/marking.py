"""What the chain's answer does to trades: few statements for many of them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.chain.types import Settled
from apps.common.types import Actor
from apps.ledger import services as ledger
from apps.ledger.types import AccountKind, address_of
from apps.outbox import services as outbox
from apps.outbox.types import NewMessage
from apps.parameters import selectors as parameters
from apps.settlement import models, rules
from apps.settlement.types import ATTEMPTS, TRADE_FAILED, TRADE_SETTLED, Change, Verdict
from apps.trading import selectors as markets
from apps.trading import services as trading
from apps.trading.types import SettlementStatus, SettlingTrade

BY = Actor.system("chain")
MAX_REASON, MAX_DETAIL = 64, 500

_STATUS = {
    Verdict.SETTLED: SettlementStatus.SETTLED,
    Verdict.FAILED: SettlementStatus.FAILED,
}


def mark(
    *, trades: Sequence[SettlingTrade], said: Mapping[UUID, Settled], batch: models.Batch | None, at: datetime
) -> list[SettlingTrade]:
    """Move locked trades on by what was said of each; return those that are settled.

    The caller ends with `release` of these: the sequencers wait for balances that are locked. Raises what
    the trades' verbs raise.
    """
    settled = [trade for trade in trades if said[trade.id].tx_hash]
    hashes = {trade.id: said[trade.id].tx_hash for trade in settled}
    trading.note_settled(hashes=hashes, trades=settled, at=at)
    lacking = [trade for trade in trades if said[trade.id].code == rules.LACKS_TOKENS]
    blockers = markets.settlement_blockers(lacking)
    limit = parameters.value(ATTEMPTS)
    verdicts = {
        trade.id: rules.judge(
            said[trade.id], attempts=trade.attempts, limit=limit, is_blocked=trade.id in blockers
        )
        for trade in trades
    }
    failed = [trade for trade in trades if verdicts[trade.id] is Verdict.FAILED]
    trading.note_failed(trades=failed)
    _put_back(trades, verdicts, at=at)
    remember(
        {
            trade.id: _step(
                trade,
                verdicts[trade.id],
                said[trade.id],
                blocker=blockers.get(trade.id),
                batch=batch,
                at=at,
            )
            for trade in trades
        }
    )
    _wake(settled)
    _audit(trades, verdicts, batch, at=at)
    messages = [_message(TRADE_SETTLED.name, trade) for trade in settled]
    outbox.publish_many(messages=messages + [_message(TRADE_FAILED.name, trade) for trade in failed], at=at)
    return settled


def release(settled: Sequence[SettlingTrade]) -> None:
    """Count what the parties of settled trades got as settled: they may withdraw it.

    Raises what the ledger raises.
    """
    amounts: dict[str, int] = defaultdict(int)
    for trade in settled:
        market = trade.instrument
        bought = address_of(AccountKind.CLIENT, market.asset, owner=str(trade.buyer_id))
        earned = address_of(AccountKind.CLIENT, market.quote, owner=str(trade.seller_id))
        amounts[bought] += trade.units
        amounts[earned] += trade.notional - trade.seller_fee
    if cleared := {address: amount for address, amount in amounts.items() if amount}:
        ledger.clear_unsettled(amounts=cleared)


def remember(steps: Mapping[UUID, Change]) -> None:
    """Append one step of each of these trades to its history."""
    models.TradeSettlementHistory.objects.bulk_create(
        models.TradeSettlementHistory(trade_id=trade_id, **asdict(step)) for trade_id, step in steps.items()
    )


def _put_back(trades: Sequence[SettlingTrade], verdicts: Mapping[UUID, Verdict], *, at: datetime) -> None:
    back = [trade for trade in trades if verdicts[trade.id] not in {Verdict.SETTLED, Verdict.FAILED}]
    attempts = [trade.attempts + (verdicts[trade.id] is Verdict.REFUSED) for trade in back]
    after = [at + rules.pause(verdicts[trade.id], count) for trade, count in zip(back, attempts, strict=True)]
    trading.put_back(trades=back, attempts=attempts, after=after)


def _step(
    trade: SettlingTrade,
    verdict: Verdict,
    said: Settled,
    *,
    blocker: UUID | None,
    batch: models.Batch | None,
    at: datetime,
) -> Change:
    is_late = trade.status is SettlementStatus.FAILED  # it was settled after it had been given up
    costs = not is_late and verdict in {Verdict.SETTLED, Verdict.REFUSED, Verdict.FAILED}
    return Change(
        status=_STATUS.get(verdict, SettlementStatus.PENDING),
        reason=said.code[:MAX_REASON],
        detail=said.reason[:MAX_DETAIL],
        attempt=trade.attempts + costs,
        tx_hash=said.tx_hash,
        batch_id=batch.pk if batch else None,
        blocked_by=blocker if verdict is Verdict.BLOCKED else None,
        actor_kind=BY.kind,
        actor_id=BY.id,
        at=at,
    )


def _wake(settled: Sequence[SettlingTrade]) -> None:
    """Have the trades that waited for these be tried at once."""
    ids = [trade.id for trade in settled]
    waited = models.TradeSettlementHistory.objects.filter(blocked_by__in=ids)
    if waiting := set(waited.values_list("trade_id", flat=True)):
        trading.wake(ids=waiting)


def _audit(
    trades: Sequence[SettlingTrade],
    verdicts: Mapping[UUID, Verdict],
    batch: models.Batch | None,
    *,
    at: datetime,
) -> None:
    counts = Counter(str(verdict) for verdict in verdicts.values())
    if not trades:
        return
    instrument = trades[0].instrument.id
    audit.record(
        action="settlement.batch_ended" if batch else "settlement.trades_refused",
        target_type="settlement_batch" if batch else "instrument",
        target_id=str(batch.pk if batch else instrument),
        after={"instrument": instrument, **counts},
        by=BY,
        at=at,
    )


def _message(type_: str, trade: SettlingTrade) -> NewMessage:
    payload = {
        "trade_id": str(trade.id),
        "instrument_id": str(trade.instrument.id),
        "buyer_id": str(trade.buyer_id),
        "seller_id": str(trade.seller_id),
    }
    return NewMessage(type_, str(trade.id), payload)
