"""Holds: reserve, then consume or release; never twice, because a hold's rest can't go below zero (LED-4)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Conflict
from apps.common.types import Actor
from apps.ledger import locks, postings, rules, selectors
from apps.ledger.rules import UnknownHold
from apps.ledger.services.journal import post
from apps.ledger.types import HOLD_EXPIRED, EntryKind, HeldTransfer, Hold, NewHold, Posted, Release
from apps.outbox import services as outbox
from apps.outbox.types import NewMessage


class HoldClosed(Conflict):
    """Nothing is left in the hold to be released."""

    code = "hold_closed"


@needs_transaction
def hold(*, holds: Sequence[NewHold], by: Actor, at: datetime) -> list[Posted]:
    """Reserve amounts, each in its account. The same hold sent again is taken once.

    Raises InsufficientFunds, and what else `post` raises.
    """
    return post(entries=(), holds=holds, by=by, at=at)


@needs_transaction
def post_held(*, transfers: Sequence[HeldTransfer], by: Actor, at: datetime) -> list[Posted]:
    """Consume parts of holds, each into another account of the same asset.

    Raises UnknownHold, HoldExpired, HoldExhausted, and what else `post` raises.
    """
    known = _known([transfer.hold for transfer in transfers])
    entries = [postings.transfer_held(known[transfer.hold], transfer) for transfer in transfers]
    return post(entries=entries, by=by, at=at)


@needs_transaction
def release(*, releases: Sequence[Release], by: Actor, at: datetime) -> list[Posted]:
    """Make parts of holds available again.

    Raises UnknownHold, HoldExhausted, and what else `post` raises.
    """
    known = _known([each.hold for each in releases])
    entries = [
        postings.release(
            known[each.hold], each.amount, business_key=each.business_key, reference=each.reference
        )
        for each in releases
    ]
    return post(entries=entries, by=by, at=at)


@needs_transaction
def void(*, holds: Sequence[UUID], by: Actor, at: datetime) -> list[Posted]:
    """Release the whole rest of holds, and so close them. A hold that was voided before is left as it is.

    Raises UnknownHold; HoldClosed for a hold that ended in another way.
    """
    locks.lock({each.account for each in _known(holds).values()})
    known = _known(holds)
    entries = [postings.release(each, each.rest) for each in known.values() if each.rest]
    posted = {each.business_key: each for each in post(entries=entries, by=by, at=at)}
    keys = [f"{EntryKind.RELEASE}:{each}" for each in holds]
    before = selectors.recorded(key for key in keys if key not in posted)
    for key in keys:
        if key not in posted and key not in before:
            raise HoldClosed("This reservation has ended.", hold=key.partition(":")[2])
    return [posted.get(key) or Posted(before[key].id, key, repeated=True) for key in keys]


@opens_transaction
def expire_holds(*, by: Actor, at: datetime, limit: int = 500) -> list[Hold]:
    """Release holds that have expired at `at`, at most `limit`, and tell their owners through the outbox.

    Accounts that are busy now are left to the next call.
    """
    due = selectors.due_holds(at, limit=limit)
    free = locks.lock({address for _, address in due}, skip_locked=True)
    known = selectors.holds(number for number, address in due if address in free)
    expired = [each for each in known.values() if each.rest and rules.is_due(each, at)]
    entries = [postings.release(each, each.rest, kind=EntryKind.EXPIRY) for each in expired]
    posted = post(entries=entries, by=by, at=at)
    if posted:
        audit.record(
            action="ledger.holds_expired",
            target_type="journal",
            target_id=str(posted[0].entry),
            after={"holds": len(posted), "last_entry": posted[-1].entry},
            by=by,
            at=at,
        )
        outbox.publish_many(messages=[_expired(each) for each in expired], at=at)
    return expired


def _expired(hold: Hold) -> NewMessage:
    return NewMessage(
        HOLD_EXPIRED.name,
        f"{hold.owner_type}:{hold.owner_id}",
        {"hold_id": str(hold.id), "owner_type": str(hold.owner_type), "owner_id": hold.owner_id},
    )


def _known(ids: Sequence[UUID]) -> dict[UUID, Hold]:
    known = selectors.holds(set(ids))
    for each in ids:
        if each not in known:
            raise UnknownHold(f"There is no hold {each}.", hold=str(each))
    return known
