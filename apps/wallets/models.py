"""Requests to bring money in and to take it out. The ledger says what anybody has; these say why.

A request's `line` is the wallet transaction that shows it, and a withdrawal's `hold` its hold in the ledger.
Both ids are ours, because the id of a request may come from a form.
"""

from typing import Any

from django.db import models
from django.db.models import F, Q

from apps.common.laws import choices, one_of
from apps.wallets.types import CURRENCIES, DepositState, DestinationKind, WithdrawalState


def _only_in(states: Any, name: str, **empty: Any) -> models.CheckConstraint:
    """Refuse a row where something is empty in these states, or filled in another."""
    inside = Q(state__in=sorted(str(state) for state in states))
    return models.CheckConstraint(condition=inside & ~Q(**empty) | ~inside & Q(**empty), name=name)


_CAME = (DepositState.RECEIVED, DepositState.CREDITED, DepositState.REFUNDED)
_SENT = (WithdrawalState.SENT, WithdrawalState.COMPLETED, WithdrawalState.FAILED)


class Turn(models.Model):
    """One row for each owner: whoever asks for money in or out waits for the one before to be decided."""

    owner = models.UUIDField(primary_key=True)


class Deposit(models.Model):
    id = models.UUIDField(primary_key=True)
    owner = models.UUIDField()
    currency = models.CharField(max_length=8)
    amount = models.BigIntegerField()
    reference = models.CharField(max_length=10, unique=True)
    state = models.CharField(max_length=16, choices=choices(DepositState))
    received_amount = models.BigIntegerField(null=True)
    bank_reference = models.CharField(max_length=64, blank=True)
    refund_reference = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    line = models.UUIDField(unique=True)
    handled_by = models.UUIDField(null=True)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("state", DepositState),
            one_of("currency", CURRENCIES),
            models.CheckConstraint(condition=Q(amount__gt=0), name="deposit_amount"),
            _only_in(_CAME, "deposit_received_in_its_states", received_amount__isnull=True),
            models.CheckConstraint(
                condition=Q(received_amount__isnull=True, bank_reference="")
                | Q(received_amount__isnull=False, received_amount__gt=0) & ~Q(bank_reference=""),
                name="deposit_received_with_evidence",
            ),
            _only_in([DepositState.REFUNDED], "deposit_refunded_with_evidence", refund_reference=""),
            _only_in(
                [DepositState.REJECTED, DepositState.REFUNDED], "deposit_refused_with_reason", reason=""
            ),
            models.CheckConstraint(
                condition=Q(handled_by__isnull=True) | ~Q(handled_by=F("owner")),
                name="deposit_not_by_its_owner",
            ),
            models.UniqueConstraint(
                fields=["bank_reference"], condition=~Q(bank_reference=""), name="deposit_bank_reference_once"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-requested_at", "-id"], name="deposit_of_owner"),
            models.Index(fields=["state", "requested_at", "id"], name="deposit_queue"),
            models.Index(
                fields=["expires_at"], name="deposit_due", condition=Q(state=DepositState.REQUESTED)
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Withdrawal(models.Model):
    """`destination` is sealed under its owner's data key; `reference` goes into the bank transfer."""

    id = models.UUIDField(primary_key=True)
    owner = models.UUIDField()
    currency = models.CharField(max_length=8)
    amount = models.BigIntegerField()
    reference = models.CharField(max_length=10, unique=True)
    state = models.CharField(max_length=16, choices=choices(WithdrawalState))
    destination_kind = models.CharField(max_length=8, choices=choices(DestinationKind))
    destination = models.BinaryField()
    bank_reference = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    hold = models.UUIDField(unique=True)
    line = models.UUIDField(unique=True)
    handled_by = models.UUIDField(null=True)
    requested_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("state", WithdrawalState),
            one_of("currency", CURRENCIES),
            one_of("destination_kind", DestinationKind),
            models.CheckConstraint(condition=Q(amount__gt=0), name="withdrawal_amount"),
            _only_in(_SENT, "withdrawal_sent_with_evidence", bank_reference=""),
            _only_in(
                [WithdrawalState.REJECTED, WithdrawalState.FAILED],
                "withdrawal_refused_with_reason",
                reason="",
            ),
            models.CheckConstraint(
                condition=Q(handled_by__isnull=True) | ~Q(handled_by=F("owner")),
                name="withdrawal_not_by_its_owner",
            ),
            models.UniqueConstraint(
                fields=["bank_reference"],
                condition=~Q(bank_reference=""),
                name="withdrawal_bank_reference_once",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-requested_at", "-id"], name="withdrawal_of_owner"),
            models.Index(fields=["state", "requested_at", "id"], name="withdrawal_queue"),
        ]

    def __str__(self) -> str:
        return self.reference


class _Change(models.Model):
    """A step that a request took: append-only."""

    id = models.BigAutoField(primary_key=True)
    state = models.CharField(max_length=16)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=32, blank=True)

    class Meta:
        abstract = True


class DepositChange(_Change):
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "deposit_status_history"
        constraints = [one_of("state", DepositState)]


class WithdrawalChange(_Change):
    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "withdrawal_status_history"
        constraints = [one_of("state", WithdrawalState)]
