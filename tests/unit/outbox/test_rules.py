"""What a message must look like, and how long a failed one waits."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.outbox import rules, types
from apps.outbox.types import MessageType, NewMessage

ID = str(UUID(int=0xABCDEF))
THING = MessageType(
    "tests.thing_done",
    "A thing was done.",
    {"thing": "uuid", "count": "integer", "last": "boolean", "at": "time", "word": "text", "all": "uuids"},
)
GOOD = {"thing": ID, "count": 3, "last": False, "at": "2026-03-02T10:00:00Z", "word": "x", "all": [ID]}


def check(payload, type_=THING.name, key="k", declared=THING):
    rules.check(NewMessage(type_, key, payload), {declared.name: declared})


@pytest.mark.spec("API-4")
def test_a_declared_payload_must_fit_its_schema():
    check(GOOD)
    jsonschema.validate(GOOD, THING.schema())


@pytest.mark.spec("API-4")
@pytest.mark.parametrize(
    "change",
    [
        {"thing": "7"},
        {"thing": ID.upper()},
        {"thing": None},
        {"at": "2026-03-02T10:00:00"},
        {"count": "3"},
        {"count": True},
        {"last": 1},
        {"at": "yesterday"},
        {"word": "x" * 201},
        {"all": ID},
        {"all": [1]},
        {"more": 1},
    ],
)
def test_our_check_and_the_published_schema_refuse_the_same(change):
    with pytest.raises(ValueError, match=r"tests\.thing_done"):
        check(GOOD | change)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(GOOD | change, THING.schema())


def test_a_missing_field_is_refused():
    with pytest.raises(ValueError, match="has the fields"):
        check({name: value for name, value in GOOD.items() if name != "thing"})


@pytest.mark.parametrize(
    "message",
    [
        {"type_": "done"},
        {"type_": "Tests.done"},
        {"type_": "tests.done\n"},
        {"type_": "tests." + "x" * 80},
        {"key": ""},
        {"key": "k" * 121},
        {"payload": {"text": "x" * 9000}},
        {"payload": {"amount": 1.5}},
        {"payload": {"id": UUID(int=7)}},
        {"payload": {"at": datetime(2026, 1, 1, tzinfo=UTC)}},
        {"payload": {"text": "a\x00"}},
        {"payload": {1: "x"}},
    ],
)
def test_what_cannot_be_published_is_refused(message):
    with pytest.raises((ValueError, TypeError)):
        check(**({"payload": {}, "type_": "tests.undeclared"} | message))


def test_a_type_is_declared_once(monkeypatch):
    monkeypatch.setattr(types, "_declared", {})
    made = types.declare("tests.once", "It happened.", thing="uuid")
    assert types.declare("tests.once", "It happened.", thing="uuid") == made
    assert types.declared() == {"tests.once": made}
    for arguments in (
        {"name": "tests.once", "meaning": "It happened.", "thing": "text"},
        {"name": "tests.other", "meaning": "", "thing": "float"},
        {"name": "nodots", "meaning": ""},
    ):
        with pytest.raises(ValueError, match="declared"):
            types.declare(**arguments)


@given(attempts=st.integers(1, 10_000), cap=st.integers(1, 3600))
def test_the_wait_doubles_up_to_its_cap(attempts, cap):
    wait = rules.wait(attempts, cap=cap)
    assert timedelta(0) < wait <= timedelta(seconds=cap)
    assert wait == timedelta(seconds=min(cap, 2 ** (attempts - 1)))


def test_a_schema_is_json():
    assert json.loads(json.dumps(THING.schema()))["title"] == THING.name
