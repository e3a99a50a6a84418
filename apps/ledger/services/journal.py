"""Writing the journal: every change of what anybody owns goes through `post`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.common.db import needs_transaction, rows, text_array
from apps.common.errors import Conflict, NotFound
from apps.common.types import Actor
from apps.ledger import locks, postings, rules, selectors
from apps.ledger.rules import BusinessKeyReused, UnknownAccount
from apps.ledger.types import Balance, Conversion, Entry, Hold, NewHold, Posted

_UNIQUE_VIOLATION = "23505"


class UnknownEntry(NotFound):
    """Nothing was posted under this business key."""

    code = "unknown_entry"


class NotReversible(Conflict):
    """The entry only moved an amount into or out of a hold, or is a reversal itself."""

    code = "not_reversible"


@needs_transaction
def lock_balances(*, accounts: Iterable[str]) -> dict[str, Balance]:
    """Lock these accounts until the transaction ends, and return what is in them, by address.

    A transaction that posts more than once locks all its accounts first, with one call of this.

    Raises UnknownAccount.
    """
    wanted = set(accounts)
    found = locks.lock(wanted)
    if missing := sorted(wanted - found.keys()):
        raise UnknownAccount(f"There is no account {missing[0]}.", account=missing[0])
    return found


@needs_transaction
def post(
    *,
    entries: Sequence[Entry],
    holds: Sequence[NewHold] = (),
    locked: Mapping[str, Balance] | None = None,
    by: Actor,
    at: datetime,
) -> list[Posted]:
    """Write entries to the journal: first one for each new hold, then `entries`, in one batch.

    All are written or none. What was posted before under the same business key, and says the same, is
    left as it is and returned as repeated. Only the net change of the whole batch must be borne by an
    account, so entries of a batch may use what others of it bring. `locked` is what `lock_balances` returned
    in this transaction, if nothing was posted since: those accounts aren't read again.

    A refusal changes nothing and leaves the transaction usable, except BusinessKeyReused by somebody
    else at the same moment.

    Raises BatchTooLarge, InvalidEntry, UnknownAccount, AssetNotActive, TreesMixed, InsufficientFunds,
    UnknownHold, HoldExpired, HoldExhausted, BusinessKeyReused, AmountTooLarge.
    """
    batch = [*map(postings.hold, holds), *entries]
    rules.check_batch(batch)
    if not batch:
        return []
    balances = locks.lock_rest(rules.addresses(batch), locked or {})
    before = _posted_before(batch)
    fresh = [entry for entry in batch if entry.business_key not in before]
    opening = [hold for hold, entry in zip(holds, batch, strict=False) if entry.business_key not in before]
    if fresh:
        rules.check_accounts(fresh, balances)
        rules.check_funds(fresh, opening, balances)
        rules.check_holds(fresh, _holds(fresh, opening), at=at)
        _open_holds(opening, balances, at=at)
    numbers = _write(fresh, balances, by=by, at=at) if fresh else {}
    return [_as_posted(entry, before, numbers) for entry in batch]


@needs_transaction
def convert(*, conversions: Sequence[Conversion], by: Actor, at: datetime) -> list[Posted]:
    """Exchange amounts of one asset for another at a given rate, through the fx accounts (LED-3).

    Raises UnknownAccount, InvalidRate, and what `post` raises.
    """
    addresses = {address for asked in conversions for address in (asked.source, asked.target)}
    known = selectors.balances(addresses)
    if missing := sorted(addresses - known.keys()):
        raise UnknownAccount(f"There is no account {missing[0]}.", account=missing[0])
    entries = [
        postings.conversion(asked, known[asked.source].account, known[asked.target].account)
        for asked in conversions
    ]
    return post(entries=entries, by=by, at=at)


@needs_transaction
def reverse(*, business_keys: Sequence[str], reason: str, by: Actor, at: datetime) -> list[Posted]:
    """Take entries back, each by an entry of its own; a repeat is found by the reversal's business key.

    Raises UnknownEntry, NotReversible, and what `post` raises (InsufficientFunds where it was spent).
    """
    found = selectors.recorded(business_keys)
    entries = []
    for key in business_keys:
        if key not in found:
            raise UnknownEntry(f"Nothing was posted as {key}.")
        if found[key].kind in rules.NOT_REVERSIBLE:
            raise NotReversible(
                f"An entry of kind {found[key].kind} isn't taken back.", kind=str(found[key].kind)
            )
        entries.append(postings.reversal(key, found[key].id, found[key].postings, reason=reason))
    return post(entries=entries, by=by, at=at)


def _posted_before(batch: Sequence[Entry]) -> Mapping[str, selectors.Recorded]:
    before = selectors.recorded([entry.business_key for entry in batch])
    for entry in batch:
        found = before.get(entry.business_key)
        if found and not rules.is_same(entry, found.kind, found.postings):
            raise BusinessKeyReused(
                "Another fact was posted under this business key.", business_key=entry.business_key
            )
    return before


def _holds(fresh: Sequence[Entry], opening: Sequence[NewHold]) -> dict[UUID, Hold]:
    named = rules.named_holds(fresh)
    new = {each.id: _empty(each) for each in opening}
    return selectors.holds(named - new.keys()) | new if named else {}


def _empty(new: NewHold) -> Hold:
    return Hold(new.id, new.account, new.asset, new.owner_type, new.owner_id, 0, 0, 0, new.expires_at)


def _open_holds(opening: Sequence[NewHold], balances: Mapping[str, Balance], *, at: datetime) -> None:
    if not opening:
        return
    _insert_new(
        "INSERT INTO ledger_hold (id, account_id, owner_type, owner_id, expires_at, created_at)"
        " SELECT *, %s FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[])",
        [
            at,
            _plain(hold.id for hold in opening),
            _plain(balances[hold.account].account.id for hold in opening),
            _plain(hold.owner_type for hold in opening),
            text_array(hold.owner_id for hold in opening),
            _plain(f'"{hold.expires_at}"' if hold.expires_at else "NULL" for hold in opening),
        ],
    )


def _write(
    fresh: Sequence[Entry], balances: Mapping[str, Balance], *, by: Actor, at: datetime
) -> dict[str, int]:
    numbers = _write_entries(fresh, by=by, at=at)
    lines = [
        (numbers[entry.business_key], line, balances[posting.account].account.id, posting)
        for entry in fresh
        for line, posting in enumerate(entry.postings)
    ]
    rows(
        "INSERT INTO ledger_posting (entry_id, line, account_id, asset_id, bucket, amount, hold_id)"
        " SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::bigint[], %s::text[], %s::text[],"
        " %s::bigint[], %s::uuid[])",
        [
            _plain(number for number, _, _, _ in lines),
            _plain(line for _, line, _, _ in lines),
            _plain(account for _, _, account, _ in lines),
            _plain(f'"{posting.asset}"' for _, _, _, posting in lines),  # an asset may be called NULL
            _plain(posting.bucket for _, _, _, posting in lines),
            _plain(posting.amount for _, _, _, posting in lines),
            _plain(posting.hold or "NULL" for _, _, _, posting in lines),
        ],
    )
    return numbers


def _write_entries(fresh: Sequence[Entry], *, by: Actor, at: datetime) -> dict[str, int]:
    written = _insert_new(
        "INSERT INTO ledger_journalentry (kind, business_key, reference, data, actor, at)"
        " SELECT kind, key, reference, data::jsonb, %s, %s"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS e (kind, key, reference, data)"
        " RETURNING business_key, id",
        [
            _signature(by),
            at,
            _plain(entry.kind for entry in fresh),
            text_array(entry.business_key for entry in fresh),
            text_array(entry.reference for entry in fresh),
            text_array(json.dumps(dict(entry.data)) if entry.data else "{}" for entry in fresh),
        ],
    )
    return dict(written)


def _plain(values: Iterable[object]) -> str:
    """Write a PostgreSQL array of numbers, uuids or words, none of which needs quoting: a hot path."""
    return "{" + ",".join(map(str, values)) + "}"


def _insert_new(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    try:
        return rows(sql, parameters)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") != _UNIQUE_VIOLATION:
            raise
        raise BusinessKeyReused("Another fact was posted under one of these business keys.") from error


def _signature(by: Actor) -> str:
    return f"{by.kind}:{by.id}" + (f" for {by.on_behalf_of}" if by.on_behalf_of else "")


def _as_posted(entry: Entry, before: Mapping[str, selectors.Recorded], numbers: Mapping[str, int]) -> Posted:
    found = before.get(entry.business_key)
    return Posted(found.id if found else numbers[entry.business_key], entry.business_key, found is not None)
