"""What the pages of the chain show are words for people."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from apps.chain import sender
from apps.chain.forms import KINDS
from apps.chain.sender.plans import platform
from apps.chain.templatetags import chain
from apps.chain.types import Duty, IntentKind


@pytest.mark.parametrize("words", [(IntentKind, chain.intent_words), (Duty, chain.duty_words)])
def test_kinds_and_duties_have_words(words):
    known, say = words
    said = [str(say(word)) for word in known]
    assert len(set(said)) == len(said)
    assert not [text for text in said if "_" in text or text[0].islower()]
    assert set(KINDS) == set(IntentKind)


def test_whatever_an_intent_waits_for_is_said_in_arabic_too():
    sources = [path.read_text(encoding="utf-8") for path in Path(sender.__path__[0]).rglob("*.py")]
    waits = set(re.findall(r'Wait\(\s*"([^"]+)"(?: if \w+ else "([^"]+)")?', "\n".join(sources)))
    words = {word for pair in waits for word in pair if word}
    assert "settlement to be resumed" in words
    with translation.override("ar"):
        assert not {word for word in words if re.search("[A-Za-z]", str(chain.wait_words(word)))}


def test_the_steps_of_the_platform_keep_the_names_of_contracts():
    said = [str(chain.step_words(step.step)) for step in platform.steps(development=True)]
    assert "Deploy TREXFactory" in said
    assert "Set up Settlement: setOperator" in said
    assert not [text for text in said if text[0].islower()]


@pytest.mark.parametrize(
    ("say", "word", "said"),
    [
        (chain.step_words, "add the claim", "Add the claim of the identity check"),
        (chain.step_words, "something new", "Something new"),
        (chain.result_words, "tx_hash", "Transaction"),
        (chain.result_words, "first_trade", "First trade"),
        (chain.wait_words, "the token's contracts", "the contracts of the token"),
        (chain.wait_words, "the holder", "the holder"),
    ],
)
def test_a_word_is_said_and_an_unknown_one_is_shown(say, word, said):
    assert str(say(word)) == said
