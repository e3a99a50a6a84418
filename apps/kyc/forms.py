"""What people type into the pages of identity checks. The verbs check; forms only give it a shape."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from apps.kyc import rules, selectors
from apps.kyc.types import STEPS, Answers, ApplicationStatus, DocumentType, Flag, Funds, Side, Step

FUNDS = {
    Funds.SALARY: _("Salary"),
    Funds.BUSINESS: _("My business"),
    Funds.SAVINGS: _("Savings"),
    Funds.INVESTMENTS: _("Investments"),
    Funds.PROPERTY: _("Sale or rent of property"),
    Funds.INHERITANCE: _("Inheritance"),
    Funds.PENSION: _("Pension"),
    Funds.GIFT: _("A gift"),
    Funds.OTHER: _("Something else"),
}
DOCUMENTS = {
    DocumentType.PASSPORT: _("Passport"),
    DocumentType.EMIRATES_ID: _("Emirates ID"),
    DocumentType.NATIONAL_ID: _("National identity card"),
    DocumentType.DRIVERS_LICENSE: _("Driver's licence"),
}
SIDES = {Side.FRONT: _("Front"), Side.BACK: _("Back"), Side.SELFIE: _("Selfie with the document")}
PASSPORT_SIDES = SIDES | {Side.FRONT: _("Page with your photo")}
YES_NO = [("yes", _("Yes")), ("no", _("No"))]
STEP_TITLES = {
    Step.PERSONAL: _("About you"),
    Step.ADDRESS: _("Address"),
    Step.DETAILS: _("Money and tax"),
    Step.DOCUMENTS: _("Documents"),
    Step.CHECK: _("Check and send"),
}
LEVELS = [
    ("", _("Choose a level")),
    (1, _("1, contact verified")),
    (2, _("2, documents verified")),
    (3, _("3, enhanced or institutional")),
]
FLAGS = {
    Flag.PEP: _("Politically exposed: look at the source of funds."),
    Flag.US_PERSON: _("A national of the United States: an approval marks them as blocked by FATCA."),
    Flag.US_INDICIA: _("Signs of a tie to the United States: an approval marks them for a FATCA review."),
    Flag.SAME_DOCUMENT: _("The same document number stands in somebody else's application."),
    Flag.NAME_DIFFERS: _("The name differs from the account's."),
}
STATUSES = {
    ApplicationStatus.PENDING: _("Pending"),
    ApplicationStatus.IN_REVIEW: _("In review"),
    ApplicationStatus.APPROVED: _("Approved"),
    ApplicationStatus.REJECTED: _("Rejected"),
    ApplicationStatus.EXPIRED: _("Expired"),
}


class _Country(forms.ChoiceField):
    """A country by its two letters, with names in the reader's language."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=_countries, **options)


def _countries() -> list[tuple[str, str]]:
    known = selectors.country_codes()
    return [("", str(_("Choose a country"))), *((code, name) for code, name in countries if code in known)]


def _text(name: str, label: Any, *, hint: Any = "", needed: bool = True, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=rules.LENGTHS[name],
        required=needed,
        help_text=hint,
        widget=forms.TextInput(attrs),
    )


def _day(label: Any, *, hint: Any = "", **attrs: str) -> forms.CharField:
    widget = forms.TextInput({"type": "date", "placeholder": "1990-04-27", "dir": "ltr", **attrs})
    return forms.CharField(label=label, max_length=10, help_text=hint, widget=widget)


class PersonalForm(forms.Form):
    full_name = _text("full_name", _("Full name, as in your document"), autocomplete="name")
    birth_date = _day(_("Date of birth"), autocomplete="bday")
    birth_place = _text("birth_place", _("Place of birth"))
    birth_country = _Country(label=_("Country of birth"))
    nationality = _Country(label=_("Nationality"))
    second_nationality = _Country(label=_("Second nationality"), required=False)


class AddressForm(forms.Form):
    residence = _Country(label=_("Country where you live"))
    street = _text("street", _("Street, building, apartment"), autocomplete="street-address")
    city = _text("city", _("City"), autocomplete="address-level2")
    region = _text("region", _("Emirate, state or province"), needed=False, autocomplete="address-level1")
    postal_code = _text("postal_code", _("Postal code"), needed=False, autocomplete="postal-code", dir="ltr")


class DetailsForm(forms.Form):
    occupation = _text("occupation", _("Occupation"), autocomplete="organization-title")
    source_of_funds = forms.ChoiceField(
        label=_("Where the money comes from"), choices=[("", _("Choose one")), *FUNDS.items()]
    )
    source_of_funds_details = _text(
        "source_of_funds_details", _("More about it"), needed=False, hint=_("Needed if it is something else.")
    )
    pep = forms.ChoiceField(
        label=_("Do you hold or have you held a high public office, or are you close to somebody who does?"),
        choices=YES_NO,
        widget=forms.RadioSelect,
        help_text=_("For example a minister, judge, general or ambassador, their family and associates."),
    )
    pep_details = _text("pep_details", _("Which office, and whose"), needed=False, hint=_("Needed if yes."))
    tax_residence = _Country(label=_("Country where you pay tax"))
    tax_number = _text("tax_number", _("Tax number there"), needed=False, dir="ltr")
    us_person = forms.ChoiceField(
        label=_("Are you a citizen or tax resident of the United States, or do you hold a green card?"),
        choices=YES_NO,
        widget=forms.RadioSelect,
    )
    us_tax_number = _text("us_tax_number", _("US tax number, if you have one"), needed=False, dir="ltr")


class DocumentsForm(forms.Form):
    document_type = forms.ChoiceField(
        label=_("Which document"), choices=list(DOCUMENTS.items()), widget=forms.RadioSelect
    )
    document_number = _text("document_number", _("Number"), autocomplete="off", dir="ltr")
    document_issued_on = _day(_("Issued on"))
    document_expires_on = _day(_("Expires on"))


FORMS: Mapping[Step, type[forms.Form]] = {
    Step.PERSONAL: PersonalForm,
    Step.ADDRESS: AddressForm,
    Step.DETAILS: DetailsForm,
    Step.DOCUMENTS: DocumentsForm,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that a document still needs, and what was wrong with the file that was sent for it."""

    side: Side
    title: str
    accept: str
    hint: str
    error: str


def wanted(
    document_type: str, present: Iterable[Side], errors: Mapping[Side, str] | None = None
) -> list[Wanted]:
    """Return the pictures that a document still needs."""
    titles = PASSPORT_SIDES if document_type == DocumentType.PASSPORT else SIDES
    pictures, all_kinds = _("JPG, PNG or WebP, up to 10 MB"), _("JPG, PNG, WebP or PDF, up to 10 MB")
    return [
        Wanted(
            side,
            str(titles[side]),
            ".jpg,.jpeg,.png,.webp" + ("" if side is Side.SELFIE else ",.pdf"),
            str(pictures if side is Side.SELFIE else all_kinds),
            (errors or {}).get(side, ""),
        )
        for side in rules.missing_sides(document_type, set(present))
    ]


class QueueFilter(forms.Form):
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[("", _("Waiting or in review")), ("any", _("Any status")), *STATUSES.items()],
    )
    claimed_by = forms.ChoiceField(
        label=_("Held by"),
        required=False,
        choices=[("", _("Anybody or nobody")), ("nobody", _("Nobody")), ("me", _("Me"))],
    )


class ApproveForm(forms.Form):
    """Preselects no level: whoever approves says what was verified (KYC-5)."""

    kyc_level = forms.TypedChoiceField(label=_("Level"), choices=LEVELS, coerce=int, empty_value=None)
    professional_evidence = forms.BooleanField(
        label=_("I have seen proof of professional status"),
        help_text=_("Makes a professional investor of level 2."),
        required=False,
    )
    notes = forms.CharField(
        label=_("Notes for reviewers"),
        max_length=rules.MAX_WORDS,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )


class RejectForm(forms.Form):
    rejection_reason = forms.CharField(
        label=_("Why"),
        max_length=rules.MAX_WORDS,
        help_text=_("The person reads this: say what to correct."),
        widget=forms.Textarea({"rows": 3}),
    )
    notes = forms.CharField(
        label=_("Notes for reviewers"),
        max_length=rules.MAX_WORDS,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )


class JudgeForm(forms.Form):
    accepted = forms.ChoiceField(choices=YES_NO, widget=forms.HiddenInput)
    notes = forms.CharField(label=_("Notes"), max_length=rules.MAX_WORDS, required=False)


@dataclass(frozen=True, slots=True)
class Group:
    """The answers of one step, with their questions, in the reader's language."""

    step: Step
    title: str
    rows: tuple[tuple[str, str], ...]


def summary(answers: Answers) -> tuple[Group, ...]:
    """Return what somebody answered as people read it; optional questions left open are left out."""
    given = asdict(answers)
    return tuple(
        Group(
            step,
            str(STEP_TITLES[step]),
            tuple(
                (str(field.label), _shown(field, given[name]))
                for name, field in FORMS[step]().fields.items()
                if given[name] or field.required
            ),
        )
        for step in STEPS
    )


def _shown(field: forms.Field, value: str) -> str:
    if isinstance(field, forms.ChoiceField):
        return str(dict(field.choices).get(value, value))  # type: ignore[arg-type]  # they are pairs here
    return value
