"""Fields and words of forms. Amounts are read by `apps.common.money`, never by number fields of Django, which
take full-width digits, exponents and NaN."""

from typing import Any

from django import forms
from django_countries import countries

from apps.common import money
from apps.common.errors import DomainError

MAX_TEXT = 40


def amount_input(*, decimal: bool = True) -> forms.TextInput:
    """Make the input of an amount: written from the left, with the keyboard of digits."""
    mode = "decimal" if decimal else "numeric"
    return forms.TextInput({"inputmode": mode, "autocomplete": "off", "dir": "ltr"})


class AmountField(forms.CharField):
    """Decimal text; cleans to an integer of the smallest unit, or None where nothing was written."""

    def __init__(self, *, decimals: int = 0, **kwargs: Any) -> None:
        self.decimals = decimals
        super().__init__(max_length=MAX_TEXT, widget=amount_input(decimal=bool(decimals)), **kwargs)
        if decimals:
            self.widget.attrs["placeholder"] = money.text(0, decimals=decimals)

    def clean(self, value: Any) -> Any:
        """Return the integer. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.parse(text, decimals=self.decimals)
        except DomainError as error:
            raise forms.ValidationError(error.detail) from error


def country_name(code: str) -> str:
    """Return the name of a country in the reader's language; the code itself for one that is unknown."""
    return str(countries.name(code)) or code
