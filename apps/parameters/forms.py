"""What people type to change a parameter. The verb checks; the form only gives it a shape."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.common import money
from apps.common.errors import Invalid


class ChangeForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    value = forms.CharField(
        label=_("New value"),
        max_length=20,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "dir": "ltr"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Kept in the audit log for good. Name a decision or a case, not a person."),
    )

    def clean_value(self) -> int:
        """Read the number: plain digits, and a minus where it is wanted."""
        try:
            return money.parse(self.cleaned_data["value"].strip(), decimals=0, negative=True)
        except Invalid as error:
            raise ValidationError(_("Write a whole number in plain digits.")) from error
