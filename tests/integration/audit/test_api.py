"""The audit record over HTTP: pages, filters, and how far the chain is."""

from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from django.db import transaction
from rest_framework.permissions import AllowAny
from rest_framework.test import APIRequestFactory

from apps.audit import api, services
from apps.audit.types import Act
from apps.common.types import Actor
from tests import database

_spec = spec_from_file_location("verify", database.ROOT / "docs" / "audit" / "verify.py")
verifier = module_from_spec(_spec)
_spec.loader.exec_module(verifier)

pytestmark = pytest.mark.django_db(transaction=True)


def get(view, **query):
    """Ask a view as if the access matrix had let us in; the matrix has tests of its own."""
    open_view = view.as_view(authentication_classes=[], permission_classes=[AllowAny])
    answer = open_view(APIRequestFactory().get("/", query))
    return answer.render() if hasattr(answer, "render") else answer


@pytest.fixture
def record(at):
    """Four events of two actors, at four times."""
    acts = [("accounts.opened", "user", "1"), ("accounts.closed", "user", "2")] * 2
    for number, (action, target_type, target_id) in enumerate(acts):
        with transaction.atomic():
            services.record_many(
                acts=[Act(action, target_type, target_id, after={"n": number})],
                by=Actor(kind="user", id="ab"[number // 2]),
                at=at + timedelta(hours=number),
            )


def numbers(answer) -> list[int]:
    return [event["after"]["n"] for event in answer.data["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [3, 2, 1, 0]),
        ({"action": "accounts"}, [3, 2, 1, 0]),
        ({"action": "accounts."}, [3, 2, 1, 0]),
        ({"action": "accounts.opened"}, [2, 0]),
        ({"action": "account"}, []),
        ({"actor": "a"}, [1, 0]),
        ({"target_type": "user", "target_id": "2"}, [3, 1]),
        ({"target_id": "3"}, []),
        ({"from": "2026-03-02T11:00:00Z"}, [3, 2, 1]),
        ({"to": "2026-03-02T11:00:00Z"}, [0]),
        ({"from": "2026-03-02T15:00:00+04:00", "to": "2026-03-02T13:00:00Z"}, [2, 1]),
        ({"actor": "b", "action": "accounts.closed"}, [3]),
    ],
)
def test_events_are_filtered(query, expected, record):
    answer = get(api.Events, **query)
    assert answer.status_code == 200
    assert numbers(answer) == expected


def test_events_come_in_pages(record):
    first = get(api.Events, page_size="3")
    assert numbers(first) == [3, 2, 1]
    cursor = first.data["next"].partition("cursor=")[2].partition("&")[0]
    from urllib.parse import unquote

    assert numbers(get(api.Events, page_size="3", cursor=unquote(cursor))) == [0]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "2026-13-01"},
        {"actoin": "accounts"},
        {"action": "x" * 81},
        {"actor": "a\x00b"},
        {"page_size": "12345"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(query, record):
    answer = get(api.Events, **query)
    assert answer.status_code == 400
    assert answer.data["code"] == "invalid"
    assert answer.data["fields"]


def test_a_cursor_of_nobody_is_not_found(record):
    assert get(api.Events, cursor="nonsense").status_code == 404


@pytest.mark.spec("AUD-3")
def test_the_state_says_how_far_the_chain_is(record, at):
    state = get(api.ChainState).data
    assert (state["events"], state["sealed"], state["unsealed"]) == (4, 0, 4)
    assert state["oldest_unsealed"] >= 0
    services.seal(at=at)
    state = get(api.ChainState).data
    assert (state["events"], state["sealed"], state["unsealed"], state["oldest_unsealed"]) == (4, 4, 0, 0)
    assert state["last_sequence"] == 4
    events = get(api.Events).data["results"]
    assert [event["sequence"] for event in events] == [4, 3, 2, 1]
    assert len(state["last_hash"]) == 64


def test_pages_read_the_same_record(record):
    from apps.audit import selectors
    from apps.audit.types import Filter

    first = selectors.events(where=Filter(actor="a"), limit=1)
    assert [event.after for event in first.events] == [{"n": 1}]
    second = selectors.events(where=Filter(actor="a"), cursor=first.next_cursor, limit=1)
    assert [event.after for event in second.events] == [{"n": 0}]
    assert second.next_cursor == ""
    for cursor in ("", "x", "٣", "9" * 40, "-1"):
        assert len(selectors.events(where=Filter(), cursor=cursor).events) == 4


@pytest.mark.spec("AUD-3")
def test_the_links_are_what_the_stand_alone_verifier_checks(record, at):
    services.seal(at=at + timedelta(days=1))
    lines = get(api.Links).content.decode().splitlines()
    assert len(lines) == 4
    assert list(verifier.check(lines, {})) == []
    assert list(verifier.check(reversed(lines), {}))
    rest = get(api.Links, first="3").content.decode().splitlines()
    assert rest == lines[2:]
    assert get(api.Links, first="5").content == b""


@pytest.mark.parametrize("first", ["0", "-1", "１", "x", "", "1e3", str(2**63)])
def test_links_begin_at_a_sequence(first):
    assert get(api.Links, first=first).status_code == 400
