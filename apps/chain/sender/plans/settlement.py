"""Settle trades: many in one transaction, each of them settled or refused by itself (SET-1, SET-2).

The contract knows a trade by its id: the 16 bytes of our uuid, then 16 zero bytes. `settledIn(id)` says
whether it has settled, whoever sent it, so nothing here is concluded from what we sent. What the contract
would refuse is left out; that, and what it refused after all, goes into a later batch. Cash is settled in
our ledger.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.chain.client import abi
from apps.chain.client import transactions as node
from apps.chain.client.reasons import decoded
from apps.chain.models import Holder, Suite
from apps.chain.sender.plans.site import NOT_YET, is_paused, site
from apps.chain.sender.steps import Call, Done, Finished, Job, Next, Wait
from apps.chain.types import Duty, HolderState, TradeToSettle

STEP = "settle"
SETTLE = "settle((bytes32,address,address,address,uint256,address,uint256)[])"
SETTLED = "TradeSettled(bytes32,address,address,address,uint256,address,uint256)"
REFUSED = "TradeRefused(bytes32,address,bytes4,bytes)"
NO_CASH = (abi.ZERO, 0)


Refusals = Mapping[UUID, str]


def plan(job: Job) -> Next:
    """Send what the contract would settle, unless that was done; then say of each trade what became of it."""
    stands = site()
    if stands is None:
        return NOT_YET
    settlement, trades = stands["Settlement"], _trades(job)
    seen, blocks = _settled_in(settlement, trades)
    rest = [trade for trade in trades if not blocks[trade.id]]
    sent = job.done(STEP)
    refusals: Refusals = {}
    if rest:
        found = _prepared(job, settlement, rest, is_sent=sent is not None)
        if isinstance(found, Wait | Call):
            return found
        refusals = found
    highest = max([*blocks.values(), sent.block_number if sent else 0])
    if highest and seen - highest + 1 < node.confirmations():
        return Wait("the block of a settlement to be final")
    return _done(settlement, blocks, refusals, sent)


def _trades(job: Job) -> list[TradeToSettle]:
    return [
        TradeToSettle(UUID(id_), UUID(seller), UUID(buyer), units)
        for id_, seller, buyer, units in job.arguments["trades"]
    ]


def _settled_in(settlement: str, trades: Sequence[TradeToSettle]) -> tuple[int, dict[UUID, int]]:
    """Return a block that was seen, and in which block each trade settled; 0 for those that haven't."""
    calls = [abi.call_data("settledIn(bytes32)", _key(trade)) for trade in trades]
    seen, answers = node.call_together(settlement, calls)
    numbers = [abi.decode(["uint256"], answer)[0] for answer in answers]
    return seen, dict(zip((trade.id for trade in trades), numbers, strict=True))


def _prepared(
    job: Job, settlement: str, rest: Sequence[TradeToSettle], *, is_sent: bool
) -> Wait | Call | Refusals:
    """Return the call that settles the rest, what it waits for, or why all of the rest is refused.

    Once one transaction is final there is no second one: then it says why of those that are refused.
    """
    suite = Suite.objects.filter(pk=UUID(job.arguments["token_id"])).first()
    if suite is None:
        return Wait("the token's contracts")
    wallets = _wallets(rest)
    if wallets is None:
        return Wait("an investor's registration on chain")
    stopped = is_paused(settlement)
    if not is_sent and (stopped or is_paused(suite.token)):
        return Wait("settlement to be resumed" if stopped else "the token's transfers to be opened")
    refusals = {} if stopped else _preflight(job, settlement, _encoded(rest, suite, wallets), rest)
    passed = [trade for trade in rest if trade.id not in refusals]
    if is_sent or not passed:
        return refusals
    # Each transaction that came to nothing halves the next: perhaps all were too much for one block.
    passed = passed[: max(1, len(passed) >> job.seen)]
    data = abi.call_data(SETTLE, _encoded(passed, suite, wallets))
    return Call(STEP, Duty.OPERATOR, settlement, data)


def _wallets(trades: Sequence[TradeToSettle]) -> Mapping[UUID, str] | None:
    """Return everybody's custodial address, None while somebody isn't registered."""
    owners = {owner for trade in trades for owner in (trade.seller, trade.buyer)}
    known = Holder.objects.filter(pk__in=owners).exclude(state=HolderState.REQUESTED)
    found = {row.owner: row.address for row in known if row.address}
    return found if found.keys() == owners else None


def _key(trade: TradeToSettle) -> bytes:
    """Return a trade's id on chain."""
    return trade.id.bytes.ljust(32, b"\0")


def _encoded(
    trades: Sequence[TradeToSettle], suite: Suite, wallets: Mapping[UUID, str]
) -> list[tuple[Any, ...]]:
    return [
        (_key(trade), suite.token, wallets[trade.seller], wallets[trade.buyer], trade.units, *NO_CASH)
        for trade in trades
    ]


def _preflight(
    job: Job, settlement: str, encoded: Sequence[tuple[Any, ...]], trades: Sequence[TradeToSettle]
) -> dict[UUID, str]:
    """Ask which of these trades would be refused if they were sent now, in this order, and why."""
    operator = job.signer.address(Duty.OPERATOR)
    answer = node.call(settlement, abi.call_data(SETTLE, encoded), sender=operator)
    (refusals,) = abi.decode(["bytes[]"], answer)
    return {trade.id: decoded(data) for trade, data in zip(trades, refusals, strict=True) if data}


def _done(settlement: str, blocks: Mapping[UUID, int], refusals: Refusals, sent: Finished | None) -> Next:
    """Say of each trade which transaction settled it, or why it was refused, by what the contract said."""
    hashes: dict[bytes, str] = {}
    refused: dict[bytes, str] = {}
    for block in {*blocks.values(), sent.block_number if sent else 0} - {0}:
        for log in node.events(settlement, (SETTLED, REFUSED), block):
            key = bytes.fromhex(log.topics[1][2:34])
            if log.topics[0] == f"{abi.topic(SETTLED):#066x}":
                hashes[key] = log.tx_hash
            elif sent and log.tx_hash == sent.tx_hash:
                (reason,) = abi.decode(["bytes"], bytes.fromhex(log.data[2:]))
                refused[key] = decoded(reason)
    if any(block and id_.bytes not in hashes for id_, block in blocks.items()):
        return Wait("the node's events of a settlement")
    parts = {
        str(id_): hashes[id_.bytes] if block else refused.get(id_.bytes) or refusals.get(id_, "")
        for id_, block in blocks.items()
    }
    settled = sum(1 for block in blocks.values() if block)
    result: dict[str, str | int] = {"settled": settled, "refused": len(blocks) - settled}
    if sent:
        result |= {"tx_hash": sent.tx_hash, "block_number": sent.block_number}
    return Done(result, parts=parts)
