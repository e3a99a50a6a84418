"""Amounts at the edges, rounding, and sharing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common import money


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [("12.50", 2, 1250), ("0", 2, 0), ("1", 0, 1), ("0.000001", 6, 1), ("007.1", 2, 710)],
)
def test_plain_digits_are_read(text, decimals, units):
    assert money.parse(text, decimals=decimals) == units


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "+1", "-1", "1e5", "1E+5", "1_000", "1,000", "١٢", "１２", "NaN", "inf", ".5", "5.",
     "0x10", "1.234", "--1", "1\n", None, 5, 1.5, True, ["1"]],
)  # fmt: skip
def test_everything_else_is_refused(text):
    with pytest.raises(money.InvalidAmount):
        money.parse(text, decimals=2)


def test_an_amount_that_does_not_fit_is_refused():
    with pytest.raises(money.AmountTooLarge):
        money.parse("99999999999999999.99", decimals=3)
    with pytest.raises(money.AmountTooLarge):
        money.checked(2**63)


def test_a_sign_is_read_only_where_it_is_allowed():
    assert money.parse("-3.10", decimals=2, negative=True) == -310


@given(units=st.integers(-money.INT64_MAX, money.INT64_MAX), decimals=st.integers(0, 18))
def test_text_and_parse_are_inverse(units, decimals):
    assert money.parse(money.text(units, decimals=decimals), decimals=decimals, negative=True) == units
    assert money.decimal(units, decimals=decimals) * 10**decimals == units


@given(numerator=st.integers(-(10**20), 10**20), denominator=st.integers(1, 10**9))
def test_half_even_is_what_the_standard_library_rounds_to(numerator, denominator):
    assert money.divide_half_even(numerator, denominator) == round(Fraction(numerator, denominator))


@given(
    total=st.integers(0, 10**15),
    weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any),
)
def test_the_parts_of_a_split_sum_to_the_whole_and_are_fair(total, weights):
    parts = money.split(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


def test_a_split_gives_the_rest_to_the_largest_remainder_then_the_first():
    assert money.split(10, [1, 1, 1]) == [4, 3, 3]
    assert money.split(100, [5, 3, 1]) == [56, 33, 11]
    with pytest.raises(ValueError, match="split needs"):
        money.split(1, [0, 0])
