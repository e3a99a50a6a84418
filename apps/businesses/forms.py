"""What people type into the pages of businesses. The verbs check; forms only give it a shape."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from apps.businesses import rules
from apps.businesses.types import BusinessStatus, Industry
from apps.common import money
from apps.common.errors import Invalid

INDUSTRIES = {
    Industry.AGRICULTURE: _("Agriculture, forestry and fishing"),
    Industry.MINING: _("Mining and quarrying"),
    Industry.FOOD: _("Food and drink"),
    Industry.MANUFACTURING: _("Manufacturing"),
    Industry.ENERGY: _("Energy"),
    Industry.WATER: _("Water and waste"),
    Industry.CONSTRUCTION: _("Construction"),
    Industry.TRADE: _("Trade"),
    Industry.TRANSPORT: _("Transport and logistics"),
    Industry.HOSPITALITY: _("Hotels and restaurants"),
    Industry.TECHNOLOGY: _("Information and communication"),
    Industry.FINANCE: _("Finance and insurance"),
    Industry.REAL_ESTATE: _("Real estate"),
    Industry.PROFESSIONAL_SERVICES: _("Professional services"),
    Industry.EDUCATION: _("Education"),
    Industry.HEALTH: _("Health"),
    Industry.ENTERTAINMENT: _("Arts and entertainment"),
    Industry.OTHER: _("Something else"),
}


def _countries() -> list[tuple[str, str]]:
    return [("", ""), *((code, str(name)) for code, name in countries)]


class RegistrationForm(forms.Form):
    business_id = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("Company name"),
        max_length=rules.MAX_NAME,
        help_text=_("As it stands in the commercial register, like the number."),
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    registration_number = forms.CharField(
        label=_("Registration number"),
        max_length=rules.MAX_NUMBER,
        widget=forms.TextInput({"autocomplete": "off", "dir": "ltr"}),
    )
    country = forms.ChoiceField(label=_("Country of registration"), choices=_countries)
    industry = forms.ChoiceField(label=_("Industry"), choices=[("", ""), *INDUSTRIES.items()])
    platform_allocation_pct = forms.CharField(
        label=_("Platform allocation"),
        max_length=8,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "dir": "ltr"}),
    )

    def clean_platform_allocation_pct(self) -> int:
        """Read the percentage as basis points."""
        try:
            return money.parse(self.cleaned_data["platform_allocation_pct"].strip(), decimals=2)
        except Invalid as error:
            raise ValidationError(
                _("Write the percentage in plain digits with at most two decimals, for example 2.50.")
            ) from error


class DecisionForm(forms.Form):
    """A decision; a page shows one form for each that is possible, so their fields carry its name."""

    status = forms.ChoiceField(widget=forms.HiddenInput, choices=[(each, each) for each in BusinessStatus])
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=rules.MAX_REASON,
        required=False,
        help_text=_("The owner reads it, and it is kept for good. Name no person."),
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, data: Any = None, *, to: str = "", **kwargs: Any) -> None:
        super().__init__(data, auto_id=f"{to or 'decision'}_%s", **kwargs)
        self.to = to
        # Whether one is needed the verb says; here it only decides what the label shows.
        self.fields["reason"].required = to in rules.NEEDS_REASON


class QueueFilter(forms.Form):
    status = forms.CharField(widget=forms.HiddenInput, required=False, max_length=16)
    search = forms.CharField(label=_("Name or register number"), required=False, max_length=100)
    country = forms.ChoiceField(
        label=_("Country"), required=False, choices=lambda: [("", _("Any country")), *_countries()[1:]]
    )
    industry = forms.ChoiceField(
        label=_("Industry"), required=False, choices=[("", _("Any industry")), *INDUSTRIES.items()]
    )
