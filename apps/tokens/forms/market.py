"""What staff type to open a token's market, and to pause or end it."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.common.fields import AmountField
from apps.tokens import rules
from apps.tokens.types import Token


class StepsForm(forms.Form):
    """In which steps a token is traded; what is empty is the smallest unit, or one whole token."""

    tick = AmountField(label=_("Price step"), required=False)
    lot = AmountField(label=_("Smallest quantity"), required=False)

    def __init__(self, *args: Any, token: Token, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        price = gettext("In %(currency)s, for one token") % {"currency": token.terms.raise_currency}
        self._reads("tick", token.cash_decimals, price)
        self._reads("lot", token.terms.decimals, gettext("In %(symbol)s") % {"symbol": token.terms.symbol})

    def _reads(self, name: str, decimals: int, words: str) -> None:
        field = self.fields[name]
        if isinstance(field, AmountField):
            field.decimals = decimals
        field.help_text = words

    def steps(self) -> dict[str, int]:
        """Return what was given, in the smallest units."""
        return {name: units for name, units in self.cleaned_data.items() if units is not None}


class MarketForm(forms.Form):
    """What becomes of a market, and why."""

    act = forms.ChoiceField(choices=[(name, name) for name in ("pause", "resume", "delist", "mature")])
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Kept in the history. Name no person."),
        required=False,  # nobody says why a token matures
        max_length=rules.MAX_REASON,
    )
