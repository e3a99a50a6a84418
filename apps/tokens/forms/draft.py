"""The questions of a token's draft, a form for each step. The forms give shape, the rules read and judge.

The steps are shown one at a time and all answers so far travel along in the page, so that nothing is
stored before the token is.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from stdnum import isin as isin_digits

from apps.common.errors import DomainError
from apps.common.fields import MAX_TEXT, AmountField, amount_input
from apps.tokens import rules
from apps.tokens.forms.words import CLASSES, KINDS, country_choices
from apps.tokens.rules.terms import ISSUED
from apps.tokens.types import Kind, Terms

STEPS = ("basics", "supply", "split", "eligibility")
CHECK = "check"
# What the rules are shown in place of answers that aren't there yet: terms that nothing is wrong with.
UNANSWERED = {
    "name": "Draft",
    "symbol": "DRAFT",
    "jurisdiction": "AE",
    "total_supply": "1000000",
    "price_per_token": "1000",
    "primary_offering_pct": "100",
    "team_pct": "0",
    "reserve_pct": "0",
}


class Amount(forms.CharField):
    """An amount as text, which the rules read."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TEXT, widget=amount_input(), **kwargs)


class BasicsForm(forms.Form):
    business_id = forms.ChoiceField(label=_("Business"))
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("As investors will read it, such as Falcon Foods A.")
    )
    symbol = forms.CharField(
        label=_("Symbol"),
        max_length=11,
        help_text=_("2 to 11 capital letters or digits."),
        widget=forms.TextInput({"dir": "ltr", "autocapitalize": "characters", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(kind, KINDS[kind]) for kind in Kind if kind in ISSUED],
        help_text=_("What its holders have a share of."),
    )
    jurisdiction = forms.ChoiceField(
        label=_("Jurisdiction"), help_text=_("The country whose law governs the security.")
    )
    isin = forms.CharField(
        label=_("ISIN"),
        max_length=12,
        required=False,
        help_text=_("Its twelve characters, if it has one already."),
        widget=forms.TextInput({"dir": "ltr", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, businesses: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self.fields["business_id"], list(businesses))
        _choose(self.fields["jurisdiction"], [("", _("Choose a country")), *country_choices()])

    def clean_isin(self) -> str:
        """Return the ISIN; its check digit must be right."""
        isin: str = self.cleaned_data["isin"]
        if isin and not (isin.isascii() and isin == isin.upper() and isin_digits.is_valid(isin)):
            raise forms.ValidationError(_("This isn't an ISIN. Compare it with its certificate."))
        return isin


class SupplyForm(forms.Form):
    decimals = forms.TypedChoiceField(
        label=_("Smallest part"),
        coerce=int,
        choices=[
            (0, _("One whole token")),
            *((n, f"0.{'0' * (n - 1)}1") for n in range(1, rules.MAX_DECIMALS + 1)),
        ],
        initial=0,
        help_text=_("Of a token that somebody can hold."),
    )
    total_supply = Amount(label=_("Total supply"), help_text=_("All tokens there will ever be."))
    raise_currency = forms.ChoiceField(label=_("Currency"))
    price_per_token = Amount(label=_("Price of one token"))
    min_investment = Amount(
        label=_("Smallest investment"), required=False, help_text=_("Of one subscription, in the currency.")
    )
    max_investment = Amount(
        label=_("Largest investment"), required=False, help_text=_("Of one investor, over all subscriptions.")
    )
    soft_cap = Amount(
        label=_("Soft cap"),
        required=False,
        help_text=_("If less is raised by the end, everybody gets their money back."),
    )

    def __init__(self, *args: Any, currencies: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self.fields["raise_currency"], [(code, code) for code in currencies])


class SplitForm(forms.Form):
    primary_offering_pct = Amount(label=_("Primary offering"), help_text=_("Sold to investors."))
    team_pct = Amount(label=_("Team"), help_text=_("For founders and staff."), initial="0")
    reserve_pct = Amount(label=_("Reserve"), help_text=_("Kept by the business."), initial="0")
    platform_allocation_pct = Amount(
        label=_("Platform"),
        required=False,
        help_text=_("Out of the reserve. Empty: as agreed."),
    )


class EligibilityForm(forms.Form):
    eligible_classes = forms.MultipleChoiceField(
        label=_("Investor classes"),
        help_text=_("Tick none to let in all of them."),
        required=False,
        choices=list(CLASSES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    min_kyc_level = forms.TypedChoiceField(
        label=_("Identity check"),
        coerce=int,
        help_text=_("That an investor must have passed."),
        choices=[(1, _("Level 1 or higher")), (2, _("Level 2 or higher")), (3, _("Level 3"))],
        initial=2,
    )
    cooling_off_hours = AmountField(
        label=_("Cooling-off in hours"),
        required=False,
        help_text=_("Of retail investors. Empty: as usual here."),
    )
    eligible_countries = forms.MultipleChoiceField(
        label=_("Countries of residence"),
        help_text=_("Tick none to let in every country."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self.fields["eligible_countries"], country_choices())


class Draft:
    """The answers so far, as forms by step; businesses are ids with names, currencies codes with decimals."""

    def __init__(
        self,
        data: QueryDict | None,
        *,
        businesses: Iterable[tuple[str, str]],
        currencies: Mapping[str, int],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.currencies = currencies
        self.businesses = dict(businesses)
        self.forms = {step: self._form(step, data=data, initial=initial) for step in STEPS}
        self.steps = (*STEPS, CHECK)

    def wrong_step(self, upto: str) -> str:
        """Return the first step, up to this one, with an answer that isn't right; "" if there is none."""
        asked = self.steps[: self.steps.index(upto) + 1]
        asked = tuple(step for step in asked if step in self.forms)
        if all(self.forms[step].is_valid() for step in asked):
            try:
                self.terms(asked)
            except rules.InvalidTerms as error:
                self.refuse(error, asked)
        return next((step for step in asked if self.forms[step].errors), "")

    def terms(self, steps: Collection[str] = ()) -> Terms:
        """Return the terms that the answers of these steps (all) make. Raises InvalidTerms with fields."""
        written: dict[str, Any] = dict(UNANSWERED)
        for step in steps or self.forms:
            written |= self.forms[step].cleaned_data
        terms = rules.read_terms(written | self._currency(written), cash_decimals=self.cash_decimals)
        rules.check_terms(terms, countries=dict(countries))
        return terms

    @property
    def cash_decimals(self) -> int:
        """Return the decimals of the chosen currency, or of the first."""
        answers = getattr(self.forms["supply"], "cleaned_data", {})
        return self.currencies.get(answers.get("raise_currency", ""), next(iter(self.currencies.values()), 2))

    def refuse(self, error: DomainError, asked: Collection[str] = ()) -> str:
        """Put a refusal beside the answers that it names; return the first step with one, or the check."""
        named = dict(getattr(error, "fields", {}))
        wrong = [
            (step, name) for step in asked or self.forms for name in named if name in self.forms[step].fields
        ]
        for step, name in wrong:
            self.forms[step].add_error(name, list(named[name]))
        return wrong[0][0] if wrong else CHECK

    def show(self, step: str) -> None:
        """Show a step as it was answered before, without judging it yet."""
        if step in self.forms and self.forms[step].is_bound:
            form = self.forms[step]
            self.forms[step] = self._form(step, initial={name: form[name].data for name in form.fields})

    def carried(self, shown: str) -> list[BoundField]:
        """Return the answers of the other steps, which travel along as hidden fields."""
        return [field for step, form in self.forms.items() if step != shown for field in form]

    def _form(self, step: str, **given: Any) -> forms.Form:
        match step:
            case "basics":
                return BasicsForm(**given, businesses=self.businesses.items())
            case "supply":
                return SupplyForm(**given, currencies=self.currencies)
            case "split":
                return SplitForm(**given)
            case _:
                return EligibilityForm(**given)

    def _currency(self, written: Mapping[str, Any]) -> dict[str, str]:
        return {"raise_currency": written.get("raise_currency") or next(iter(self.currencies), "USD")}


def _choose(field: forms.Field, choices: list[tuple[Any, Any]]) -> None:
    if isinstance(field, forms.ChoiceField):
        field.choices = choices
