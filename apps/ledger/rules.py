"""What the ledger accepts, as pure functions over entries, balances and holds.

The database keeps the same laws for whoever writes; these say no earlier, with a code and a sentence, and
without spoiling the transaction.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.common import money
from apps.common.errors import Conflict, Invalid, NotFound, Unprocessable
from apps.ledger.types import (
    MAY_GO_NEGATIVE,
    TREE_OF,
    Account,
    AccountKind,
    AccountSpec,
    Asset,
    AssetStatus,
    AssetType,
    Balance,
    Bucket,
    Entry,
    EntryKind,
    Hold,
    HoldOwner,
    NewHold,
    Posting,
)

MAX_ENTRIES = 20_000
MAX_POSTINGS = 100_000
MAX_KEY = MAX_REFERENCE = 200

_C, _E, _I, _P = "client", "external", "issuer", "platform"
_ALL = frozenset(
    "+".join(trees)
    for trees in (
        *((_C, _E), (_C, _I), (_C, _P), (_E, _I), (_E, _P), (_I, _P)),
        *((_C, _E, _I), (_C, _E, _P), (_C, _I, _P), (_E, _I, _P), (_C, _E, _I, _P)),
    )
)
_BETWEEN_US = frozenset({"client+issuer", "client+platform", "issuer+platform", "client+issuer+platform"})

# The kinds of entry that may mix money of different owners, and which (LED-6). All others stay in one tree.
# The table ledger_listedmixture repeats this: a change here needs a migration.
MIXTURES: Mapping[EntryKind, frozenset[str]] = {
    EntryKind.DEPOSIT: frozenset(
        {"client+external", "external+issuer", "external+platform", "client+issuer"}
    ),
    EntryKind.WITHDRAWAL: frozenset(
        {
            "client+external",
            "external+issuer",
            "external+platform",
            "client+external+platform",
            "external+issuer+platform",
        }
    ),
    EntryKind.REFUND: frozenset({"client+external", "client+issuer", "external+issuer"}),
    EntryKind.TRADE: _BETWEEN_US,
    EntryKind.FEE: frozenset({"client+platform", "issuer+platform"}),
    EntryKind.SUBSCRIPTION: frozenset({"client+issuer", "client+issuer+platform"}),
    EntryKind.ISSUANCE: frozenset({"client+issuer", "issuer+platform", "client+issuer+platform"}),
    EntryKind.ESCROW_RELEASE: frozenset({"issuer+platform"}),
    EntryKind.DIVIDEND: _BETWEEN_US,
    EntryKind.COUPON: _BETWEEN_US,
    EntryKind.REDEMPTION: _BETWEEN_US,
    EntryKind.CORPORATE_ACTION: _BETWEEN_US,
    EntryKind.CONVERSION: frozenset({"client+platform", "issuer+platform"}),
    EntryKind.TAX_PAYMENT: frozenset({"external+platform"}),
    EntryKind.ADJUSTMENT: _ALL,
    EntryKind.REVERSAL: _ALL,
}

# What still moves while an asset is suspended: giving back, putting right, winding down.
UNWINDING = frozenset(
    {
        EntryKind.RELEASE,
        EntryKind.EXPIRY,
        EntryKind.REFUND,
        EntryKind.REDEMPTION,
        EntryKind.ADJUSTMENT,
        EntryKind.REVERSAL,
    }
)

# Moving an amount into or out of a hold has its own way back, and a correction is corrected anew.
NOT_REVERSIBLE = frozenset({EntryKind.HOLD, EntryKind.RELEASE, EntryKind.EXPIRY, EntryKind.REVERSAL})

_ONE_ACCOUNT = frozenset({EntryKind.HOLD, EntryKind.RELEASE, EntryKind.EXPIRY})
_FREEING = frozenset({EntryKind.RELEASE, EntryKind.EXPIRY})


class InvalidEntry(Invalid):
    """The entry is not made as an entry must be: a defect of the caller."""

    code = "invalid_entry"


class BatchTooLarge(Invalid):
    """More entries or postings at once than the ledger takes."""

    code = "batch_too_large"


class BusinessKeyReused(Conflict):
    """Another fact was posted under this business key."""

    code = "business_key_reused"


class UnknownAccount(NotFound):
    """No such account has been opened."""

    code = "unknown_account"


class AssetNotActive(Unprocessable):
    """The asset is suspended or retired."""

    code = "asset_not_active"


class TreesMixed(Unprocessable):
    """The entry would mix client, issuer and platform money, and its kind isn't listed for that."""

    code = "trees_mixed"


class InsufficientFunds(Unprocessable):
    """An account doesn't hold what the entry takes from it."""

    code = "insufficient_funds"


class UnknownHold(NotFound):
    """No such hold has been taken."""

    code = "unknown_hold"


class HoldExhausted(Conflict):
    """Less is left in the hold than is wanted from it."""

    code = "hold_exhausted"


class HoldExpired(Conflict):
    """The hold has expired: it can be released, not consumed."""

    code = "hold_expired"


def check_batch(entries: Sequence[Entry]) -> None:
    """Raise unless every entry is well formed by itself, and no business key stands twice.

    Raises BatchTooLarge, InvalidEntry, AmountTooLarge.
    """
    if len(entries) > MAX_ENTRIES or sum(len(entry.postings) for entry in entries) > MAX_POSTINGS:
        raise BatchTooLarge(f"A batch is at most {MAX_ENTRIES} entries and {MAX_POSTINGS} postings.")
    if len({entry.business_key for entry in entries}) != len(entries):
        raise InvalidEntry("A business key stands twice in one batch.")
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: Entry) -> None:
    if not 0 < len(entry.business_key) <= MAX_KEY or len(entry.reference) > MAX_REFERENCE:
        raise InvalidEntry(f"A business key and a reference have at most {MAX_KEY} characters.")
    if not entry.postings:
        raise InvalidEntry("An entry has postings.")
    sums: dict[str, int] = defaultdict(int)
    for posting in entry.postings:
        if type(posting.amount) is not int or posting.amount == 0:
            raise InvalidEntry("A posting moves a whole number of units, and not zero.")
        if (posting.bucket is Bucket.HELD) is not (posting.hold is not None):
            raise InvalidEntry("A posting of the held bucket, and no other, names its hold.")
        sums[posting.asset] += money.checked(posting.amount)
    if any(sums.values()):
        raise InvalidEntry("The postings of an entry sum to zero in each asset.")
    if entry.kind in _ONE_ACCOUNT and len({posting.account for posting in entry.postings}) != 1:
        raise InvalidEntry(f"A {entry.kind} stays inside one account.")


def addresses(entries: Iterable[Entry]) -> set[str]:
    """Return the addresses of all accounts in the entries."""
    return {posting.account for entry in entries for posting in entry.postings}


def check_accounts(entries: Iterable[Entry], balances: Mapping[str, Balance]) -> None:
    """Raise unless the accounts exist, are of their postings' assets, and may stand in one entry.

    Raises UnknownAccount, InvalidEntry, AssetNotActive, TreesMixed.
    """
    for entry in entries:
        trees = set()
        for posting in entry.postings:
            found = balances.get(posting.account)
            if found is None:
                raise UnknownAccount(f"There is no account {posting.account}.", account=posting.account)
            if found.account.asset != posting.asset:
                raise InvalidEntry(f"The account {posting.account} doesn't hold {posting.asset}.")
            _check_active(entry.kind, found.account)
            trees.add(TREE_OF[found.account.kind])
        if len(trees) > 1 and "+".join(sorted(trees)) not in MIXTURES.get(entry.kind, ()):
            raise TreesMixed(
                f"An entry of kind {entry.kind} can't mix {' and '.join(sorted(trees))} money.",
                kind=str(entry.kind),
                trees=sorted(trees),
            )


def _check_active(kind: EntryKind, account: Account) -> None:
    if account.asset_status is not AssetStatus.ACTIVE and kind not in UNWINDING:
        raise AssetNotActive(
            f"{account.asset} is {account.asset_status}.",
            asset=account.asset,
            status=str(account.asset_status),
        )


def net_changes(entries: Iterable[Entry]) -> dict[str, tuple[int, int]]:
    """Return (available, held), what all entries together change, for each address."""
    available: dict[str, int] = defaultdict(int)
    held: dict[str, int] = defaultdict(int)
    for entry in entries:
        for posting in entry.postings:
            (held if posting.bucket is Bucket.HELD else available)[posting.account] += posting.amount
    return {address: (available[address], held[address]) for address in {**available, **held}}


def check_funds(entries: Iterable[Entry], holds: Iterable[NewHold], balances: Mapping[str, Balance]) -> None:
    """Raise unless every account can bear the net change. A hold for a withdrawal can't touch `unsettled`.

    Raises InsufficientFunds with asset, available and needed as decimal text; AmountTooLarge.
    """
    withdrawing = {hold.account for hold in holds if hold.owner_type is HoldOwner.WITHDRAWAL}
    for address, (change, held) in net_changes(entries).items():
        balance = balances[address]
        money.checked(balance.available + change)
        money.checked(balance.held + held)
        floor = balance.unsettled if address in withdrawing else 0
        may_sink = balance.account.kind in MAY_GO_NEGATIVE or change >= 0
        if not may_sink and balance.available + change < floor:
            raise _insufficient(balance, needed=-change, usable=max(0, balance.available - floor))


def _insufficient(balance: Balance, *, needed: int, usable: int) -> InsufficientFunds:
    account = balance.account
    available, wanted = (money.text(units, decimals=account.decimals) for units in (usable, needed))
    return InsufficientFunds(
        f"{wanted} {account.asset} are needed and {available} are available.",
        next_step="Add funds or choose a smaller amount.",
        asset=account.asset,
        available=available,
        needed=wanted,
    )


def check_holds(entries: Sequence[Entry], holds: Mapping[UUID, Hold], *, at: datetime) -> None:
    """Raise unless every hold named is on that account, has the rest that is taken, and hasn't expired.

    `holds` has all that are named, those opened by this batch included (with amount 0).

    Raises UnknownHold, InvalidEntry, HoldExpired, HoldExhausted.
    """
    left: dict[UUID, int] = {}
    for kind, posting in _held(entries):
        hold = holds.get(posting.hold) if posting.hold else None
        if hold is None:
            raise UnknownHold(f"There is no hold {posting.hold}.", hold=str(posting.hold))
        if hold.account != posting.account:
            raise InvalidEntry(f"The hold {hold.id} is not on {posting.account}.")
        if posting.amount < 0 and kind not in _FREEING and is_due(hold, at):
            raise HoldExpired("The reservation has expired.", hold=str(hold.id))
        left[hold.id] = left.get(hold.id, hold.rest) + posting.amount
    for hold_id, rest in left.items():
        if rest < 0:
            raise HoldExhausted(
                "The reservation doesn't hold this much any more.",
                hold=str(hold_id),
                rest=holds[hold_id].rest,
                short=-rest,
            )


def named_holds(entries: Iterable[Entry]) -> set[UUID]:
    """Return the ids of the holds that the entries' postings name."""
    return {posting.hold for _, posting in _held(entries) if posting.hold}


def is_due(hold: Hold, at: datetime) -> bool:
    """Tell whether the hold has expired at `at`."""
    return hold.expires_at is not None and hold.expires_at <= at


def _held(entries: Iterable[Entry]) -> Iterable[tuple[EntryKind, Posting]]:
    return (
        (entry.kind, posting) for entry in entries for posting in entry.postings if posting.hold is not None
    )


def is_same(entry: Entry, kind: EntryKind, postings: Sequence[Posting]) -> bool:
    """Tell whether an entry says the same as one in the journal; the order of postings says nothing."""
    return entry.kind is kind and sorted(map(_key, entry.postings)) == sorted(map(_key, postings))


def _key(posting: Posting) -> tuple[str, str, str, int, str]:
    return posting.account, posting.asset, posting.bucket, posting.amount, str(posting.hold or "")


_OUTSIDE: Mapping[AssetType, Sequence[str]] = {
    AssetType.FIAT: ("bank", "provider"),
    AssetType.STABLECOIN: ("chain", "provider"),
    AssetType.TOKEN: ("chain",),
}


def system_accounts(asset: Asset) -> list[AccountSpec]:
    """Return the accounts that an asset has from the start: the platform's, and where it comes in and out."""
    kinds = (
        AccountKind.FEE_INCOME,
        AccountKind.TAX,
        AccountKind.TREASURY,
        AccountKind.FX,
        AccountKind.SHORTFALL,
        AccountKind.UNCLAIMED,
        AccountKind.SUSPENSE,
    )
    return [
        *(AccountSpec(kind, asset.code) for kind in kinds),
        *(AccountSpec(AccountKind.EXTERNAL, asset.code, label=label) for label in _OUTSIDE[asset.type]),
    ]
