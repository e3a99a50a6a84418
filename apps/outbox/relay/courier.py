"""One round of deliveries: in order per lane, at least once, and a failure holds up its own lane only."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import connection

from apps.common.clock import now
from apps.common.db import accompanied, opens_transaction
from apps.outbox.relay import deliveries, handlers
from apps.outbox.relay.deliveries import Due
from apps.outbox.relay.handlers import Kind

ROUND = 200  # deliveries looked up at once
BATCH = 50  # messages to inner handlers in one transaction

log = structlog.get_logger(__name__)


class _NotOurs(Exception):
    """The delivery was made by another relay, or isn't the first of its lane."""


class _Mark:
    """Puts the taking and the finishing of a delivery into the transaction that its handler opens."""

    def __init__(self, one: Due) -> None:
        self.one = one
        self.spent = False  # a verb called after the handler's commit is none of our business

    def before(self) -> None:
        if not self.spent and not deliveries.take([self.one.id]):
            raise _NotOurs

    def after(self, result: Any) -> None:
        if not self.spent:
            deliveries.finish([self.one.id], at=self.one.message.now)
        self.spent = True


class Courier:
    """Delivers to handlers of some kinds, on the thread that calls it. `go_on` is asked between messages."""

    def __init__(self, *kinds: Kind, go_on: Callable[[], bool]) -> None:
        self.kinds = kinds
        self.go_on = go_on
        self._held_up: set[tuple[str, str]] = set()

    def round(self) -> int:
        """Deliver what is due, ROUND at most; return how many messages reached their handler.

        Raises Django's database errors only when the database itself doesn't answer.
        """
        names = handlers.subscribed(*self.kinds)
        found = deliveries.due(names, at=now(), limit=ROUND)
        self._held_up.clear()
        inner = [one for one in found if handlers.kind(one.handler) is Kind.INNER]
        others = [one for one in found if handlers.kind(one.handler) is not Kind.INNER]
        return self._in_batches(inner) + self._one_by_one(others)

    def _in_batches(self, dues: Sequence[Due]) -> int:
        """Deliver to inner handlers, a batch in a transaction. If one fails, each goes alone after all."""
        remaining, count = iter(dues), 0
        while self.go_on() and (batch := list(islice(remaining, BATCH))):
            try:
                count += _deliver_together(batch)
            except (Exception, SystemExit):  # whose fault it was comes out when each goes alone
                _drop_broken_connection()
                count += self._one_by_one(batch)
        return count

    def _one_by_one(self, dues: Sequence[Due]) -> int:
        count = 0
        for one in dues:
            if not self.go_on():
                break
            if one.lane not in self._held_up:
                count += self._deliver(one)
        return count

    def _deliver(self, one: Due) -> bool:
        try:
            _call(one)
        except _NotOurs:
            self._held_up.add(one.lane)
            _hold_back(one.lane)
        except (Exception, SystemExit) as error:  # no handler may end the relay
            self._held_up.add(one.lane)
            _note_failure(one, error)
        else:
            return True
        return False


def _call(one: Due) -> None:
    handler = handlers.load(one.handler)
    match handlers.kind(one.handler):
        case Kind.INNER:
            _deliver_together([one], strict=True)
        case Kind.OUTER:
            with accompanied(_Mark(one)):
                handler(one.message)
        case Kind.OUTSIDE:
            handler(one.message)
            _leave_transactions()
            deliveries.finish_alone(one.id, at=one.message.now)


@opens_transaction
def _deliver_together(batch: Sequence[Due], *, strict: bool = False) -> int:
    """Deliver to inner handlers in one transaction, all or none; return how many there were to deliver."""
    ours = deliveries.take([one.id for one in batch])
    if strict and len(ours) < len(batch):
        raise _NotOurs
    left_out: set[tuple[str, str]] = set()
    done = []
    for one in batch:
        if one.id in ours and one.lane not in left_out:
            handlers.load(one.handler)(one.message)
            done.append(one.id)
        else:
            left_out.add(one.lane)
    deliveries.finish(done, at=batch[0].message.now)
    return len(done)


@opens_transaction
def _hold_back(lane: tuple[str, str]) -> None:
    deliveries.hold_back(lane)


def _note_failure(one: Due, error: BaseException) -> None:
    _drop_broken_connection()
    what = handlers.describe(error)
    deliveries.fail(one, what, at=_later(one.message.now))
    log.warning("outbox.failed", delivery=one.id, handler=one.handler, attempt=one.attempts + 1, error=what)


def _later(began: datetime) -> datetime:
    return max(began, now())


def _drop_broken_connection() -> None:
    _leave_transactions()
    try:
        usable = connection.is_usable()
    except DatabaseError:
        usable = False
    if not usable:
        connection.close()


def _leave_transactions() -> None:
    """Close a connection that a handler left inside a transaction: nothing after it would be committed."""
    if connection.in_atomic_block or not connection.autocommit:
        connection.close()
