"""Decimal text as a form field, read by `apps.common.money` and never by Django's number fields, which take
full-width digits, exponents and NaN."""

from typing import Any

from django import forms

from apps.common import money
from apps.common.errors import DomainError

MAX_TEXT = 32


def amount_input(*, decimal: bool = True) -> forms.TextInput:
    """Make the input of an amount: written from the left, with the keyboard of digits."""
    mode = "decimal" if decimal else "numeric"
    return forms.TextInput({"inputmode": mode, "autocomplete": "off", "dir": "ltr"})


class AmountField(forms.CharField):
    """Decimal text; cleans to an integer of the smallest unit, or None where nothing was written."""

    def __init__(self, *, decimals: int = 0, **kwargs: Any) -> None:
        self.decimals = decimals
        super().__init__(max_length=MAX_TEXT, widget=amount_input(decimal=bool(decimals)), **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the integer. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.parse(text, decimals=self.decimals)
        except DomainError as error:
            raise forms.ValidationError(error.detail) from error
