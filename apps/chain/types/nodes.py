"""What a node says of a chain, and what is kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class NetworkState(StrEnum):
    """`behind`: the node doesn't have a block that we have seen final, so nothing is sent or indexed."""

    OK = "ok"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block that a node knows: the chain's id, the block's number and its Unix time in seconds."""

    chain_id: int
    number: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Block:
    """A block by its number, and the block before it. Hashes are 0x and 64 lower-case hex digits."""

    number: int
    hash: str
    parent: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction, in the block that a node says. `gas_price` is what it paid, in wei per gas."""

    tx_hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    gas_price: int
    contract_address: str


@dataclass(frozen=True, slots=True)
class Market:
    """What gas costs, in wei: base fee and tip, or a gas price as tip where there is no base fee."""

    base_fee: int | None
    tip: int


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers for gas, in wei. `legacy`: one gas price, which both fields hold."""

    max_fee: int
    priority_fee: int
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract said in a block, as a node gives it: hex text, the address in any case."""

    address: str
    topics: tuple[str, ...]
    data: str
    block_number: int
    block_hash: str
    tx_hash: str
    index: int

    @property
    def place(self) -> tuple[int, int]:
        """Return what orders logs on a chain."""
        return self.block_number, self.index


@dataclass(frozen=True, slots=True)
class Event:
    """A log as its contract's interface reads it.

    `arguments` are JSON: whole numbers as decimal text, bytes as hex, addresses checksummed. A log that no
    known interface explains has an empty `name`, and its topics and data as arguments.
    """

    log: Log
    address: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far the database has read which chain."""

    chain_id: int
    genesis_hash: str
    number: int
    block_hash: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """A contract of ours and the transaction that made it; `block_number` is null where it isn't known."""

    address: str
    token_id: UUID | None
    tx_hash: str
    block_number: int | None


@dataclass(frozen=True, slots=True)
class Watched:
    """A contract whose events are kept.

    `token_id` is null for what is no token. `missing_from` is the first block that isn't read yet, null if
    it is read as far as the network.
    """

    address: str
    token_id: UUID | None
    missing_from: int | None


@dataclass(frozen=True, slots=True)
class Network:
    """The network as the indexer has seen it; `indexed` is the last block whose events are kept."""

    chain_id: int
    name: str
    state: NetworkState
    indexed: int
    explorer: str
    indexed_at: datetime | None = None
