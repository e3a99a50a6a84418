from django.db import models


class IdempotencyRecord(models.Model):
    """The first answer to a request, kept so that a repeat gets the same one.

    Written in the transaction of the effect. `body` holds ids and amounts, never personal data.
    """

    id = models.BigAutoField(primary_key=True)
    principal = models.CharField(max_length=64)
    route = models.CharField(max_length=120)
    key = models.CharField(max_length=128)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["principal", "route", "key"], name="idempotency_once"),
        ]
