"""Every word of the market that pages show is a word for people."""

import re

import pytest
from django.utils import translation

from apps.portals.templatetags.states import STATES
from apps.trading.templatetags import market
from apps.trading.types import (
    OrderStatus,
    OrderType,
    Reason,
    SettlementStatus,
    SettlementType,
    Side,
    TimeInForce,
    TradingState,
    VenueOp,
    VenueReason,
)

LATIN = re.compile("[A-Za-z]")


@pytest.mark.parametrize(
    ("words", "say"),
    [
        (Side, market.side_words),
        (OrderType, market.order_type_words),
        (TimeInForce, market.time_words),
        (SettlementType, market.settlement_type_words),
        (Reason, market.reason_words),
        (VenueOp, market.venue_op_words),
        (VenueReason, market.venue_reason_words),
    ],
    ids=lambda each: each.__name__,
)
def test_every_word_is_said_for_people_and_no_two_alike(words, say):
    with translation.override("en"):
        said = [str(say(word)) for word in words]
    assert len(set(said)) == len(said)
    assert [word for word, text in zip(words, said, strict=True) if bool(word) != bool(text)] == []
    assert not [text for text in said if "_" in text or text != text.strip()]
    with translation.override("ar"):
        assert not [text for text in map(str, map(say, words)) if LATIN.search(text)], (
            "one isn't in its table"
        )


def test_an_unknown_word_is_shown_as_it_is_spelt():
    assert market.reason_words("investment_limit") == "Investment limit"
    assert market.reason_words("") == ""


@pytest.mark.parametrize("word", [*OrderStatus, *TradingState, *SettlementStatus])
def test_every_state_has_its_colour(word):
    assert str(word) in STATES
