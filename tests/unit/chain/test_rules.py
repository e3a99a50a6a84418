"""What the sender decides by numbers alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain import rules
from apps.chain.rules import GWEI, Answer
from apps.chain.types import Fees, Market

amounts = st.integers(min_value=0, max_value=400 * GWEI)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 1), (2, 4), (3, 15), (4, 60), (5, 240), (40, 240)])
def test_pauses_grow_and_end(attempts, seconds):
    assert rules.pause(attempts) == timedelta(seconds=seconds)


def test_a_gas_limit_has_its_margin_below_the_cap():
    assert rules.gas_limit(100_000, margin=2_500, cap=15_000_000) == 125_000
    assert rules.gas_limit(14_000_000, margin=2_500, cap=15_000_000) == 15_000_000


def test_first_fees_bear_a_doubled_base_fee():
    assert rules.first_fees(Market(10 * GWEI, GWEI), cap=500) == Fees(21 * GWEI, GWEI)
    assert rules.first_fees(Market(400 * GWEI, GWEI), cap=500) == Fees(500 * GWEI, GWEI)
    assert rules.first_fees(Market(None, 7), cap=500) == Fees(7, 7, legacy=True)


@pytest.mark.spec("CHN-3")
@given(max_fee=amounts, priority_fee=amounts, base=amounts, tip=amounts)
def test_a_bump_raises_both_fields_by_an_eighth_or_does_not_happen(max_fee, priority_fee, base, tip):
    last = Fees(max(max_fee, priority_fee), priority_fee)
    fees = rules.bumped(last, Market(base, tip), cap=500)
    if fees is None:
        assert last.max_fee * 1125 // 1000 + 2 > 500 * GWEI
        return
    assert fees.max_fee * 1000 >= last.max_fee * 1125
    assert fees.priority_fee * 1000 >= last.priority_fee * 1125
    assert fees.priority_fee <= fees.max_fee <= 500 * GWEI


def test_a_bump_of_a_legacy_price_stays_one_price():
    assert rules.bumped(Fees(1000, 1000, legacy=True), Market(None, 5), cap=500) == Fees(
        1126, 1126, legacy=True
    )


@pytest.mark.spec("CHN-3")
@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("already known", Answer.KNOWN),
        ("transaction already imported", Answer.KNOWN),
        ("ALREADY_EXISTS: already known", Answer.KNOWN),
        ("Transaction with the same hash was already imported.", Answer.KNOWN),
        ("nonce too low: next nonce 5, tx nonce 4", Answer.SPENT),
        ("Nonce too low. Expected nonce to be 5 but got 4.", Answer.SPENT),
        ("OldNonce", Answer.SPENT),
        ("replacement transaction underpriced", Answer.AGAIN),
        ("transaction underpriced: gas tip cap 1, minimum needed 25", Answer.AGAIN),
        ("max fee per gas less than block base fee", Answer.AGAIN),
        ("insufficient funds for gas * price + value", Answer.AGAIN),
        ("txpool is full", Answer.AGAIN),
        ("something new that nobody has heard of", Answer.AGAIN),
        ("intrinsic gas too low", Answer.NEVER),
        ("exceeds block gas limit", Answer.NEVER),
    ],
)
def test_what_nodes_say_is_understood(words, answer):
    assert rules.meaning(words) is answer
