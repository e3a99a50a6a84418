"""What is asked of the chain, and how far that is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

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
    MARKET = "market"  # open a token's transfers, or pause them (the change of its status)
    SETTLEMENT = "settlement"  # move what was traded, many trades at once (the batch)


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
class TradeToSettle:
    """A trade that shall be settled: who gives `units` (base units) of the token to whom, as owners."""

    id: UUID
    seller: UUID
    buyer: UUID
    units: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one trade: the transaction that settled it, or why it was refused.

    `code` is the contract's word for the refusal, such as seller_frozen, and `reason` all that it said. Both
    and `tx_hash` are empty for a trade that nothing refuses and that wasn't sent: it may be asked for again.
    """

    tx_hash: str
    code: str = ""
    reason: str = ""


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


WEI_IN_GWEI = 10**9


@dataclass(frozen=True, slots=True)
class SignedForm:
    """One form of a transaction as it was signed: fees in wei per gas. A filler only uses up the nonce.

    `tried_at` is when a node was last given it.
    """

    tx_hash: str
    max_fee: int
    priority_fee: int
    filler: bool
    created_at: datetime
    tried_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sent:
    """One transaction of an intent with all that is known of it: price and cost in wei.

    `to` is empty where a contract is made; `contract_address` is that contract's.
    """

    id: UUID
    step: Step
    signer: str
    to: str
    contract_address: str
    gas_limit: int | None
    gas_price: int | None
    cost: int | None
    broadcast_at: datetime | None
    forms: tuple[SignedForm, ...]

    @property
    def gwei(self) -> int | None:
        """Return the cost in whole gwei, rounded down: what a person wants to read."""
        return None if self.cost is None else self.cost // WEI_IN_GWEI


@dataclass(frozen=True, slots=True)
class SignerAccount:
    """An account that signs for a duty: its next nonce, and how many transactions it has under way."""

    duty: Duty
    address: str
    next_nonce: int
    under_way: int


@dataclass(frozen=True, slots=True)
class GasSum:
    """What a kind of act has cost: how many transactions, their gas, and their price in wei."""

    kind: str
    count: int
    gas: int
    cost: int

    @property
    def gwei(self) -> int:
        """Return the cost in whole gwei, rounded down: what a person wants to read."""
        return self.cost // WEI_IN_GWEI
