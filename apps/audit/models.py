"""The audit record: events that only grow, and the chain that seals them."""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from apps.audit import rules

if TYPE_CHECKING:
    _Integer = models.BigIntegerField[int, int]
else:
    _Integer = models.BigIntegerField


class TransactionId(_Integer):
    """PostgreSQL's 64-bit id of the transaction that wrote the row (xid8)."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int:
        return int(value)


class AuditEvent(models.Model):
    """Who did what to which (AUD-1), written in the transaction of the act and free of personal data.

    `at` is the time of the act as its interface read it; `recorded_at` is the database's own.
    """

    id = models.BigAutoField(primary_key=True)
    transaction = TransactionId(db_default=models.Func(function="pg_current_xact_id"), editable=False)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=models.Func(function="clock_timestamp"), editable=False)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    on_behalf_of = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80)
    target_id = models.CharField(max_length=120)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    ip_digest = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "audit_event"
        indexes = [
            models.Index(
                fields=["action", "id"], opclasses=["text_pattern_ops", "int8_ops"], name="audit_by_action"
            ),
            models.Index(fields=["actor_id", "id"], name="audit_by_actor"),
            models.Index(fields=["target_id", "id"], name="audit_by_target"),
            BrinIndex(fields=["at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"

    def contents(self) -> dict[str, Any]:
        """Return every field as the chain hashes it and an export writes it."""
        return {
            "id": self.pk,
            "transaction": self.transaction,
            "at": rules.stamp(self.at),
            "recorded_at": rules.stamp(self.recorded_at),
            "actor_kind": self.actor_kind,
            "actor_id": self.actor_id,
            "on_behalf_of": self.on_behalf_of,
            "action": self.action,
            "target_type": self.target_type,
            "target_id": self.target_id,
            "before": self.before,
            "after": self.after,
            "reason": self.reason,
            "ip_digest": self.ip_digest,
            "device": self.device,
            "request_id": self.request_id,
        }


class AuditSeal(models.Model):
    """One link of the chain (AUD-3): `hash` covers every field of the event and `previous_hash`."""

    sequence = models.BigIntegerField(primary_key=True)
    # Without a database constraint: checking it would lock, and so write, every event a second time.
    event = models.OneToOneField(
        AuditEvent, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_seal"
        constraints = [
            models.CheckConstraint(condition=models.Q(sequence__gt=0), name="audit_seal_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.hash[:12]}"


class UnsealedEvent(models.Model):
    """An event that the chain doesn't hold yet; a trigger on AuditEvent puts it here.

    The sealer empties this table, so finding its work costs the same however long the record is, and an
    event that was committed late is found like any other.
    """

    event = models.OneToOneField(
        AuditEvent, primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )

    class Meta:
        db_table = "audit_unsealed"

    def __str__(self) -> str:
        return str(self.pk)
