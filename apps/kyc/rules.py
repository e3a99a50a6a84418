"""Pure rules of identity checks: what an answer must look like, and what follows from it (KYC-2, KYC-5)."""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Protocol, TypeVar

from apps.accounts.types import Accreditation, Fatca
from apps.kyc.types import (
    OPTIONAL,
    SIDES,
    STEPS,
    Answers,
    ApplicationStatus,
    DocumentType,
    Funds,
    Side,
    Step,
)

LENGTHS: Mapping[str, int] = {
    "full_name": 200,
    "birth_place": 100,
    "street": 200,
    "city": 100,
    "region": 100,
    "postal_code": 20,
    "occupation": 100,
    "source_of_funds_details": 500,
    "pep_details": 500,
    "tax_number": 40,
    "us_tax_number": 20,
    "document_number": 40,
}
COUNTRIES = ("birth_country", "nationality", "second_nationality", "residence", "tax_residence")
DATES = ("birth_date", "document_issued_on", "document_expires_on")
CHOICES: Mapping[str, Collection[str]] = {
    "source_of_funds": tuple(Funds),
    "pep": ("yes", "no"),
    "us_person": ("yes", "no"),
    "document_type": tuple(DocumentType),
}
MAX_AGE = 120
MAX_WORDS = 1000  # of a reviewer's notes

# The United States, and the territories whose people are nationals of it.
UNITED_STATES = frozenset({"US", "AS", "GU", "MP", "PR", "UM", "VI"})

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9 ./-]*", re.ASCII)
_EMIRATES_ID = re.compile(r"784[0-9]{12}", re.ASCII)

Problems = dict[str, list[str]]


class _Move(Protocol):
    at: datetime
    before: str
    after: str


Move = TypeVar("Move", bound=_Move)


def normal(given: Mapping[str, str]) -> Answers:
    """Return answers in one form: composed characters, no space around them, numbers in capitals."""
    texts = {
        field.name: unicodedata.normalize("NFC", given.get(field.name, "")).strip()
        for field in fields(Answers)
    }
    for name in ("document_number", "tax_number", "us_tax_number", *COUNTRIES):
        texts[name] = texts[name].upper()
    return Answers(**texts)


def merge(answers: Answers, step: Step, given: Answers) -> Answers:
    """Return `answers` with those of one step taken from `given`."""
    return replace(answers, **{name: getattr(given, name) for name in STEPS.get(step, ())})


def problems(
    answers: Answers, step: Step, *, today: date, minimum_age: int, countries: Collection[str]
) -> Problems:
    """Return what is wrong with the answers of one step, by field; an empty one means it is complete.

    `countries` are the codes that exist; `today` is the market's date.
    """
    found: Problems = {}
    for name in STEPS.get(step, ()):
        sentence = _problem(name, getattr(answers, name), countries)
        if sentence:
            found[name] = [sentence]
    for name, sentence in _together(answers, today=today, minimum_age=minimum_age).items():
        if name in STEPS.get(step, ()) and name not in found:
            found[name] = [sentence]
    return found


def missing_sides(document_type: str, present: Collection[Side]) -> list[Side]:
    """Return the sides that a document of this type still lacks, the selfie included."""
    if document_type not in set(DocumentType):
        return list(Side)
    return [side for side in SIDES[DocumentType(document_type)] if side not in present]


def accreditation(level: int, *, evidence: bool, level_two_is_professional: bool) -> Accreditation:
    """Return the class of investor that a level makes (KYC-5).

    `evidence` says that the reviewer has seen proof of professional status.
    """
    if level >= 3:
        return Accreditation.INSTITUTIONAL
    if level == 2 and (evidence or level_two_is_professional):
        return Accreditation.PROFESSIONAL
    return Accreditation.RETAIL


def fatca(answers: Answers) -> Fatca:
    """Return what US tax law makes of these answers: US nationals are blocked, other indicia looked at."""
    if {answers.nationality, answers.second_nationality} & UNITED_STATES:
        return Fatca.BLOCKED
    places = {answers.birth_country, answers.residence, answers.tax_residence}
    if places & UNITED_STATES or answers.us_person == "yes" or answers.us_tax_number:
        return Fatca.REVIEW
    return Fatca.CLEAR


def age(born: date, today: date) -> int:
    """Return somebody's age in whole years; who was born on 29 February has their birthday on 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, or that month's last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def valid_until(answers: Answers, *, today: date, months: int) -> date:
    """Return the last day of an approval: the document's, or some months from now if that is sooner."""
    latest = months_later(today, months)
    expiry = read_date(answers.document_expires_on)
    return min(expiry, latest) if expiry else latest


def read_date(text: str) -> date | None:
    """Read a date written as 2026-03-02, None for anything else."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are made of the same words, whatever their order, case and accents."""
    return _words(one) == _words(other)


def in_order(moves: Iterable[Move]) -> list[Move]:
    """Return the moves of one application as they followed each other, also those of one instant."""
    left = sorted(moves, key=lambda move: move.at)
    found: list[Move] = []
    while left:
        state = found[-1].after if found else ApplicationStatus.DRAFT
        now = [move for move in left if move.at == left[0].at]
        following = next((move for move in now if move.before == state), now[0])
        left.remove(following)
        found.append(following)
    return found


def words_problem(text: str, *, needed: bool) -> str:
    """Say what is wrong with a reviewer's words, or nothing. They may have several lines."""
    if needed and not text.strip():
        return "Say why; the person reads it."
    if len(text) > MAX_WORDS:
        return f"At most {MAX_WORDS} characters."
    if not all(char.isprintable() or char in "\r\n\t" for char in text):
        return "Use letters, digits and signs only."
    return ""


def _problem(name: str, value: str, countries: Collection[str]) -> str:
    if not value:
        return "" if name in OPTIONAL else "Please answer this."
    if name in CHOICES:
        return "" if value in CHOICES[name] else f"Choose one of: {', '.join(CHOICES[name])}."
    if name in COUNTRIES:
        return "" if value in countries else "Give the country as two letters (ISO 3166-1), for example AE."
    if name in DATES:
        return "" if read_date(value) else "Write the date as year-month-day, for example 1990-04-27."
    return _text_problem(name, value)


def _text_problem(name: str, value: str) -> str:
    if len(value) > LENGTHS[name]:
        return f"At most {LENGTHS[name]} characters."
    if not value.isprintable():
        return "Use letters, digits and signs on one line."
    if name in {"document_number", "tax_number", "us_tax_number"}:
        return "" if _NUMBER.fullmatch(value) else "Use the letters A to Z, digits, spaces and dashes."
    if not any(char.isalnum() for char in value):
        return "Use at least one letter or digit."
    return ""


def _together(answers: Answers, *, today: date, minimum_age: int) -> dict[str, str]:
    """Check what one answer means beside another, or beside today."""
    found: dict[str, str] = {}
    born, issued, expires = (read_date(getattr(answers, name)) for name in DATES)
    if born and (problem := _birth_problem(born, today, minimum_age)):
        found["birth_date"] = problem
    if issued and (issued > today or (born and issued < born)):
        found["document_issued_on"] = "The document can't have been issued on this day."
    if expires and expires <= today:
        found["document_expires_on"] = "The document has expired. Use one that is valid."
    elif issued and expires and expires <= issued:
        found["document_expires_on"] = "The document expires after it was issued."
    if answers.document_type == DocumentType.EMIRATES_ID and not _is_emirates_id(answers.document_number):
        found["document_number"] = "An Emirates ID has 15 digits and begins with 784."
    if answers.second_nationality and answers.second_nationality == answers.nationality:
        found["second_nationality"] = "This is the nationality that you gave above."
    if answers.source_of_funds == Funds.OTHER and not answers.source_of_funds_details:
        found["source_of_funds_details"] = "Say where the money comes from."
    if answers.pep == "yes" and not answers.pep_details:
        found["pep_details"] = "Say which office, and whose."
    return found


def _birth_problem(born: date, today: date, minimum_age: int) -> str:
    years = age(born, today)
    if years < 0 or years > MAX_AGE:
        return "Check the year."
    return "" if years >= minimum_age else f"You must be at least {minimum_age} years old."


def _is_emirates_id(number: str) -> bool:
    return bool(_EMIRATES_ID.fullmatch(number.replace("-", "").replace(" ", "")))


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return sorted(plain.split())
