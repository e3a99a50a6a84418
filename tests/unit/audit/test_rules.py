"""The chain as pure functions: one form, one hash, and every change shows."""

import hashlib
import importlib.util
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.audit import rules
from apps.audit.types import Link

pytestmark = pytest.mark.spec("AUD-3")

ROOT = Path(__file__).resolve().parents[3]
text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | text,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(text, parts, max_size=3),
    max_leaves=6,
)
events = st.fixed_dictionaries({"id": st.integers(1, 2**62), "action": text, "after": values})


def chain(contents) -> list[Link]:
    links, previous = [], rules.GENESIS
    for sequence, event in enumerate(contents, start=1):
        sealed_at = "2026-03-02T10:00:00.000000Z"
        link_hash = rules.seal_hash(
            sequence=sequence, previous_hash=previous, sealed_at=sealed_at, event=event
        )
        links.append(Link(sequence, event["id"], previous, link_hash, sealed_at, event))
        previous = link_hash
    return links


def verifier():
    """The stand-alone script, as a module."""
    spec = importlib.util.spec_from_file_location("verify", ROOT / "docs" / "audit" / "verify.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def exported(links) -> list[str]:
    names = ("sequence", "event_id", "previous_hash", "hash", "sealed_at", "event")
    return [json.dumps({name: getattr(link, name) for name in names}) for link in links]


def test_the_hash_is_the_documented_one():
    event = {"id": 1, "action": "tests.done", "after": {"b": 1, "a": 'é"\n'}}
    written = (
        '{"event":{"action":"tests.done","after":{"a":"é\\"\\n","b":1},"id":1},"format":"alef-audit-1",'
        f'"previous_hash":"{"0" * 64}","sealed_at":"2026-03-02T10:00:00.000000Z","sequence":1}}'
    )
    assert chain([event])[0].hash == hashlib.sha256(written.encode()).hexdigest()


@given(st.lists(events, max_size=6))
@settings(deadline=None)
def test_a_true_chain_has_no_finding_here_or_outside(contents):
    links = chain(contents)
    assert list(rules.findings(links)) == []
    assert list(verifier().check(exported(links), {})) == []


def mutations(links, draw):
    """One change that somebody could make to a chain of at least two links."""
    number = draw(st.integers(0, len(links) - 1))
    link, rest = links[number], [*links[:number], *links[number + 1 :]]
    kind = draw(st.sampled_from(["value", "gone", "moved", "doubled", "time", "hash", "event_gone"]))
    match kind:
        case "gone":
            return rest if number < len(links) - 1 else [*rest[:-1], replace(rest[-1], event=None)]
        case "moved":
            other = draw(st.integers(0, len(rest)).filter(lambda place: place != number))
            return [*rest[:other], link, *rest[other:]]
        case "doubled":
            return [*links[:number], link, *links[number:]]
    changed = {
        "value": {"event": link.event | {"action": link.event["action"] + "x"}},
        "time": {"sealed_at": "2026-03-02T10:00:00.000001Z"},
        "hash": {"hash": hashlib.sha256(link.hash.encode()).hexdigest()},
        "event_gone": {"event": None},
    }
    return [*links[:number], replace(link, **changed[kind]), *links[number + 1 :]]


@given(st.data(), st.lists(events, min_size=2, max_size=6))
@settings(deadline=None)
def test_any_change_is_found_here_and_outside(data, contents):
    links = mutations(chain(contents), data.draw)
    assert list(rules.findings(links))
    assert list(verifier().check(exported(links), {}))


@given(values)
def test_what_is_recorded_comes_back_from_json_as_it_was(value):
    plain = rules.plain({"value": value})
    assert plain == {"value": value}
    assert json.loads(rules.canonical(plain)) == plain


def test_a_stamp_is_utc_with_microseconds():
    dubai = timezone(timedelta(hours=4))
    assert rules.stamp(datetime(2026, 3, 2, 14, 0, 0, 5, tzinfo=dubai)) == "2026-03-02T10:00:00.000005Z"
    assert rules.stamp(datetime(2026, 3, 2, tzinfo=UTC)) == "2026-03-02T00:00:00.000000Z"
