"""The words of settlement: batches, what became of a trade, what is told of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.outbox.types import declare as message
from apps.parameters.types import declare as parameter
from apps.trading.types import SettlementStatus

BATCH_SIZE = parameter(
    "settlement.batch_size",
    "How many trades are sent to the chain in one transaction at most.",
    unit="trades",
    default=40,
    minimum=1,
    maximum=100,
)
ATTEMPTS = parameter(
    "settlement.attempts",
    "How often a trade may be refused on chain before it has failed and waits for a person.",
    unit="attempts",
    default=5,
    minimum=1,
    maximum=50,
)

TRADE_SETTLED = message(
    "settlement.trade_settled",
    "A trade is final on chain: its tokens and its money can be withdrawn.",
    trade_id="uuid",
    instrument_id="uuid",
    buyer_id="uuid",
    seller_id="uuid",
)
TRADE_FAILED = message(
    "settlement.trade_failed",
    "The chain refused a trade so often that a person has to see to it.",
    trade_id="uuid",
    instrument_id="uuid",
    buyer_id="uuid",
    seller_id="uuid",
)


class BatchState(StrEnum):
    """`under_way`: the chain was asked. `done`: each of its trades was settled or refused. `given_up`: the
    chain did nothing of it."""

    UNDER_WAY = "under_way"
    DONE = "done"
    GIVEN_UP = "given_up"


class Verdict(StrEnum):
    """What follows for a trade that came back from the chain."""

    SETTLED = "settled"
    AGAIN = "again"  # it wasn't its turn: at once, at no cost
    BLOCKED = "blocked"  # its seller waits for the tokens of an earlier trade, at no cost
    UNREADY = "unready"  # a party is still being registered on chain, at no cost
    REFUSED = "refused"  # one attempt, and a pause
    FAILED = "failed"  # that was the last attempt


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a trade's settlement (trade_settlement_history).

    `reason` is a code, `detail` what the contract or the person said. `attempt` is how many there were then.
    `blocked_by` is the trade whose tokens this one waits for.
    """

    status: SettlementStatus
    reason: str
    detail: str
    attempt: int
    tx_hash: str
    batch_id: UUID | None
    blocked_by: UUID | None
    actor_kind: str
    actor_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """Trades of one instrument that were sent to the chain together. `intent_id` is what was asked of it."""

    id: UUID
    instrument_id: UUID
    intent_id: UUID
    state: BatchState
    size: int
    settled: int
    begun_at: datetime
    ended_at: datetime | None
