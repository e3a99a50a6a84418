"""What people type into the pages of their money. The verbs check; forms only give it a shape."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.common.fields import AmountField
from apps.common.ids import new_id
from apps.wallets import selectors
from apps.wallets.types import (
    CURRENCIES,
    DECIMALS,
    FAILS_WITHDRAWAL,
    KINDS,
    REFUNDS_DEPOSIT,
    REJECTS_DEPOSIT,
    REJECTS_WITHDRAWAL,
    DepositState,
    Destination,
    DestinationKind,
    Reason,
    WithdrawalState,
)

REASONS: Mapping[Reason, str | Promise] = {
    Reason.NOTHING_CAME: _("Nothing came with this reference"),
    Reason.REPEATED_REQUEST: _("It repeats another request"),
    Reason.SENDER_DIFFERS: _("The sender's account is in another name"),
    Reason.HOLDER_DIFFERS: _("The receiving account is in another name"),
    Reason.ACCOUNT_INVALID: _("The bank doesn't know the account"),
    Reason.RETURNED_BY_BANK: _("The receiving bank sent it back"),
    Reason.NOT_ACCEPTED: _("Not accepted, without saying why"),
}
_LTR = {"dir": "ltr", "autocomplete": "off"}


class DepositForm(forms.Form):
    id = forms.UUIDField(widget=forms.HiddenInput)
    currency = forms.ChoiceField(label=_("Currency"))
    amount = AmountField(
        decimals=DECIMALS,
        label=_("Amount"),
        help_text=_("What you are going to send. If less or more comes, that counts."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"id": new_id()})
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(code, code) for code in selectors.offered()]  # type: ignore[attr-defined]  # a choice field's


class WithdrawForm(forms.Form):
    """`currency` decides which of the fields for an account there are."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    amount = AmountField(decimals=DECIMALS, label=_("Amount"))
    holder_name = forms.CharField(
        label=_("Account holder"),
        max_length=140,
        help_text=_("As the bank writes it. Money goes to accounts in your own name only."),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    kind = forms.ChoiceField(
        label=_("Send it to"),
        choices=[(DestinationKind.IBAN, _("An IBAN")), (DestinationKind.LOCAL, _("An account in the US"))],
        widget=forms.RadioSelect,
        initial=DestinationKind.IBAN,
    )
    iban = forms.CharField(
        label=_("IBAN"),
        max_length=64,
        required=False,
        widget=forms.TextInput({**_LTR, "spellcheck": "false"}),
    )
    account_number = forms.CharField(
        label=_("Account number"), max_length=64, required=False, widget=forms.TextInput(_LTR)
    )
    bank_code = forms.CharField(
        label=_("Bank code"), max_length=32, required=False, widget=forms.TextInput(_LTR)
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"id": new_id()})
        super().__init__(*args, **kwargs)
        kinds = KINDS[currency]
        self.single = next(iter(kinds)) if len(kinds) == 1 else None
        if self.single:
            del self.fields["kind"]
        if DestinationKind.IBAN not in kinds:
            del self.fields["iban"]
        if DestinationKind.LOCAL not in kinds:
            del self.fields["account_number"], self.fields["bank_code"]
        else:
            self.fields["bank_code"].help_text = (
                _("The branch's IFSC.") if currency == "INR" else _("The routing number, or the bank's BIC.")
            )

    def destination(self) -> Destination:
        """Return where the valid form says that the money goes."""
        data = self.cleaned_data
        kind = self.single or DestinationKind(data["kind"])
        names = ("iban",) if kind is DestinationKind.IBAN else ("account_number", "bank_code")
        return Destination(kind, data["holder_name"], **{name: data.get(name, "") for name in names})


class CameForm(forms.Form):
    amount = AmountField(decimals=DECIMALS, label=_("Amount that came"))
    bank_reference = forms.CharField(
        label=_("Bank's reference"),
        max_length=80,
        help_text=_("What the bank's statement calls this transfer. Each is booked once."),
        widget=forms.TextInput(_LTR),
    )


class SentForm(forms.Form):
    bank_reference = forms.CharField(
        label=_("Bank's reference"),
        max_length=80,
        help_text=_("What the bank calls this transfer."),
        widget=forms.TextInput(_LTR),
    )


class NothingForm(forms.Form):
    """An act that needs to know nothing."""


class _ReasonForm(forms.Form):
    reasons: tuple[Reason, ...] = ()
    reason = forms.ChoiceField(label=_("Reason"), help_text=_("The account's owner reads it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [(each, REASONS[each]) for each in self.reasons]  # type: ignore[attr-defined]  # a choice field's


class RejectDepositForm(_ReasonForm):
    reasons = REJECTS_DEPOSIT


class RefundForm(_ReasonForm):
    reasons = REFUNDS_DEPOSIT
    bank_reference = forms.CharField(
        label=_("Bank's reference"),
        max_length=80,
        help_text=_("Of the transfer that sent it back."),
        widget=forms.TextInput(_LTR),
    )


class RejectWithdrawalForm(_ReasonForm):
    reasons = REJECTS_WITHDRAWAL


class FailForm(_ReasonForm):
    reasons = FAILS_WITHDRAWAL


class _QueueFilter(forms.Form):
    states: Iterable[str] = ()
    state = forms.ChoiceField(label=_("Status"), required=False)
    currency = forms.ChoiceField(
        label=_("Currency"), required=False, choices=[("", _("Any")), *((code, code) for code in CURRENCIES)]
    )
    reference = forms.CharField(
        label=_("Reference"), required=False, max_length=80, widget=forms.TextInput({"dir": "ltr"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [  # type: ignore[attr-defined]  # a choice field's
            (selectors.OPEN, _("Waiting")),
            ("", _("Any")),
            *((state, STATES[state]) for state in self.states),
        ]


STATES: Mapping[str, str | Promise] = {
    "requested": _("Requested"),
    "received": _("Received"),
    "credited": _("Credited"),
    "rejected": _("Rejected"),
    "refunded": _("Refunded"),
    "cancelled": _("Cancelled"),
    "expired": _("Expired"),
    "under_review": _("Under review"),
    "approved": _("Approved"),
    "sent": _("Sent"),
    "completed": _("Completed"),
    "failed": _("Failed"),
}


class DepositFilter(_QueueFilter):
    states = [str(state) for state in DepositState]


class WithdrawalFilter(_QueueFilter):
    states = [str(state) for state in WithdrawalState]
