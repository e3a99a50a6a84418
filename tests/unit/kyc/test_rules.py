"""The pure rules of identity checks as tables."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.types import Accreditation, Fatca
from apps.kyc import rules
from apps.kyc.types import STEPS, Answers, Side, Step
from tests.factories.kyc import answers

TODAY = date(2026, 3, 2)
KNOWN = frozenset({"AE", "US", "QA", "GB", "PR"})


def problems(step, **changes):
    return rules.problems(
        rules.normal(answers(**changes)), step, today=TODAY, minimum_age=18, countries=KNOWN
    )


def all_problems(**changes):
    return set().union(*(problems(step, **changes) for step in STEPS))


def test_good_answers_have_no_problem():
    assert all_problems() == set()
    assert all_problems(document_type="emirates_id", document_number="784-1990-1234567-1") == set()
    assert all_problems(full_name="  Zoë  Ó Súilleabháin-Ağaoğlu ", city="دبي") == set()


@pytest.mark.spec("KYC-2")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", ""), ("full_name", "   "), ("full_name", "..."), ("full_name", "A" * 201),
        ("full_name", "Noor\nHaddad"), ("full_name", "Noor\x00"), ("full_name", "Noor\u202egnp"),
        ("full_name", "Noor\u2066"),
        ("birth_date", ""), ("birth_date", "27.4.1990"), ("birth_date", "1990-02-30"),
        ("birth_date", "19900427"), ("birth_date", "1990-W17-5"), ("birth_date", "١٩٩٠-٠٤-٢٧"),
        ("birth_date", "１９９０-04-27"), ("birth_date", "1990-04-27T00:00"), ("birth_date", "0000-01-01"),
        ("birth_date", "2008-03-03"), ("birth_date", "1905-01-01"),
        ("birth_country", ""), ("birth_country", "XX"), ("birth_country", "United Arab Emirates"),
        ("nationality", "A"), ("nationality", "AE "[:1]), ("second_nationality", "AE"),
        ("second_nationality", "ZZ"),
        ("residence", "UAE"), ("street", ""), ("street", "\u200b"), ("city", "C" * 101),
        ("postal_code", "9" * 21), ("region", "\t\x07x"),
        ("occupation", ""), ("source_of_funds", "magic"), ("source_of_funds", ""),
        ("pep", "maybe"), ("pep", ""), ("us_person", ""), ("tax_residence", "??"),
        ("tax_number", "<script>"), ("us_tax_number", "1" * 21),
        ("document_type", "library_card"), ("document_number", ""), ("document_number", "№ 5"),
        ("document_number", "P" * 41), ("document_number", "-1"), ("document_number", "１２３"),
        ("document_issued_on", "2026-03-03"), ("document_issued_on", "1989-01-01"),
        ("document_expires_on", "2026-03-02"), ("document_expires_on", "2020-01-01"),
        ("document_expires_on", "never"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_named_and_no_other(field, value):
    assert all_problems(**{field: value}) == {field}


@pytest.mark.spec("KYC-2")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source_of_funds": "other"}, "source_of_funds_details"),
        ({"pep": "yes"}, "pep_details"),
        ({"document_type": "emirates_id", "document_number": "784-1990"}, "document_number"),
        ({"document_type": "emirates_id", "document_number": "785199012345671"}, "document_number"),
        ({"document_issued_on": "2026-03-01", "document_expires_on": "2026-03-01"}, "document_expires_on"),
    ],
)
def test_an_answer_that_another_asks_for(changes, field):
    assert all_problems(**changes) == {field}


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(2008, 3, 2), date(2026, 3, 2), 18),
        (date(2008, 3, 3), date(2026, 3, 2), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2026, 3, 3), date(2026, 3, 2), -1),
    ],
)
def test_age(born, today, years):
    assert rules.age(born, today) == years


@pytest.mark.spec("KYC-2")
def test_the_eighteenth_birthday_is_enough():
    assert all_problems(birth_date="2008-03-02") == set()


@pytest.mark.spec("KYC-5")
@pytest.mark.parametrize(
    ("level", "evidence", "by_rule", "expected"),
    [
        (0, False, False, Accreditation.RETAIL),
        (1, True, True, Accreditation.RETAIL),
        (2, False, False, Accreditation.RETAIL),
        (2, True, False, Accreditation.PROFESSIONAL),
        (2, False, True, Accreditation.PROFESSIONAL),
        (3, False, False, Accreditation.INSTITUTIONAL),
        (3, True, True, Accreditation.INSTITUTIONAL),
    ],
)
def test_accreditation(level, evidence, by_rule, expected):
    assert rules.accreditation(level, evidence=evidence, level_two_is_professional=by_rule) is expected


@pytest.mark.spec("KYC-5")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Fatca.CLEAR),
        ({"nationality": "US"}, Fatca.BLOCKED),
        ({"nationality": "us"}, Fatca.BLOCKED),
        ({"second_nationality": "US"}, Fatca.BLOCKED),
        ({"nationality": "PR"}, Fatca.BLOCKED),
        ({"nationality": "US", "birth_country": "US", "us_person": "yes"}, Fatca.BLOCKED),
        ({"birth_country": "US"}, Fatca.REVIEW),
        ({"residence": "US"}, Fatca.REVIEW),
        ({"tax_residence": "US"}, Fatca.REVIEW),
        ({"us_person": "yes"}, Fatca.REVIEW),
        ({"us_tax_number": "12-3456789"}, Fatca.REVIEW),
        ({"birth_country": "PR"}, Fatca.REVIEW),
        ({"nationality": "GB", "residence": "QA"}, Fatca.CLEAR),
    ],
)
def test_fatca(changes, expected):
    assert rules.fatca(rules.normal(answers(**changes))) is expected


@pytest.mark.spec("KYC-2")
@pytest.mark.parametrize(
    ("kind", "present", "missing"),
    [
        ("passport", set(), [Side.FRONT, Side.SELFIE]),
        ("passport", {Side.FRONT, Side.SELFIE}, []),
        ("emirates_id", {Side.FRONT, Side.SELFIE}, [Side.BACK]),
        ("national_id", {Side.SELFIE}, [Side.FRONT, Side.BACK]),
        ("drivers_license", set(Side), []),
        ("", set(Side), list(Side)),
    ],
)
def test_missing_sides(kind, present, missing):
    assert rules.missing_sides(kind, present) == missing


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2024, 2, 29), 24, date(2026, 2, 28)),
        (date(2026, 3, 2), 24, date(2028, 3, 2)),
    ],
)
def test_months_later(day, months, later):
    assert rules.months_later(day, months) == later


@given(st.dates(date(1900, 1, 1), date(2900, 1, 1)), st.integers(0, 1200))
def test_months_are_as_many_as_said(day, months):
    later = rules.months_later(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day <= day.day


@given(st.dictionaries(st.sampled_from([*Answers.__slots__, "unknown"]), st.text(max_size=300)))
def test_no_text_breaks_the_rules_and_checking_twice_says_the_same(given_answers):
    normal = rules.normal(given_answers)
    for step in Step:
        first = rules.problems(normal, step, today=TODAY, minimum_age=18, countries=KNOWN)
        assert set(first) <= set(STEPS.get(step, ()))
        assert first == rules.problems(normal, step, today=TODAY, minimum_age=18, countries=KNOWN)
    assert rules.fatca(normal) in set(Fatca)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Noor Haddad", "HADDAD, Noor", True),
        ("Zoë Müller", "zoe muller", True),
        ("Noor Haddad", "Noor Al Haddad", False),
        ("", "Noor", False),
    ],
)
def test_same_name(one, other, same):
    assert rules.same_name(one, other) is same


@pytest.mark.parametrize(
    ("words", "needed", "fine"),
    [
        ("", False, True), ("", True, False), ("  \n", True, False), ("Two\nlines\tand tabs", True, True),
        ("x" * 1000, True, True), ("x" * 1001, True, False), ("\x1b[31m", False, False),
        ("\x00", False, False), ("\u202e", False, False),
    ],
)  # fmt: skip
def test_a_reviewers_words(words, needed, fine):
    assert (rules.words_problem(words, needed=needed) == "") is fine


@dataclass(frozen=True)
class Moved:
    at: datetime
    before: str
    after: str


@pytest.mark.spec("KYC-1")
@given(st.permutations(range(5)))
def test_moves_of_one_instant_follow_each_other(order):
    at, later = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
    moves = [
        Moved(at, "draft", "pending"),
        Moved(at, "pending", "in_review"),
        Moved(at, "in_review", "pending"),
        Moved(later, "pending", "in_review"),
        Moved(later, "in_review", "approved"),
    ]
    assert rules.in_order([moves[number] for number in order]) == moves
