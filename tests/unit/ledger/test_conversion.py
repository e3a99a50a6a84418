"""Exchanging one asset for another: exact, rounded half to even, and nothing unnamed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import DomainError
from apps.ledger import postings
from apps.ledger.types import Account, AccountKind, AssetStatus, Conversion, EntryKind, Rate

pytestmark = pytest.mark.spec("LED-3")


def account(asset, decimals):
    return Account(1, f"client:a:{asset}", AccountKind.CLIENT, "a", asset, decimals, AssetStatus.ACTIVE)


def convert(amount, rate, *, source=("USD", 2), target=("AED", 2)):
    source, target = account(*source), account(*target)
    asked = Conversion(source.address, target.address, amount, rate, "fx:1")
    return postings.conversion(asked, source, target)


def received(entry):
    return entry.postings[-1].amount


def test_dollars_become_dirhams_through_the_fx_accounts():
    entry = convert(100_00, Rate(36725, 10000, "central-bank"))
    assert entry.kind is EntryKind.CONVERSION
    assert [(posting.account, posting.amount) for posting in entry.postings] == [
        ("client:a:USD", -100_00),
        ("platform:fx:USD", 100_00),
        ("platform:fx:AED", -367_25),
        ("client:a:AED", 367_25),
    ]
    assert entry.data == {"rate": "1469/400", "source": "central-bank", "rest": "0"}


@pytest.mark.parametrize(
    ("amount", "expected", "rest"), [(2, 5, "0"), (5, 12, "1/2"), (7, 18, "-1/2"), (3, 8, "-1/2")]
)
def test_halves_go_to_the_even_unit_and_the_rest_is_named(amount, expected, rest):
    entry = convert(amount, Rate(5, 2, "x"))
    assert (received(entry), entry.data["rest"]) == (expected, rest)


def test_decimals_of_both_assets_count():
    assert received(convert(1_00, Rate(1, 1, "x"), target=("USDC", 6))) == 1_000_000
    assert received(convert(1_234_567, Rate(1, 1, "x"), source=("USDC", 6), target=("USD", 2))) == 123


@pytest.mark.parametrize(
    ("amount", "rate", "code"),
    [
        (100, Rate(0, 1, "x"), "invalid_rate"),
        (100, Rate(1, 0, "x"), "invalid_rate"),
        (100, Rate(-1, 1, "x"), "invalid_rate"),
        (100, Rate(1, 1, ""), "invalid_rate"),
        (1, Rate(1, 10, "x"), "invalid_rate"),
        (0, Rate(1, 1, "x"), "invalid_entry"),
        (-5, Rate(1, 1, "x"), "invalid_entry"),
        (2**62, Rate(10, 1, "x"), "amount_too_large"),
    ],
)
def test_what_can_not_be_exchanged_is_refused(amount, rate, code):
    with pytest.raises(DomainError) as refusal:
        convert(amount, rate)
    assert refusal.value.code == code


@given(
    st.integers(1, 10**12),
    st.fractions(min_value=Fraction(1, 1000), max_value=1000),
    st.integers(0, 8),
    st.integers(0, 8),
)
def test_the_rest_is_what_was_rounded_away_and_less_than_a_unit(amount, rate, of_source, of_target):
    exact = amount * rate * Fraction(10**of_target, 10**of_source)
    if exact <= Fraction(1, 2):
        return
    entry = convert(
        amount,
        Rate(rate.numerator, rate.denominator, "x"),
        source=("AAA", of_source),
        target=("BBB", of_target),
    )
    rest = Fraction(entry.data["rest"])
    assert received(entry) + rest == exact
    assert abs(rest) <= Fraction(1, 2)
