"""References, days and months, limits, and why a request isn't further: pure functions."""

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from stdnum.iso7064 import mod_37_36

from apps.common.errors import DomainError, Invalid
from apps.wallets import rules, states
from apps.wallets.types import (
    FAILS_WITHDRAWAL,
    REFUNDS_DEPOSIT,
    REJECTS_DEPOSIT,
    REJECTS_WITHDRAWAL,
    Allowance,
    DepositState,
    Reason,
    WaitsFor,
    WithdrawalState,
)

DUBAI = ZoneInfo("Asia/Dubai")


def some_references(number=200):
    dice = random.Random(7)
    return [rules.with_check("".join(dice.choices(rules.ALPHABET, k=9))) for _ in range(number)]


@pytest.mark.spec("PAY-1")
def test_the_check_character_is_that_of_iso_7064():
    for reference in some_references():
        assert mod_37_36.is_valid(reference, alphabet=rules.ALPHABET)
        assert rules.is_reference(reference)
        assert len(reference) == rules.LENGTH


@pytest.mark.spec("PAY-1")
def test_no_single_slip_of_the_hand_makes_another_reference():
    for reference in some_references(40):
        for place, was in enumerate(reference):
            for slip in rules.ALPHABET.replace(was, ""):
                assert not rules.is_reference(reference[:place] + slip + reference[place + 1 :])


def test_references_have_no_characters_that_are_read_as_each_other():
    assert not set("01IO") & set(rules.ALPHABET)
    assert len(set(rules.ALPHABET)) == 32


@pytest.mark.parametrize("text", ["", "A", "٣" * 10, "0" * 10, "é" * 10, "ABCDEFGHJKL", "\x00" * 10])
def test_what_is_no_reference(text):
    assert not rules.is_reference(rules.normal_reference(text))


def test_a_reference_is_found_however_it_is_spaced():
    reference = some_references(1)[0]
    assert rules.normal_reference(f" {reference[:5].lower()} - {reference[5:]}\n") == reference


@pytest.mark.parametrize("text", ["FT24/001-7.b", " camt 1234 "])
def test_a_banks_reference(text):
    assert rules.bank_reference(text) == "".join(text.split()).upper()


@pytest.mark.parametrize(
    "text", ["", "FT1", "x" * 65, "FT\x001234", "ＦＴ１２３４", "FT1234'; --", "José Pérez", "-FT12"]
)
def test_what_no_bank_calls_a_transfer(text):
    with pytest.raises(Invalid) as refusal:
        rules.bank_reference(text)
    assert list(refusal.value.fields) == ["bank_reference"]


@pytest.mark.spec("PAY-2")
def test_a_day_and_a_month_begin_in_the_markets_zone():
    late = datetime(2026, 3, 31, 20, 30, tzinfo=UTC)  # half past midnight of the first of April in Dubai
    assert rules.day_start(late, DUBAI) == datetime(2026, 3, 31, 20, 0, tzinfo=UTC)
    assert rules.month_start(late, DUBAI) == datetime(2026, 3, 31, 20, 0, tzinfo=UTC)
    earlier = datetime(2026, 3, 31, 19, 59, tzinfo=UTC)
    assert rules.day_start(earlier, DUBAI) == datetime(2026, 3, 30, 20, 0, tzinfo=UTC)
    assert rules.month_start(earlier, DUBAI) == datetime(2026, 2, 28, 20, 0, tzinfo=UTC)


def allowed(**changes):
    numbers = {"available": 900, "unsettled": 0, "withdrawable": 900, "minimum": 100}
    numbers |= {"day_limit": 1000, "day_left": 600, "month_limit": 5000, "month_left": 5000}
    return Allowance("USD", 2, **numbers | changes)


@pytest.mark.spec("PAY-2")
@pytest.mark.parametrize(
    ("amount", "changes", "code", "period"),
    [
        (99, {}, "withdrawal_too_small", None),
        (601, {}, "withdrawal_limit_reached", "day"),
        (600, {"month_left": 599}, "withdrawal_limit_reached", "month"),
        (100, {"day_limit": 0, "day_left": 0}, "withdrawal_limit_reached", "day"),
    ],
)
def test_the_limits(amount, changes, code, period):
    with pytest.raises(DomainError) as refusal:
        rules.check_limits(amount, allowed(**changes))
    assert (refusal.value.code, refusal.value.data.get("period")) == (code, period)
    assert refusal.value.next_step


@pytest.mark.parametrize("amount", [100, 600])
def test_within_the_limits(amount):
    rules.check_limits(amount, allowed())


def test_the_most_that_could_be_withdrawn():
    assert allowed().most == 600
    assert allowed(withdrawable=250).most == 250
    assert allowed(month_left=99).most == 0  # below the minimum
    assert allowed(withdrawable=0).most == 0


@pytest.mark.spec("PAY-1", "PAY-2")
def test_every_state_says_why_and_what_to_do():
    for why, state, open_states in (
        (rules.why_deposit, DepositState, states.OPEN_DEPOSITS),
        (rules.why_withdrawal, WithdrawalState, states.OPEN_WITHDRAWALS),
    ):
        for each in state:
            said = why(each)
            assert said.sentence.endswith(".")
            assert (said.waits_for is WaitsFor.NOBODY) is (each not in open_states)


def test_every_reason_has_a_sentence_of_its_own_and_an_act_that_gives_it():
    said = {reason: rules.why_deposit(DepositState.REJECTED, reason).sentence for reason in Reason}
    assert len(set(said.values())) == len(Reason)
    assert set(REJECTS_DEPOSIT + REFUNDS_DEPOSIT + REJECTS_WITHDRAWAL + FAILS_WITHDRAWAL) == set(Reason)


def test_the_tables_name_every_state():
    assert set(states.DEPOSIT) == set(DepositState)
    assert set(states.WITHDRAWAL) == set(WithdrawalState)
