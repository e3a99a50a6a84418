"""Reading from nodes: blocks, events, balances. The first node that answers is asked."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.conf import settings

from apps.chain.types import Block, Checkpoint, Head, Log
from apps.common.errors import Unavailable

if TYPE_CHECKING:
    from web3 import HTTPProvider
    from web3.types import RPCEndpoint

TIMEOUT, TIMEOUT_OF_LOGS = 2, 15  # seconds
WITHOUT_TRANSACTIONS = False
T = TypeVar("T")


class NodeUnavailable(Unavailable):
    """No configured node answers."""

    code = "chain_unavailable"


class Node:
    """One node, for questions that belong together: two nodes may be at different blocks.

    Every question raises NodeUnavailable when it isn't answered, or when the node says that it can't.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def chain_id(self) -> int:
        """Return the id of the chain that the node is on."""
        return int(self._ask("eth_chainId"), 16)

    def head(self) -> Head:
        """Return the newest block."""
        found = self._ask("eth_getBlockByNumber", "latest", WITHOUT_TRANSACTIONS)
        return Head(self.chain_id(), int(found["number"], 16), int(found["timestamp"], 16))

    def block(self, number: int) -> Block | None:
        """Return a block by its number, None if the node doesn't have it."""
        found = self._ask("eth_getBlockByNumber", hex(number), WITHOUT_TRANSACTIONS)
        return Block(int(found["number"], 16), found["hash"], found["parentHash"]) if found else None

    def mined_in(self, tx_hash: str) -> int | None:
        """Return the number of the block that a transaction is in, None if it is in none."""
        found = self._ask("eth_getTransactionReceipt", tx_hash)
        return int(found["blockNumber"], 16) if found else None

    def balance(self, address: str) -> int:
        """Return what an address has of the native coin, in wei."""
        return int(self._ask("eth_getBalance", address, "latest"), 16)

    def logs(self, addresses: Sequence[str], first: int, last: int) -> list[Log]:
        """Return the logs of contracts in a range of blocks, in their order. Addresses must not be empty."""
        if not addresses:
            raise ValueError("a node takes no address for every address")
        wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": list(addresses)}
        found = self._ask("eth_getLogs", wanted, timeout=TIMEOUT_OF_LOGS)
        return sorted(map(_log, found), key=lambda log: log.place)

    def _ask(self, method: str, *parameters: Any, timeout: int = TIMEOUT) -> Any:
        try:
            answer = _connect(self.url, timeout).make_request(cast("RPCEndpoint", method), list(parameters))
        except (OSError, ValueError) as error:
            raise _unavailable() from error
        if "error" in answer or "result" not in answer:
            raise _unavailable(str(answer.get("error"))[:200])
        return answer["result"]


def nodes() -> Iterator[Node]:
    """Go over the configured nodes, the preferred one first."""
    return map(Node, settings.CHAIN_RPC_URLS)


def node_with(checkpoint: Checkpoint | None) -> Node | None:
    """Return the first node that has the chain we know, None if those that answer have another one.

    That is: the same genesis, and the block of the checkpoint with the same hash. Without a checkpoint any
    node on the configured chain will do.

    Raises NodeUnavailable when no node on the configured chain answers.
    """
    answered = False
    for node in nodes():
        try:
            if node.chain_id() != settings.CHAIN_ID:
                continue
            answered = True
            if checkpoint is None or _has(node, checkpoint):
                return node
        except NodeUnavailable:
            continue
    if not answered:
        raise _unavailable()
    return None


def _has(node: Node, checkpoint: Checkpoint) -> bool:
    genesis, block = node.block(0), node.block(checkpoint.number)
    known = (checkpoint.genesis_hash, checkpoint.block_hash)
    return genesis is not None and block is not None and (genesis.hash, block.hash) == known


def head() -> Head:
    """Return the newest block of the first node that answers. Raises NodeUnavailable."""
    return _first(Node.head)


def balances(addresses: Sequence[str]) -> dict[str, int]:
    """Return what addresses have of the native coin, in wei. Raises NodeUnavailable."""
    return _first(lambda node: {address: node.balance(address) for address in addresses})


def _first(ask: Callable[[Node], T]) -> T:
    for node in nodes():
        try:
            return ask(node)
        except NodeUnavailable:
            continue
    raise _unavailable()


def _unavailable(why: str = "") -> NodeUnavailable:
    return NodeUnavailable(
        f"A node of the chain refuses: {why}" if why else "No node of the chain answers.",
        next_step="Check CHAIN_RPC_URLS and the node's log.",
    )


def _log(found: Any) -> Log:
    return Log(
        address=found["address"],
        topics=tuple(found["topics"]),
        data=found["data"],
        block_number=int(found["blockNumber"], 16),
        block_hash=found["blockHash"],
        tx_hash=found["transactionHash"],
        index=int(found["logIndex"], 16),
    )


@cache
def _connect(url: str, timeout: int) -> "HTTPProvider":
    from web3 import HTTPProvider

    # It would try four times by itself; who asks here asks the next node, or again later.
    return HTTPProvider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)
