"""Keeping what final blocks say: events, the register and the checkpoint, each range in one transaction.

Only the indexer calls these. Two of them may run by mistake, so every write starts at the network's row and
goes on only if that is where its reader left it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from apps.audit import services as audit
from apps.chain.models import ChainEvent, Network, RegisterBalance, WatchedContract
from apps.chain.types import TRANSFERRED, Block, Checkpoint, Event, NetworkState, Watched
from apps.common.db import needs_transaction, opens_transaction
from apps.common.types import Actor
from apps.outbox import services as outbox
from apps.outbox.types import NewMessage

NOBODY = "0x" + "0" * 40
TRANSFER = "Transfer"


class CheckpointMoved(Exception):
    """Somebody else has written since this range was read; read again."""


@opens_transaction
def begin_network(*, checkpoint: Checkpoint, by: Actor, at: datetime) -> None:
    """Note which chain is read, and the block from which on new ones are looked at."""
    _, is_new = Network.objects.get_or_create(
        chain_id=checkpoint.chain_id,
        defaults={
            "genesis_hash": checkpoint.genesis_hash,
            "number": checkpoint.number,
            "block_hash": checkpoint.block_hash,
            "indexed_at": at,
        },
    )
    if is_new:
        after = {"genesis_hash": checkpoint.genesis_hash, "number": checkpoint.number}
        _record("chain.network_added", checkpoint.chain_id, after=after, by=by, at=at)


@opens_transaction
def note_state(*, chain_id: int, state: NetworkState, by: Actor, at: datetime) -> bool:
    """Note that the chain went backwards, or has our blocks again; return whether that is news."""
    changed = Network.objects.filter(chain_id=chain_id).exclude(state=state).update(state=state)
    if changed:
        behind = state is NetworkState.BEHIND
        _record(
            "chain.behind" if behind else "chain.caught_up", chain_id, after={"state": state}, by=by, at=at
        )
    return bool(changed)


@opens_transaction
def watch_contracts(*, chain_id: int, contracts: Sequence[Watched], by: Actor, at: datetime) -> None:
    """Keep the events of these contracts from now on, and know from which block they are missing."""
    network = Network.objects.select_for_update().get(chain_id=chain_id)
    WatchedContract.objects.bulk_create(
        [
            WatchedContract(
                chain_id=chain_id,
                address=contract.address,
                token_id=contract.token_id,
                missing_from=_missing(contract.missing_from, network.number),
            )
            for contract in contracts
        ],
        ignore_conflicts=True,
    )


@opens_transaction
def keep_range(
    *,
    after: Checkpoint,
    last: Block,
    addresses: frozenset[str],
    events: Sequence[Event],
    by: Actor,
    at: datetime,
) -> None:
    """Keep the events of the blocks after a checkpoint up to `last`, which becomes the checkpoint.

    `addresses` are the contracts that were asked for.

    Raises CheckpointMoved.
    """
    moved = Network.objects.filter(
        chain_id=after.chain_id, number=after.number, block_hash=after.block_hash, state=NetworkState.OK
    ).update(number=last.number, block_hash=last.hash, indexed_at=at)
    current = WatchedContract.objects.filter(chain_id=after.chain_id, missing_from=None)
    if not moved or set(current.values_list("address", flat=True)) != addresses:
        raise CheckpointMoved
    _keep(after.chain_id, events, at=at)


@opens_transaction
def keep_missing(
    *, upto: Checkpoint, contract: Watched, last: int, events: Sequence[Event], by: Actor, at: datetime
) -> None:
    """Keep what a contract said from `missing_from` to block `last`, both before the checkpoint or at it.

    Raises CheckpointMoved.
    """
    network = Network.objects.select_for_update().get(chain_id=upto.chain_id)
    if (network.number, network.block_hash, network.state) != (upto.number, upto.block_hash, NetworkState.OK):
        raise CheckpointMoved
    moved = WatchedContract.objects.filter(
        chain_id=upto.chain_id, address=contract.address, missing_from=contract.missing_from
    ).update(missing_from=_missing(last + 1, network.number))
    if not moved:
        raise CheckpointMoved
    _keep(upto.chain_id, events, at=at)


@needs_transaction
def _keep(chain_id: int, events: Sequence[Event], *, at: datetime) -> None:
    kept = ChainEvent.objects.bulk_create([_row(chain_id, event) for event in events])
    transfers = [row for row in kept if row.name == TRANSFER]
    addresses = {row.address for row in transfers}
    watched = WatchedContract.objects.filter(chain_id=chain_id, address__in=addresses)
    tokens = {one.address: one.token_id for one in watched if one.token_id is not None}
    moves = [(tokens[row.address], row) for row in transfers if row.address in tokens]
    _move(moves)
    outbox.publish_many(messages=[_message(token, row) for token, row in moves], at=at)


def _row(chain_id: int, event: Event) -> ChainEvent:
    return ChainEvent(
        chain_id=chain_id,
        block_number=event.log.block_number,
        block_hash=event.log.block_hash,
        log_index=event.log.index,
        tx_hash=event.log.tx_hash,
        address=event.address,
        name=event.name,
        arguments=dict(event.arguments),
    )


@needs_transaction
def _move(moves: Iterable[tuple[UUID, ChainEvent]]) -> None:
    """Add up what moved and write each balance once, in one order for everybody."""
    changes: Counter[tuple[UUID, str]] = Counter()
    for token, row in moves:
        units = int(row.arguments["value"])
        changes[token, row.arguments["from"]] -= units
        changes[token, row.arguments["to"]] += units
    for (token, address), units in sorted(changes.items(), key=lambda item: (str(item[0][0]), item[0][1])):
        if address == NOBODY or not units:
            continue
        balance = RegisterBalance.objects.filter(token_id=token, address=address)
        if not balance.update(units=F("units") + units):
            RegisterBalance.objects.create(token_id=token, address=address, units=units)


def _message(token: UUID, row: ChainEvent) -> NewMessage:
    payload = {"token_id": str(token), "event_id": row.pk, "tx_hash": row.tx_hash}
    return NewMessage(TRANSFERRED.name, str(token), payload)


def _missing(first: int | None, indexed: int) -> int | None:
    return first if first is not None and first <= indexed else None


@needs_transaction
def _record(action: str, chain_id: int, *, after: dict[str, object], by: Actor, at: datetime) -> None:
    audit.record(action=action, target_type="network", target_id=str(chain_id), after=after, by=by, at=at)
