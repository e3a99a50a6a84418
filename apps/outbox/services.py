"""The verbs of the outbox: publish, try a dead letter again, forget what was delivered long ago."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from django.db.models import Exists, OuterRef

from apps.audit import services as audit
from apps.common.db import needs_transaction, opens_transaction, rows, text_array
from apps.common.errors import NotFound
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.outbox import rules, states
from apps.outbox.models import Delivery, OutboxMessage
from apps.outbox.types import NewMessage, declared

log = structlog.get_logger(__name__)


@needs_transaction
def publish(*, type: str, key: str, payload: Mapping[str, Any], at: datetime) -> None:  # noqa: A002  # the word that messages use
    """Tell whoever listens what happened, if this transaction commits.

    `type` is a dotted name; messages with the same `key` (the id of the thing that changed) reach each
    handler in order, provided that their writers lock that thing. `payload` holds ids, never personal data.

    Raises ValueError and TypeError for what can't be published.
    """
    publish_many(messages=[NewMessage(type, key, payload)], at=at)


@needs_transaction
def publish_many(*, messages: Sequence[NewMessage], at: datetime) -> None:
    """Publish many messages with one INSERT, in the order given. Raises like `publish`."""
    known = declared()
    contents = [rules.check(message, known) for message in messages]
    if messages:
        rows(
            "INSERT INTO outbox_message (type, key, payload, created_at)"
            " SELECT m.type, m.key, m.payload::jsonb, %s"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS m (type, key, payload, n)"
            " ORDER BY m.n",
            [
                at,
                text_array(message.type for message in messages),
                text_array(message.key for message in messages),
                text_array(contents),
            ],
        )


@opens_transaction
def requeue(*, delivery_id: int, by: Actor, at: datetime) -> None:
    """Have a dead letter tried again, with all its attempts.

    Raises NotFound, Conflict `invalid_transition`.
    """
    delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound("There is no such delivery.")
    delivery.state = advance(states.DELIVERY, states.Delivery(delivery.state), states.Delivery.PENDING)
    delivery.attempts, delivery.next_attempt_at = 0, at
    delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    audit.record(
        action="outbox.requeued",
        target_type="delivery",
        target_id=str(delivery_id),
        before={"state": states.Delivery.DEAD},
        after={"state": states.Delivery.PENDING, "handler": delivery.handler},
        by=by,
        at=at,
    )


@opens_transaction
def purge(*, before: datetime, limit: int, by: Actor, at: datetime) -> int:
    """Delete up to `limit` messages that were dispatched before an instant and reached everybody.

    Returns how many. A message that somebody still waits for, or that is a dead letter, stays.
    """
    unfinished = Delivery.objects.filter(message=OuterRef("pk")).exclude(state=states.Delivery.DELIVERED)
    old = OutboxMessage.objects.filter(~Exists(unfinished), dispatched_at__lt=min(before, at))
    ids = list(old.order_by("id").values_list("pk", flat=True)[:limit])
    Delivery.objects.filter(message__in=ids).delete()
    OutboxMessage.objects.filter(pk__in=ids).delete()
    log.info("outbox.purged", messages=len(ids), by=by.id)
    return len(ids)
