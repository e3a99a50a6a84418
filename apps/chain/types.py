"""The words of the chain: who signs, what is asked of it, and how far that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from apps.outbox.types import declare
from apps.parameters.types import declare as parameter

PLATFORM_SUBJECT = UUID(int=0)


class Duty(StrEnum):
    """What a key is for; contracts/README.md says what each owns or may."""

    OWNER = "owner"
    REGISTRAR = "registrar"
    ISSUER = "issuer"  # signs claims, sends nothing
    AGENT = "agent"
    COURT = "court"
    OPERATOR = "operator"
    PUBLISHER = "publisher"


class IntentKind(StrEnum):
    """What can be asked of the chain. `subject` of an intent is the id in parentheses."""

    PLATFORM = "platform"  # deploy what is deployed once per network (PLATFORM_SUBJECT)
    HOLDER = "holder"  # register an investor: identity, KYC claim, shared storage (owner)
    SUITE = "suite"  # deploy a token with its contracts (token)
    MINT = "mint"  # mint to a holder's custodial address (what is minted for: an allocation)


class IntentState(StrEnum):
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    DEAD = "dead"
    CANCELLED = "cancelled"


class TransactionState(StrEnum):
    QUEUED = "queued"
    ASSIGNED = "assigned"
    SIGNED = "signed"
    BROADCAST = "broadcast"
    MINED = "mined"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    DEAD = "dead"


class HolderState(StrEnum):
    REQUESTED = "requested"
    REGISTERED = "registered"
    REMOVED = "removed"


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
class SuiteTerms:
    """What a token's contracts are deployed with.

    `supply_cap` is in base units, 10^-decimals of a token. `countries` are ISO 3166 numeric codes whose
    residents may hold the token; empty for all.
    """

    name: str
    symbol: str
    decimals: int
    supply_cap: int
    countries: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """The deployed contracts of one token."""

    token_id: UUID
    token: str
    identity_registry: str
    compliance: str
    claim_topics: str
    trusted_issuers: str
    tx_hash: str
    block_number: int
    gas_used: int


@dataclass(frozen=True, slots=True)
class Holder:
    """An investor on chain: custodial address and identity, empty until the chain process has made them.

    `country` is the ISO 3166 numeric code that the identity storage holds.
    """

    owner: UUID
    state: HolderState
    address: str
    identity: str
    country: int


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of an intent as people follow it. Hash, block and gas are empty until known."""

    name: str
    number: int
    duty: Duty
    state: TransactionState
    nonce: int | None
    tx_hash: str
    block_number: int | None
    gas_used: int | None
    error: str
    created_at: datetime
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Intent:
    """Something asked of the chain, and how far it is. `error` is the last refusal, decoded."""

    id: UUID
    kind: IntentKind
    subject: UUID
    state: IntentState
    attempts: int
    error: str
    result: Mapping[str, str | int]
    created_at: datetime
    completed_at: datetime | None
    next_attempt_at: datetime | None
    steps: tuple[Step, ...] = ()
    waits_for: str = ""  # what it waits for without spending an attempt


@dataclass(frozen=True, slots=True)
class Network:
    """The network as the indexer has seen it; `indexed` is the last block whose events are kept."""

    chain_id: int
    name: str
    state: NetworkState
    indexed: int
    explorer: str


ATTEMPTS = parameter(
    "chain.attempts",
    "How often the chain may refuse what is asked of it before it becomes a dead letter.",
    unit="attempts",
    default=5,
    minimum=1,
    maximum=50,
)
IN_FLIGHT = parameter(
    "chain.in_flight",
    "How many transactions of one signer may be under way: nodes drop what is queued further.",
    unit="transactions",
    default=16,
    minimum=1,
    maximum=64,
)
BUMP_AFTER = parameter(
    "chain.bump_after",
    "How long a transaction may wait to be mined before it offers more for gas.",
    unit="seconds",
    default=60,
    minimum=5,
)
RESEND_AFTER = parameter(
    "chain.resend_after",
    "How long a transaction may wait to be mined before the same bytes are sent again.",
    unit="seconds",
    default=10,
    minimum=1,
)
FEE_CAP = parameter(
    "chain.fee_cap", "The most that is offered for a unit of gas.", unit="gwei", default=500, minimum=1
)
GAS_CAP = parameter(
    "chain.gas_cap",
    "The most gas of one transaction; networks themselves refuse more than 16,777,216 (EIP-7825).",
    unit="gas",
    default=15_000_000,
    minimum=21_000,
)
GAS_MARGIN = parameter(
    "chain.gas_margin",
    "What a gas limit adds to the node's estimate, because the state may move on before it is mined.",
    unit="basis points",
    default=2_500,
    maximum=100_000,
)

INTENT_COMPLETED = declare(
    "chain.intent_completed",
    "What was asked of the chain is final there.",
    intent_id="uuid",
    kind="text",
    subject="uuid",
)
INTENT_FAILED = declare(
    "chain.intent_failed",
    "The chain refused what was asked; `final` if it isn't tried again by itself.",
    intent_id="uuid",
    kind="text",
    subject="uuid",
    final="boolean",
)
HOLDER_REGISTERED = declare(
    "holder.registered", "An investor's identity and address are in the register of all tokens.", owner="uuid"
)
TRANSFERRED = declare(
    "chain.transfer",
    "Tokens moved on chain, were minted (from the zero address) or burnt, in a final block.",
    token_id="uuid",  # noqa: S106  # the kind of a field
    event_id="integer",
    tx_hash="text",
)
