"""A failed trade is tried again, because a person has removed the cause (SET-3)."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common.db import opens_transaction
from apps.common.errors import Conflict
from apps.common.types import Actor
from apps.settlement.services.batches import begin_batch
from apps.settlement.services.marking import remember
from apps.settlement.types import Change
from apps.trading import selectors as markets
from apps.trading import services as trading
from apps.trading.types import SettlementStatus, SettlingTrade


class AlreadySettled(Conflict):
    """A trade that is settled isn't tried again."""

    code = "already_settled"


@opens_transaction
def retry(*, trade_id: UUID, reason: str, by: Actor, at: datetime) -> SettlingTrade:
    """Have a failed trade tried again, with all its attempts. One that is under way already is left alone.

    Raises UnknownTrade, AlreadySettled.
    """
    (trade,) = trading.lock_trades(ids=[trade_id])
    if trade.status is SettlementStatus.SETTLED:
        raise AlreadySettled("This trade is settled.", tx_hash=trade.tx_hash)
    if trade.status is not SettlementStatus.FAILED:
        return trade
    trading.reopen(trade=trade, at=at)
    step = Change(SettlementStatus.PENDING, "retried", reason, 0, "", None, None, by.kind, by.id, at)
    remember({trade_id: step})
    audit.record(
        action="settlement.retried",
        target_type="trade",
        target_id=str(trade_id),
        before={"status": trade.status, "attempts": trade.attempts},
        after={"status": SettlementStatus.PENDING},
        reason=reason,
        by=by,
        at=at,
    )
    begin_batch(instrument_id=trade.instrument.id, at=at)
    return markets.settling_trade(trade_id)
