"""What staff choose and type: reasons, bounds, and filters."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.common.fields import AmountField
from apps.trading.templatetags.market import SIDES, VENUE_REASONS
from apps.trading.types import Instrument, OrderStatus, VenueReason

HALTS = (
    VenueReason.DISORDERLY_MARKET,
    VenueReason.NEWS_PENDING,
    VenueReason.REGULATOR_REQUEST,
    VenueReason.ISSUER_REQUEST,
    VenueReason.SUSPECTED_ABUSE,
    VenueReason.TECHNICAL_PROBLEM,
)
RESUMES = (VenueReason.MARKET_ORDERLY, VenueReason.REGULATOR_REQUEST, VenueReason.ISSUER_REQUEST)
COLLARS = (VenueReason.REFERENCE_PRICE, VenueReason.DISORDERLY_MARKET, VenueReason.REGULATOR_REQUEST)
CANCELS = (
    VenueReason.OWNER_REQUEST,
    VenueReason.ERRONEOUS_ORDER,
    VenueReason.SUSPECTED_ABUSE,
    VenueReason.DISORDERLY_MARKET,
    VenueReason.REGULATOR_REQUEST,
    VenueReason.TECHNICAL_PROBLEM,
)
STATUSES: Mapping[str, str | Promise] = {
    OrderStatus.OPEN: _("Open"),
    OrderStatus.PARTIALLY_FILLED: _("Partially filled"),
    OrderStatus.FILLED: _("Filled"),
    OrderStatus.CANCELLED: _("Cancelled"),
    OrderStatus.EXPIRED: _("Expired"),
    OrderStatus.REJECTED: _("Rejected"),
}


class _ReasonForm(forms.Form):
    reasons: tuple[VenueReason, ...] = ()
    reason = forms.ChoiceField(label=_("Reason"), help_text=_("Kept in the audit log."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [(str(each), VENUE_REASONS[each]) for each in self.reasons]  # type: ignore[attr-defined]  # a choice field's


class HaltForm(_ReasonForm):
    reasons = HALTS


class ResumeForm(_ReasonForm):
    reasons = RESUMES


class CancelForm(_ReasonForm):
    reasons = CANCELS


class CollarForm(_ReasonForm):
    """Two prices with the digits of the instrument's quote; an empty one is no bound."""

    reasons = COLLARS
    lowest = forms.Field()
    highest = forms.Field()
    field_order = ("lowest", "highest", "reason")

    def __init__(self, *args: Any, instrument: Instrument, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        decimals = instrument.quote_decimals
        empty = _("Empty for none.")
        self.fields["lowest"] = AmountField(
            decimals=decimals, label=_("Lowest price"), required=False, help_text=empty
        )
        self.fields["highest"] = AmountField(
            decimals=decimals, label=_("Highest price"), required=False, help_text=empty
        )

    def clean(self) -> dict[str, Any]:
        """Take an empty bound for none."""
        data = super().clean() or self.cleaned_data
        return {name: (value or 0) if name != "reason" else value for name, value in data.items()}


class OrderFilter(forms.Form):
    instrument = forms.ChoiceField(label=_("Instrument"), required=False)
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("Any")), *STATUSES.items()])
    side = forms.ChoiceField(label=_("Side"), required=False, choices=[("", _("Any")), *SIDES.items()])
    about = forms.UUIDField(
        label=_("User or order"),
        required=False,
        widget=forms.TextInput({"dir": "ltr", "autocomplete": "off", "placeholder": "ID"}),
        error_messages={"invalid": _("Give the whole ID.")},
    )

    def __init__(self, *args: Any, instruments: Sequence[Instrument], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["instrument"].choices = market_choices(instruments)  # type: ignore[attr-defined]  # a choice field's


def market_choices(instruments: Iterable[Instrument]) -> list[tuple[str, Any]]:
    """Return the choices of a filter by instrument."""
    return [("", _("All")), *((str(market.id), market.symbol) for market in instruments)]
