"""Entries and their postings, holds, wallet transactions, and what a check found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.ledger.types.words import (
    Bucket,
    EntryKind,
    HoldOwner,
    HoldState,
    TransactionStatus,
    TransactionType,
)
from apps.outbox.types import declare

HOLD_EXPIRED = declare(
    "ledger.hold_expired",
    "A hold's time was over, and what it had left is available again.",
    hold_id="uuid",
    owner_type="text",
    owner_id="text",
)


@dataclass(frozen=True, slots=True)
class Posting:
    """A signed change of one bucket of one account; one of the held bucket names the hold it changes."""

    account: str
    asset: str
    amount: int
    bucket: Bucket = Bucket.AVAILABLE
    hold: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened, as postings that sum to zero in each asset.

    `business_key` names the fact ("trade:…", "bankref:…"): the same fact is posted once, however often
    it is sent. `data` holds no personal data.
    """

    kind: EntryKind
    business_key: str
    postings: tuple[Posting, ...]
    reference: str = ""
    data: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posted:
    """An entry's number in the journal; `repeated` if it stood there before."""

    entry: int
    business_key: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class NewHold:
    """An amount of one account to be reserved. The caller makes the id, so that a repeat is known."""

    id: UUID
    account: str
    asset: str
    amount: int
    owner_type: HoldOwner
    owner_id: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A reserved amount: all that was ever taken, consumed and released."""

    id: UUID
    account: str
    asset: str
    owner_type: HoldOwner
    owner_id: str
    amount: int
    consumed: int
    released: int
    expires_at: datetime | None

    @property
    def rest(self) -> int:
        return self.amount - self.consumed - self.released

    @property
    def state(self) -> HoldState:
        return HoldState.ACTIVE if self.rest else HoldState.CLOSED


@dataclass(frozen=True, slots=True)
class HeldTransfer:
    """A part of a hold that goes to another account of the same asset."""

    hold: UUID
    to: str
    amount: int
    kind: EntryKind
    business_key: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """A part of a hold that becomes available again."""

    hold: UUID
    amount: int
    business_key: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one whole unit of an asset costs in whole units of another, exactly, and who says so."""

    numerator: int
    denominator: int
    source: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount of `source` to be exchanged, through the fx accounts, into the asset of `target`."""

    source: str
    target: str
    amount: int
    rate: Rate
    business_key: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    """A posting as the owner of its account reads it. (`entry`, `line`) is where it stands in the journal."""

    entry: int
    line: int
    kind: EntryKind
    reference: str
    at: datetime
    bucket: Bucket
    amount: int


@dataclass(frozen=True, slots=True)
class NewTransaction:
    """A line of somebody's wallet to be opened. The caller makes the id, so that a repeat is known."""

    id: UUID
    account: str
    type: TransactionType
    amount: int
    reference: str = ""
    status: TransactionStatus = TransactionStatus.PENDING


@dataclass(frozen=True, slots=True)
class Transaction:
    """A line of somebody's wallet as they see it (LED-5)."""

    id: UUID
    type: TransactionType
    status: TransactionStatus
    asset: str
    decimals: int
    amount: int
    reference: str
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AssetSum:
    """The sums of one asset over the whole ledger; all are zero in a ledger that is right."""

    asset: str
    decimals: int
    balances: int
    postings: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the ledger's check found wrong: how often, and a few examples."""

    code: str
    sentence: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the ledger looked at, and what it found wrong; no findings, no fault."""

    accounts: int
    entries: int
    postings: int
    holds: int
    findings: tuple[Finding, ...]


def move(*, source: str, target: str, asset: str, amount: int) -> tuple[Posting, Posting]:
    """Return the postings that bring an amount from one account to another."""
    return Posting(source, asset, -amount), Posting(target, asset, amount)


def move_held(*, hold: UUID, source: str, target: str, asset: str, amount: int) -> tuple[Posting, Posting]:
    """Return the postings that bring a part of a hold on `source` to another account, or free it there."""
    return Posting(source, asset, -amount, Bucket.HELD, hold), Posting(target, asset, amount)
