"""Messages that were published, and one delivery for each message and handler."""

from django.db import models
from django.db.models import Q

from apps.outbox.states import Delivery as State

_PENDING = Q(state=State.PENDING)


class OutboxMessage(models.Model):
    """What happened, written in the transaction in which it did: ids only, no personal data.

    `dispatched_at` is set once deliveries were made for whoever listens. A transaction that commits late
    leaves a message with a small id, which is found like any other by being undispatched.
    """

    id = models.BigAutoField(primary_key=True)
    type = models.CharField(max_length=80)
    key = models.CharField(max_length=120)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox_message"
        indexes = [
            models.Index(fields=["id"], condition=Q(dispatched_at=None), name="outbox_undispatched"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.type}"


class Delivery(models.Model):
    """One message on its way to one handler.

    The messages of one handler and key go in order: while one is pending, later ones wait.
    """

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(OutboxMessage, on_delete=models.PROTECT, related_name="+", db_index=False)
    handler = models.CharField(max_length=200)
    key = models.CharField(max_length=120)
    state = models.CharField(max_length=16, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_attempt_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "handler"], name="outbox_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=[str(state) for state in State]), name="outbox_delivery_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=State.DELIVERED, delivered_at__isnull=False)
                | (~Q(state=State.DELIVERED) & Q(delivered_at__isnull=True)),
                name="outbox_delivered_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["handler", "next_attempt_at", "message"], condition=_PENDING, name="outbox_due"
            ),
            models.Index(fields=["handler", "key", "message"], condition=_PENDING, name="outbox_lane"),
            models.Index(fields=["id"], condition=Q(state=State.DEAD), name="outbox_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.handler}"
