"""Requests drawn from the API's own document, and absurd ones, as every role: no answer is a defect of ours,
each is as the document says, and every refusal has a code and a sentence.

They are drawn by seed, so each run sends the same; OPENAPI_EXAMPLES asks for more of them.
"""

import json
import os
import re
from base64 import b64encode
from functools import cache
from zlib import crc32

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.accounts import rules, selectors
from apps.accounts.models import User
from apps.accounts.types import Verdict
from tests.town import STRANGER, undone

pytestmark = [pytest.mark.usefixtures("unhindered"), pytest.mark.spec("API-1", "SEC-6")]

THOROUGH = "OPENAPI_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "3"))
CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
NEEDS_A_PROCESS = {"chain_unavailable", "unavailable"}  # none runs here

DOCUMENT = SchemaGenerator().get_schema(public=True)
schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.app = get_wsgi_application()
schema.config.generation.update(with_security_parameters=False)  # who asks is said here


_asked: set[str] = set()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_what_the_document_allows_and_what_it_does_not(case, town):
    dice = crc32(repr((case.path_parameters, case.query, case.body)).encode("utf-8", "replace"))
    for name in case.path_parameters or {}:
        if dice % 5:  # an id of something that is there; else what was drawn
            case.path_parameters[name] = town.pick(name, dice // 5)
    first = case.operation.label not in _asked
    if not first and not THOROUGH and dice % 2:
        return  # half of what is drawn is enough for every day
    _asked.add(case.operation.label)
    for who in town.people if first else _callers(case.operation.path, town):
        bearer = town.headers[who].get("HTTP_AUTHORIZATION")
        with undone():
            answer = case.call(headers={"Authorization": bearer} if bearer else {})
        said = answer.json() if answer.status_code >= 400 else {}
        check(
            answer.status_code, answer.headers.get("content-type", [""])[0], said, who, case.as_curl_command()
        )
        case.validate_response(answer, checks=CONFORMANCE)


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1e999",
    b'{"x": NaN}',
    b'{"x": 1, "x": 2}',
    b'{"x": "\\u0000"}',
    b'{"x": "\\ud800"}',
    b"\xff\xfe{\x00}\x00",
    b'{"x":' * 30 + b"1" + b"}" * 30,
    b"[" * 100_000,
    b'{"x": ' + b"9" * 10_000 + b"}",
]
KINDS = [
    *("", "text/plain", "multipart/form-data", "multipart/form-data; boundary=x", "a" * 300, "//;="),
    *("application/json; charset=utf-16", "application/x-www-form-urlencoded", "application/json, text/html"),
]
VALUES = [
    *("", " ", "-1", "0", "NaN", "1e309", "１２", "٣", "1,5", "9" * 40, "\u202e", "A" * 9000, "all"),
    *("2026-02-30", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", str(STRANGER)),
    *(0, -1, 2**63, 10**40, True, None, [], {}, ["x"] * 500),
]
CURSORS = [
    b64encode(text).decode() for text in (b"p=abc", b"p=%00", b"o=9&r=1&p=" + b"9" * 25, b"p=9999-12-31")
]
HEADERS = [
    {"HTTP_ACCEPT": "image/png"},
    {"HTTP_ACCEPT": ";;q=x"},
    {"HTTP_ACCEPT_LANGUAGE": "x" * 5000},
    {"HTTP_IDEMPOTENCY_KEY": "\x00"},
    {"HTTP_IDEMPOTENCY_KEY": "k" * 129},
    {"HTTP_IDEMPOTENCY_KEY": "é"},
    {"HTTP_AUTHORIZATION": "Bearer"},
    {"HTTP_AUTHORIZATION": "Bearer é.\x00.x"},
    {"HTTP_AUTHORIZATION": "Bearer " + "A" * 9000},
    {"HTTP_CONTENT_ENCODING": "gzip"},
    {"HTTP_X_REQUEST_ID": "\r\n"},
    {"HTTP_COOKIE": "access=\x01; csrftoken=é"},
]
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda each: each)
def test_what_no_document_would_say(path, method, town, client):
    operation = DOCUMENT["paths"][path][method]
    documented = {int(status) for status in operation["responses"]}
    fields = _fields(operation)
    for who in _callers(path, town):
        for number, (query, body, kind, more) in enumerate(_absurd(operation, fields)):
            url = re.sub(r"{(\w+)}", lambda found, turn=number: town.pick(found[1], turn), path)
            headers = {"HTTP_IDEMPOTENCY_KEY": f"k{number}"} | town.headers[who] | more
            with undone():
                answer = client.generic(method, url, body, content_type=kind, query_params=query, **headers)
            about = (who, method, url, query, body[:200], kind, headers)
            said = json.loads(answer.content) if answer.status_code >= 400 else {}
            check(answer.status_code, answer.get("Content-Type", ""), said, *about)
            assert answer.status_code in documented, (answer.status_code, about)


def check(status, kind, said, *about):
    """Hold an answer to what every answer keeps."""
    if status >= 400:
        assert kind == "application/problem+json", (status, kind, about)
        assert said["status"] == status, about
        assert said["code"], about
        assert said["detail"], about
    assert status < 500 or (status == 503 and said["code"] in NEEDS_A_PROCESS), (status, said, about)


def _absurd(operation, fields):
    """Yield (query, body, content type, headers)."""
    kind = "application/json"
    for field in [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]:
        for value in (*CURSORS, *map(str, VALUES)):
            yield {field: value}, b"", kind, {}
    yield {"surplus": "x"}, b"", kind, {}
    for headers in HEADERS:
        yield {}, b"{}", kind, headers
    if "requestBody" in operation:
        for body in BODIES:
            yield {}, body, kind, {}
        for other in KINDS:
            yield {}, b"{}", other, {}
    sound = _example(operation)
    for turn, field in enumerate(fields):
        for value in VALUES if THOROUGH else VALUES[turn % 2 :: 2]:
            yield {}, json.dumps(sound | {field: value}).encode(), kind, {}


def _fields(operation):
    shapes = operation.get("requestBody", {}).get("content", {})
    names = [shape["schema"].get("$ref", "").rpartition("/")[2] for shape in shapes.values()]
    return sorted(
        {field for name in names if name for field in DOCUMENT["components"]["schemas"][name]["properties"]}
    )


def _example(operation):
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return next((each["value"] for each in content.get("examples", {}).values()), {})


def _callers(path, town):
    """Return who may open it: of admin and staff, to whom everything is open alike, the staff alone."""
    allowed = _allowed(path, tuple((name, who.id if who else None) for name, who in town.people.items()))
    return [name for name in allowed if name != "admin"] or allowed


@cache
def _allowed(path, people):
    address = resolve(re.sub(r"{(\w+_id)}", str(STRANGER), path).replace("{", "").replace("}", "")).view_name
    access = rules.find_access(selectors.matrix(), address)
    found = []
    for name, pk in people:
        user = User.objects.get(pk=pk) if pk else None
        role, held = (user.role, user.permissions) if user else (None, frozenset())
        if rules.judge(access, role=role, permissions=held) is Verdict.ALLOWED:
            found.append(name)
    return found
