"""How the API writes deposits and withdrawals: amounts as decimal text, times in UTC, no personal data."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rest_framework import serializers

from apps.chain.types import HolderState
from apps.common import money
from apps.common.serializers import StaffStepOutput, StepOutput
from apps.wallets import rules, selectors
from apps.wallets.types import (
    CURRENCIES,
    Allowance,
    Change,
    Deposit,
    DepositState,
    DestinationKind,
    Why,
    Withdrawal,
    WithdrawalState,
)

# The document's generator names them by these.
DEPOSIT_STATUS = [str(state) for state in DepositState]
WITHDRAWAL_STATUS = [str(state) for state in WithdrawalState]
DESTINATION_KIND = [str(kind) for kind in DestinationKind]
_AMOUNTS = (
    "available",
    "unsettled",
    "withdrawable",
    "minimum",
    "day_limit",
    "day_left",
    "month_limit",
    "month_left",
    "most",
)


class WhyOutput(serializers.Serializer[Any]):
    """Why it isn't further: whom it waits for, a sentence for a person, and what to do."""

    waits_for = serializers.ChoiceField(choices=["you", "us", "bank", "nobody"])
    sentence = serializers.CharField()
    next_step = serializers.CharField(allow_blank=True)


class InstructionsOutput(serializers.Serializer[Any]):
    """Where to send the money; what is empty isn't needed there."""

    holder = serializers.CharField()
    bank = serializers.CharField()
    iban = serializers.CharField(allow_blank=True)
    account_number = serializers.CharField(allow_blank=True)
    bic = serializers.CharField(allow_blank=True)
    routing = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)


class DepositOutput(serializers.Serializer[Any]):
    """A deposit. `amount` was announced, `received` is what came (null before)."""

    id = serializers.UUIDField()
    currency = serializers.ChoiceField(choices=CURRENCIES)
    amount = serializers.CharField()
    received = serializers.CharField(allow_null=True)
    reference = serializers.CharField(help_text="the text that the transfer has to carry")
    status = serializers.ChoiceField(choices=DEPOSIT_STATUS)
    reason = serializers.CharField(allow_blank=True)
    why = WhyOutput()
    instructions = InstructionsOutput(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class DepositDetailOutput(DepositOutput):
    history = StepOutput(many=True)


class StaffDepositOutput(DepositOutput):
    user_id = serializers.UUIDField()
    bank_reference = serializers.CharField(allow_blank=True)
    refund_reference = serializers.CharField(allow_blank=True)


class StaffDepositDetailOutput(StaffDepositOutput):
    history = StaffStepOutput(many=True)


class WithdrawalOutput(serializers.Serializer[Any]):
    """A withdrawal, without where it goes to."""

    id = serializers.UUIDField()
    currency = serializers.ChoiceField(choices=CURRENCIES)
    amount = serializers.CharField()
    reference = serializers.CharField(help_text="the text that our transfer carries")
    status = serializers.ChoiceField(choices=WITHDRAWAL_STATUS)
    reason = serializers.CharField(allow_blank=True)
    destination_kind = serializers.ChoiceField(choices=DESTINATION_KIND)
    why = WhyOutput()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class DestinationOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=DESTINATION_KIND)
    holder_name = serializers.CharField()
    iban = serializers.CharField(allow_blank=True)
    account_number = serializers.CharField(allow_blank=True)
    bank_code = serializers.CharField(allow_blank=True)


class WithdrawalDetailOutput(WithdrawalOutput):
    destination = DestinationOutput(allow_null=True)
    history = StepOutput(many=True)


class StaffWithdrawalOutput(WithdrawalOutput):
    user_id = serializers.UUIDField()
    bank_reference = serializers.CharField(allow_blank=True)


class StaffWithdrawalDetailOutput(StaffWithdrawalOutput):
    """`destination` is shown to those who may approve withdrawals; that they saw it is recorded."""

    destination = DestinationOutput(allow_null=True)
    holder_is_owner = serializers.BooleanField(allow_null=True)
    history = StaffStepOutput(many=True)


class AllowanceOutput(serializers.Serializer[Any]):
    """What could be withdrawn now; `most` is the largest amount that no rule about numbers refuses."""

    currency = serializers.ChoiceField(choices=CURRENCIES)
    available = serializers.CharField()
    unsettled = serializers.CharField()
    withdrawable = serializers.CharField()
    minimum = serializers.CharField()
    day_limit = serializers.CharField()
    day_left = serializers.CharField()
    month_limit = serializers.CharField()
    month_left = serializers.CharField()
    most = serializers.CharField()


class AddressOutput(serializers.Serializer[Any]):
    """The custodial address; all empty before one was asked for, the address until it is made."""

    address = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=["", *map(str, HolderState)])
    identity = serializers.CharField(allow_blank=True)


def deposit_body(deposit: Deposit) -> dict[str, Any]:
    """Return a deposit as its owner reads it; where to send the money while it is waited for."""
    asked = deposit.state is DepositState.REQUESTED
    where = selectors.bank_instructions(deposit.currency) if asked else None
    return {
        "id": str(deposit.id),
        "currency": deposit.currency,
        "amount": _text(deposit.amount, deposit),
        "received": None if deposit.received is None else _text(deposit.received, deposit),
        "reference": deposit.reference,
        "status": str(deposit.state),
        "reason": deposit.reason,
        "why": _why(rules.why_deposit(deposit.state, deposit.reason)),
        "instructions": asdict(where) if where else None,
        "created_at": _time(deposit.requested_at),
        "expires_at": _time(deposit.expires_at),
        "updated_at": _time(deposit.updated_at),
    }


def staff_deposit_body(deposit: Deposit) -> dict[str, Any]:
    """Return a deposit as staff read it."""
    return deposit_body(deposit) | {
        "user_id": str(deposit.owner),
        "bank_reference": deposit.bank_reference,
        "refund_reference": deposit.refund_reference,
    }


def withdrawal_body(withdrawal: Withdrawal) -> dict[str, Any]:
    """Return a withdrawal as its owner reads it, without where it goes to."""
    return {
        "id": str(withdrawal.id),
        "currency": withdrawal.currency,
        "amount": _text(withdrawal.amount, withdrawal),
        "reference": withdrawal.reference,
        "status": str(withdrawal.state),
        "reason": withdrawal.reason,
        "destination_kind": str(withdrawal.destination_kind),
        "why": _why(rules.why_withdrawal(withdrawal.state, withdrawal.reason)),
        "created_at": _time(withdrawal.requested_at),
        "updated_at": _time(withdrawal.updated_at),
    }


def staff_withdrawal_body(withdrawal: Withdrawal) -> dict[str, Any]:
    """Return a withdrawal as staff read it, without where it goes to."""
    return withdrawal_body(withdrawal) | {
        "user_id": str(withdrawal.owner),
        "bank_reference": withdrawal.bank_reference,
    }


def history_body(changes: Iterable[Change], *, staff: bool = False) -> Any:
    """Return the life of a request; only staff read who did what."""
    return (StaffStepOutput if staff else StepOutput)(changes, many=True).data


def allowance_body(allowance: Allowance) -> dict[str, Any]:
    """Return the numbers of an allowance."""
    amounts = {name: _text(getattr(allowance, name), allowance) for name in _AMOUNTS}
    return {"currency": allowance.currency} | amounts


def _why(why: Why) -> dict[str, Any]:
    return {"waits_for": str(why.waits_for), "sentence": why.sentence, "next_step": why.next_step}


def _text(units: int, of: Deposit | Withdrawal | Allowance) -> str:
    return money.text(units, decimals=of.decimals)


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
