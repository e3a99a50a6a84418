"""What is known of messages on their way."""

from datetime import datetime

from django.conf import settings
from django.db.models import Count
from django.utils.module_loading import import_string

from apps.outbox.models import Delivery, OutboxMessage
from apps.outbox.states import Delivery as Word
from apps.outbox.types import DeadLetter, State


def subscriptions() -> dict[str, list[str]]:
    """Return the handlers of each message type, as config/subscriptions.py names them."""
    named: dict[str, list[str]] = import_string(settings.OUTBOX_SUBSCRIPTIONS)
    return named


def dead(*, limit: int = 100) -> list[DeadLetter]:
    """Return deliveries that were given up, newest first."""
    found = Delivery.objects.filter(state=Word.DEAD).select_related("message").order_by("-id")
    return [
        DeadLetter(
            id=delivery.pk,
            message_id=delivery.message_id,
            type=delivery.message.type,
            key=delivery.key,
            handler=delivery.handler,
            attempts=delivery.attempts,
            last_error=delivery.last_error,
            created_at=delivery.message.created_at,
            last_attempt_at=delivery.last_attempt_at,
        )
        for delivery in found[:limit]
    ]


def count_dead() -> int:
    """Return how many deliveries were given up."""
    return Delivery.objects.filter(state=Word.DEAD).count()


def state(*, at: datetime) -> State:
    """Return how far the relay is at the instant `at`."""
    waiting = OutboxMessage.objects.filter(dispatched_at=None).order_by("id")
    pending = Delivery.objects.filter(state=Word.PENDING)
    by_handler = dict(pending.values_list("handler").annotate(Count("id")).order_by())
    listening = {handler for handlers in subscriptions().values() for handler in handlers}
    first = waiting.values_list("created_at", flat=True).first()
    second = pending.order_by("message_id").values_list("message__created_at", flat=True).first()
    oldest = min((each for each in (first, second) if each), default=at)
    return State(
        undispatched=waiting.count(),
        pending=sum(by_handler.values()),
        dead=count_dead(),
        oldest=max(0.0, (at - oldest).total_seconds()),
        orphans={handler: count for handler, count in by_handler.items() if handler not in listening},
    )
