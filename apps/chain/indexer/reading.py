"""Reading a stretch of final blocks, and making sure that all of it is of one chain: the one we know."""

from collections.abc import Sequence

from apps.chain.client import Node
from apps.chain.indexer import events
from apps.chain.types import Block, Checkpoint, Event

ADDRESSES = 200  # in one question to a node


class ChainChanged(Exception):
    """What a node said doesn't fit together: blocks were exchanged while it was asked. Look again."""


def after(
    node: Node, checkpoint: Checkpoint, *, last: int, addresses: Sequence[str]
) -> tuple[Block, list[Event]]:
    """Return block `last` and the events of some contracts since the checkpoint.

    Raises ChainChanged, NodeUnavailable.
    """
    first = _block(node, checkpoint.number + 1)
    if first.parent != checkpoint.block_hash:
        raise ChainChanged
    end = _block(node, last)
    return end, between(node, first.number, end, addresses=addresses)


def between(node: Node, first: int, last: Block, *, addresses: Sequence[str]) -> list[Event]:
    """Return the events of some contracts from a block up to `last`, all in blocks that the node has now.

    Raises ChainChanged, NodeUnavailable.
    """
    starts = range(0, len(addresses), ADDRESSES)
    found = [
        log for start in starts for log in node.logs(addresses[start : start + ADDRESSES], first, last.number)
    ]
    hashes = {(log.block_number, log.block_hash) for log in found} | {(last.number, last.hash)}
    for number, block_hash in sorted(hashes):
        if not first <= number <= last.number or _block(node, number).hash != block_hash:
            raise ChainChanged
    return [events.read(log) for log in sorted(found, key=lambda log: log.place)]


def _block(node: Node, number: int) -> Block:
    found = node.block(number)
    if found is None:
        raise ChainChanged
    return found
