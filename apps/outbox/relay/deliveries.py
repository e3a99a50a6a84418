"""The rows behind the relay: messages become deliveries, deliveries are taken, finished, put off.

Messages are taken as soon as they are visible, lowest id first, and never by "id > last". For messages
with one key that is the order of their making: whoever waits for the lock on the thing that changed gets
the higher id, and commits after the other. Waiting for all older transactions would add nothing to that,
and any long transaction would hold up every message.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.common.db import needs_transaction, opens_transaction, rows
from apps.outbox import rules, selectors
from apps.outbox.types import Message

DISPATCH = 500  # messages in one transaction

# A lane that waits for another attempt makes its new messages wait as long.
_DISPATCH = """
WITH batch AS (
    SELECT id, type, key FROM outbox_message WHERE dispatched_at IS NULL ORDER BY id LIMIT %(limit)s
), subscription AS (
    SELECT unnest(%(types)s::text[]) AS type, unnest(%(handlers)s::text[]) AS handler
), made AS (
    INSERT INTO outbox_delivery
           (message_id, handler, key, state, attempts, next_attempt_at, last_error)
    SELECT b.id, s.handler, b.key, 'pending', 0, greatest(%(at)s, lane.next_attempt_at), ''
      FROM batch b JOIN subscription s USING (type)
      LEFT JOIN LATERAL (
           SELECT d.next_attempt_at FROM outbox_delivery d
            WHERE d.state = 'pending' AND d.handler = s.handler AND d.key = b.key
            ORDER BY d.message_id DESC LIMIT 1) lane ON true
     ORDER BY b.id
        ON CONFLICT (message_id, handler) DO NOTHING
)
UPDATE outbox_message m SET dispatched_at = %(at)s FROM batch WHERE m.id = batch.id RETURNING m.id
"""
_DUE = """
SELECT d.id, d.handler, d.attempts, m.id, m.type, m.key, m.payload::text, m.created_at
  FROM unnest(%(handlers)s::text[]) AS h (handler)
 CROSS JOIN LATERAL (
       SELECT * FROM outbox_delivery
        WHERE state = 'pending' AND handler = h.handler AND next_attempt_at <= %(at)s
        ORDER BY next_attempt_at, message_id LIMIT %(limit)s) d
  JOIN outbox_message m ON m.id = d.message_id
 ORDER BY d.next_attempt_at, d.message_id LIMIT %(limit)s
"""
_TAKE = """
SELECT d.id FROM outbox_delivery d
 WHERE d.id = ANY(%(ids)s) AND d.state = 'pending'
   AND NOT EXISTS (
       SELECT FROM outbox_delivery earlier
        WHERE earlier.state = 'pending' AND earlier.handler = d.handler AND earlier.key = d.key
          AND earlier.message_id < d.message_id AND earlier.id <> ALL(%(ids)s))
   FOR UPDATE OF d SKIP LOCKED
"""
_FINISH = """
UPDATE outbox_delivery
   SET state = 'delivered', attempts = attempts + 1, delivered_at = %s, last_attempt_at = %s, last_error = ''
 WHERE id = ANY(%s) AND state = 'pending'
"""
_FAIL = """
UPDATE outbox_delivery
   SET state = %s, attempts = %s, next_attempt_at = %s, last_attempt_at = %s, last_error = %s
 WHERE id = %s AND state = 'pending' AND attempts = %s
"""
_HOLD_BACK = """
UPDATE outbox_delivery d SET next_attempt_at = head.next_attempt_at
  FROM (SELECT message_id, next_attempt_at FROM outbox_delivery
         WHERE state = 'pending' AND handler = %(handler)s AND key = %(key)s
         ORDER BY message_id LIMIT 1) head
 WHERE d.state = 'pending' AND d.handler = %(handler)s AND d.key = %(key)s
   AND d.message_id > head.message_id AND d.next_attempt_at < head.next_attempt_at
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery whose time has come."""

    id: int
    handler: str
    attempts: int
    message: Message

    @property
    def lane(self) -> tuple[str, str]:
        """Return what keeps an order: the handler and the key."""
        return self.handler, self.message.key


@opens_transaction
def dispatch(*, at: datetime) -> int:
    """Make deliveries of committed messages, one for each handler; return how many messages.

    Two relays don't do it at the same time: the second one gets 0.
    """
    if not rows("SELECT pg_try_advisory_xact_lock(hashtext('outbox.dispatch'))")[0][0]:
        return 0
    pairs = [(type_, name) for type_, names in selectors.subscriptions().items() for name in names]
    types, handlers = [type_ for type_, _ in pairs], [name for _, name in pairs]
    found = rows(_DISPATCH, {"limit": DISPATCH, "types": types, "handlers": handlers, "at": at})
    return len(found)


def due(handlers: Sequence[str], *, at: datetime, limit: int) -> list[Due]:
    """Return deliveries to these handlers whose time has come, in the order in which to try them."""
    found = rows(_DUE, {"handlers": list(handlers), "at": at, "limit": limit})
    return [
        Due(
            id=delivery,
            handler=handler,
            attempts=attempts,
            message=Message(number, type_, key, json.loads(payload), created_at, now=at),
        )
        for delivery, handler, attempts, number, type_, key, payload, created_at in found
    ]


@needs_transaction
def take(ids: Sequence[int]) -> set[int]:
    """Lock deliveries; return those still pending and preceded in their lane by none but others of `ids`."""
    return {row[0] for row in rows(_TAKE, {"ids": list(ids)})}


@needs_transaction
def finish(ids: Sequence[int], *, at: datetime) -> None:
    """Note that deliveries reached their handlers."""
    rows(_FINISH, [at, at, list(ids)])


@opens_transaction
def finish_alone(delivery: int, *, at: datetime) -> None:
    """Note in a transaction of its own that a delivery reached its handler."""
    finish([delivery], at=at)


@opens_transaction
def fail(one: Due, error: str, *, at: datetime) -> None:
    """Note a failed attempt: try again later and let the lane wait, or give up after the last one."""
    attempts = one.attempts + 1
    last = attempts >= settings.OUTBOX_MAX_ATTEMPTS
    later = at + rules.wait(attempts, cap=settings.OUTBOX_BACKOFF_CAP)
    state, again = ("dead", at) if last else ("pending", later)
    rows(_FAIL, [state, attempts, again, at, error, one.id, one.attempts])
    hold_back(one.lane)


@needs_transaction
def hold_back(lane: tuple[str, str]) -> None:
    """Let the later messages of a lane wait as long as its first one."""
    rows(_HOLD_BACK, {"handler": lane[0], "key": lane[1]})
