"""The loop of the indexer: look, keep a range, look again; whatever fails is tried again, never left out."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import connection, connections

from apps.chain import client, selectors, services
from apps.chain.client import Node, NodeUnavailable
from apps.chain.indexer import reading
from apps.chain.indexer.reading import ChainChanged
from apps.chain.services import CheckpointMoved
from apps.chain.types import Checkpoint, NetworkState, Watched
from apps.common import heartbeat
from apps.common.clock import now
from apps.common.seat import Seat
from apps.common.types import Actor

BEAT = 1.0  # seconds between signs of life
STANDBY = 1.5  # seconds between looks whether the other indexer is gone
RECOVERY = 1.0  # seconds after a failure before the next look

INDEXER = Actor.system("indexer")
log = structlog.get_logger(__name__)


class Indexer:
    """Runs until `stop`, or for ever: no error of a node, the database or Valkey ends it."""

    def __init__(self) -> None:
        self._stopping = False  # a plain flag: an Event can deadlock with the signal that sets it
        self._seat = Seat("chain.indexer")
        self._beaten = -BEAT
        self._range: int = settings.CHAIN_LOG_RANGE

    def run(self) -> None:
        """Index until `stop` is called, then finish the range in hand."""
        try:
            while not self._stopping:
                time.sleep(self._turn())
        finally:
            self._seat.leave()
            connections.close_all()

    def stop(self) -> None:
        """Ask the indexer to end after the range in hand."""
        self._stopping = True

    def look(self) -> bool:
        """Keep the next range of what is missing; return whether there may be more at once.

        Raises NodeUnavailable, ChainChanged and CheckpointMoved for what passes by itself.
        """
        checkpoint = selectors.checkpoint()
        node = client.node_with(checkpoint)
        if node is None:
            self._note(NetworkState.BEHIND)
            return False
        if checkpoint is None:
            _begin(node)
            return True
        if selectors.state() is NetworkState.BEHIND:
            self._note(NetworkState.OK)
        watched = _watch_new(node, checkpoint)
        there_is_more = self._keep_range(node, checkpoint, watched)
        late = [contract for contract in watched if contract.missing_from is not None]
        for contract in late:  # after the range, which they are not in yet
            self._keep_missing(node, selectors.checkpoint() or checkpoint, contract)
        return there_is_more or bool(late)

    def _turn(self) -> float:
        """Look once; return how many seconds to rest, whatever came of it."""
        try:
            if not self._seat.take():
                return STANDBY
            self._beat()
            return 0 if self.look() else settings.CHAIN_INDEX_POLL
        except (NodeUnavailable, ChainChanged, CheckpointMoved) as error:
            _warn(error)
        except Exception as error:  # the database is away, or it is a defect of ours
            _warn(error)
            self._seat.leave()
            connection.close()
        return RECOVERY

    def _keep_range(self, node: Node, checkpoint: Checkpoint, watched: Sequence[Watched]) -> bool:
        final = _final(node)
        if final <= checkpoint.number:
            return False
        last = min(final, checkpoint.number + self._range)
        addresses = [contract.address for contract in watched if contract.missing_from is None]
        with self._shorter_after_failure():
            end, events = reading.after(node, checkpoint, last=last, addresses=addresses)
        services.keep_range(
            after=checkpoint, last=end, addresses=frozenset(addresses), events=events, by=INDEXER, at=now()
        )
        self._range = min(settings.CHAIN_LOG_RANGE, self._range * 2)
        return last < final

    def _keep_missing(self, node: Node, checkpoint: Checkpoint, contract: Watched) -> None:
        self._beat()
        first = contract.missing_from or 0
        last = min(checkpoint.number, first + self._range - 1)
        end = node.block(last)
        if end is None:
            raise ChainChanged
        with self._shorter_after_failure():
            events = reading.between(node, first, end, addresses=[contract.address])
        services.keep_missing(
            upto=checkpoint, contract=contract, last=last, events=events, by=INDEXER, at=now()
        )

    @contextmanager
    def _shorter_after_failure(self) -> Iterator[None]:
        """Ask for fewer blocks next time if a node doesn't answer: some refuse what would be long."""
        try:
            yield
        except NodeUnavailable:
            self._range = max(1, self._range // 2)
            raise

    def _note(self, state: NetworkState) -> None:
        if services.note_state(chain_id=settings.CHAIN_ID, state=state, by=INDEXER, at=now()):
            log.error("chain.state", state=str(state))

    def _beat(self) -> None:
        if time.monotonic() - self._beaten >= BEAT:
            heartbeat.beat("indexer")
            self._beaten = time.monotonic()


def _begin(node: Node) -> None:
    """Begin at the newest final block: what our contracts said before is missing, and read afterwards."""
    genesis, newest = node.block(0), node.block(_final(node))
    if genesis is None or newest is None:
        raise ChainChanged
    first = Checkpoint(settings.CHAIN_ID, genesis.hash, newest.number, newest.hash)
    services.begin_network(checkpoint=first, by=INDEXER, at=now())


def _watch_new(node: Node, checkpoint: Checkpoint) -> list[Watched]:
    """Return all contracts to watch, after noting those that were deployed since the last look."""
    found = selectors.unwatched()
    if found:
        contracts = [
            Watched(one.address, one.token_id, _deployed_in(node, one.tx_hash, one.block_number))
            for one in found
        ]
        services.watch_contracts(chain_id=checkpoint.chain_id, contracts=contracts, by=INDEXER, at=now())
    return selectors.watched()


def _deployed_in(node: Node, tx_hash: str, known: int | None) -> int:
    number = node.mined_in(tx_hash) if known is None else known
    if number is None:
        raise ChainChanged
    return number


def _final(node: Node) -> int:
    """Return the newest block that counts as final; the first block of all always does."""
    confirmations: int = settings.CHAIN_CONFIRMATIONS
    return max(0, node.head().number - confirmations + 1)


def _warn(error: Exception) -> None:
    log.warning("indexer.failed", error=type(error).__name__, code=getattr(error, "code", ""))
