"""What staff choose on the pages of trades. The verbs check; forms only give it a shape."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.settlement.templatetags.settlement import RETRIES
from apps.trading.types import Instrument, SettlementStatus

MOST = 100  # trades that are tried again at once
STATUSES = {
    SettlementStatus.PENDING: _("Pending"),
    SettlementStatus.PROCESSING: _("Processing"),
    SettlementStatus.SETTLED: _("Settled"),
    SettlementStatus.FAILED: _("Failed"),
}
_LTR = {"dir": "ltr", "autocomplete": "off"}


class RetryForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why will it work now?"), choices=list(RETRIES.items()), help_text=_("Kept in the audit log.")
    )


class _IdsField(forms.Field):
    widget = forms.SelectMultiple  # the page draws the ticks itself, one in each row

    def clean(self, value: Iterable[str]) -> list[UUID]:
        """Return the ids, each once. Raises ValidationError."""
        try:
            found = list(dict.fromkeys(UUID(text) for text in value or ()))
        except (TypeError, ValueError, AttributeError) as error:
            raise forms.ValidationError(_("One of these is not a trade.")) from error
        if not 0 < len(found) <= MOST:
            raise forms.ValidationError(_("Tick at least one trade, and at most 100."))
        return found


class RetryManyForm(RetryForm):
    trade_ids = _IdsField(label=_("Trades"))


class TradeFilter(forms.Form):
    status = forms.ChoiceField(
        label=_("Settlement"),
        required=False,
        choices=[("", _("Any")), *((str(status), words) for status, words in STATUSES.items())],
    )
    instrument = forms.ChoiceField(label=_("Instrument"), required=False)
    tx_hash = forms.RegexField(
        r"^0x[0-9a-fA-F]{64}$",
        label=_("Transaction hash"),
        required=False,
        max_length=66,
        widget=forms.TextInput(_LTR | {"placeholder": "0x"}),
        error_messages={"invalid": _("Give the whole hash: 0x and 64 digits.")},
    )
    about = forms.UUIDField(
        label=_("Trade or order"),
        required=False,
        widget=forms.TextInput(_LTR | {"placeholder": "ID"}),
        error_messages={"invalid": _("Give the whole ID.")},
    )
    batch = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, instruments: Sequence[Instrument], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("All")), *((str(market.id), market.symbol) for market in instruments)]
        self.fields["instrument"].choices = choices  # type: ignore[attr-defined]  # a choice field's
