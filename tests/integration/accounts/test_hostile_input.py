"""Hostile text in every field, query, path, cookie and header: nothing breaks, all of it is escaped."""

import json
import re
from base64 import b64encode

import pytest
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from apps.accounts.types import Role
from apps.common.db import rows
from apps.common.http import read_json
from config import api
from tests.factories.accounts import AccountFactory, bearer, logged_in
from tests.integration.accounts.test_access import addresses

pytestmark = pytest.mark.django_db
JSON = "application/json"


def cursor(text):
    return b64encode(text).decode()


CORPUS = {
    "markup": "zq\"'><script>alert(1)</script>{{7*7}}{% debug %}${7*7}",
    "sql": "zq' OR 1=1; DROP TABLE accounts_user; SELECT pg_sleep(90)--%_\\",
    "nul": "zq\x00<script>",
    "controls": "a\r\nSet-Cookie: x=1\x1b[31m\x7f",
    "unicode": "admin\u202egnp.exe\u2066\ufeff😀\U0010ffff" + "Z̀" * 100,
    "digits": "٣１２",
    "number": "9" * 25,
    "huge_number": "9" * 5000,
    "not_a_number": "-1e309",
    "long": "A" * 9000,
    "path": "../../../../etc/passwd",
    "cursor": cursor(b"p=abc"),
    "cursor_nul": cursor(b"p=%00"),
    "cursor_number": cursor(b"o=9&r=1&p=" + b"9" * 25),
    "cursor_time": cursor(b"p=9999-12-31T23:59:59-14:00"),
    "time": "0001-01-01T00:00:00+14:00",
    "email": "zq<script>@example.com",
}
QUERIES = {
    "audit": "action actor target_type target_id cursor", "users": "email role status", "user": "why",
    "login": "next", "dev-mail": "to", "dev-mail-json": "to", "api-schema": "format lang",
    "api:users": "email role status", "api:user": "why",
    "api:audit-events": "cursor page_size from to action actor target_type target_id",
    "kyc-queue": "status claimed_by cursor", "kyc-case": "why", "api:kyc-case": "why",
    "api:kyc-cases": "status claimed_by user_id cursor page_size",
    "admin:kyc_application_changelist": "q o p e status__exact id__exact submitted_at__gte",
    "admin:kyc_application_change": "why",
    "api:wallet-transactions": "cursor page_size type status asset",
    "wallet-withdraw": "currency", "staff-withdrawal": "why", "api:admin-withdrawal": "why",
    "staff-deposits": "state currency reference", "staff-withdrawals": "state currency reference",
    "api:deposits": "cursor page_size status currency", "api:withdrawals": "cursor page_size status currency",
    "api:withdrawal-limits": "currency",
    "api:admin-deposits": "cursor page_size status currency reference owner",
    "api:admin-withdrawals": "cursor page_size status currency reference owner",
    "admin:wallets_deposit_changelist": "q o p e state__exact currency__exact id__exact expires_at__gte",
    "admin:wallets_withdrawal_changelist": "q o p e state__exact currency__exact id__exact",
    "admin:login": "next", "admin:search": "s", "admin:autocomplete": "term app_label model_name field_name",
    "admin:accounts_user_changelist": "q o p e role__exact team_role__code__exact id__exact created_at__gte",
    "admin:audit_auditevent_changelist": "q o p e id__exact action__exact at__gte",
}  # fmt: skip
FIELDS = [
    "email", "password", "full_name", "role", "next", "phone", "code", "name", "permissions", "version",
    "language", "country", "locale", "challenge", "secret", "delivery", "refresh", "action",
    "_selected_action",
    "amount", "currency", "holder_name", "iban", "account_number", "bank_code", "bank_reference", "reason",
]  # fmt: skip
ENDING = {"logout", "account-logout-everywhere", "api:logout-everywhere", "admin:logout"}
WRITES = ("post", "put", "patch")


def operations():
    """Return address → method → fields of its body, as the API's own document says."""
    document = SchemaGenerator().get_schema(public=True)
    found = {}
    for entry in api.urlpatterns:
        path = "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(entry.pattern))
        methods = document["paths"][path]
        found[f"api:{entry.name}"] = {
            method: _fields(document, methods[method]) for method in WRITES if method in methods
        }
    assert sum(len(methods) for methods in found.values()) > 30
    return {address: methods for address, methods in found.items() if address not in ENDING}


def _fields(document, operation):
    shapes = operation.get("requestBody", {}).get("content", {}).values()
    names = [shape["schema"].get("$ref", "/").rpartition("/")[2] for shape in shapes]
    components = document["components"]["schemas"]
    return sorted({field for name in names if name for field in components[name]["properties"]})


PAGES = [(name, kw) for name, kw in addresses() if name not in {"admin:None", "admin:app_list"}]


OPERATIONS = operations()


def harmless(response, *what):
    assert response.status_code < 500 or what[0] in {"readyz", "status"}, (what, response.status_code)
    if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
        assert b"zq<script" not in response.content, what
        assert b"<script>alert" not in response.content, what


@pytest.fixture
def visitors(valkey, settings):
    """An admin's and an investor's browser, with the headers of their API calls."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    rows("SET statement_timeout = '30s'")  # what is made to sleep in the database becomes an error
    people = [AccountFactory(role=Role.ADMIN), AccountFactory()]
    return [(logged_in(Client(raise_request_exception=False), who), bearer(who)) for who in people]


@pytest.mark.spec("SEC-6")
@pytest.mark.parametrize("name", CORPUS)
def test_hostile_text_in_every_field_and_query(name, visitors):
    text = CORPUS[name]
    form = dict.fromkeys(FIELDS, text)
    for address, arguments in PAGES:
        url, api = reverse(address, kwargs=arguments), address.startswith("api:")
        for client, headers in visitors if api else visitors[:1]:
            extra = headers if api else {}
            for field in QUERIES.get(address, "").split():
                harmless(client.get(url, {field: text}, **extra), address, "get", field)
        if not api and address not in ENDING:
            client = visitors[0][0]
            kept = client.cookies.copy()
            harmless(client.post(url, form), address, "post")
            client.cookies = kept


@pytest.mark.spec("SEC-6")
@pytest.mark.parametrize("name", CORPUS)
def test_hostile_text_in_every_field_of_the_api(name, visitors):
    client, headers = visitors[0]
    key = {"HTTP_IDEMPOTENCY_KEY": "k"}
    for address, arguments in PAGES:
        for method, fields in OPERATIONS.get(address, {}).items():
            for body in ({field: CORPUS[name]} for field in (*fields, "surplus")):
                answer = getattr(client, method)(
                    reverse(address, kwargs=arguments), json.dumps(body), content_type=JSON, **headers, **key
                )
                harmless(answer, address, method, *body)


@pytest.mark.spec("SEC-6")
@pytest.mark.parametrize("text", [*CORPUS.values(), '"\\000<script>alert(1)</script>"', '"\\377"', "=;,"])
def test_hostile_text_in_every_cookie_and_header(text, visitors):
    (client, _), text = visitors[0], text[:2000]
    line = text.replace("\r\n", "").encode("utf-8", "replace").decode("latin-1")
    named = ("sessionid", "csrftoken", "device", "django_language", "access", "refresh", "theme", "messages")
    headers = [{"HTTP_COOKIE": f"{name}={line}; {name}x=1"} for name in named]
    headers += [
        {f"HTTP_{name}": line}
        for name in ("HOST", "ACCEPT", "ACCEPT_LANGUAGE", "AUTHORIZATION", "ORIGIN", "REFERER", "USER_AGENT",
                     "X_REQUEST_ID", "X_CORRELATION_ID", "X_FORWARDED_FOR", "HX_REQUEST", "HX_CURRENT_URL")
    ]  # fmt: skip
    headers += [{"HTTP_AUTHORIZATION": f"Bearer {line}"}, {"CONTENT_TYPE": line}]
    for extra in headers:
        for url in (reverse("login"), reverse("api:login"), reverse("api:me")):
            visitor = Client(raise_request_exception=False) if "HTTP_COOKIE" in extra else client
            harmless(visitor.get(url, **extra), url, extra)
            harmless(
                visitor.generic("POST", url, b'{"email": "a@b.cc", "password": "x"}', **extra), url, extra
            )


@pytest.mark.spec("SEC-6")
@pytest.mark.parametrize(
    "path",
    ["staff/dead-letters/99999999999999999999/requeue", f"staff/dead-letters/{'9' * 5000}/requeue",
     "staff/presets/%00", "staff/presets/<script>", "verify/00000000-0000-0000-0000-000000000000/%00%ff",
     "admin/accounts/user/x'%22/change/", "admin/accounts/user/%00/history/", "admin/r/9999999999999/1/",
     "admin/r/x/%00/", "admin/%2e%2e/", "%2e%2e/admin/", "api/v1/admin/presets/new", "api/v1/%00",
     "language"],
)  # fmt: skip
def test_hostile_paths(path, visitors):
    client = visitors[0][0]
    for method in ("get", "post", "put", "delete", "head", "options", "trace"):
        harmless(getattr(client, method)(f"/{path}"), path, method)


@pytest.mark.spec("API-1")
def test_large_and_tangled_bodies_are_refused(client, valkey):
    bodies = {
        b'{"email": "' + b"a" * 1_000_000 + b'"}': 413,
        b'"' + b'\\"' * 400_000: 400,
        b"[" * 900_000: 400,
        b'{"email": ' + b"9" * 900_000 + b"}": 400,
        b'"' + b"\xff" * 10 + b'"': 400,
    }
    for body, status in bodies.items():
        answer = client.post(reverse("api:login"), body, content_type=JSON)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    with pytest.raises(ValueError, match="deeply"):
        read_json(b'{"a":' * 21 + b"1" + b"}" * 21)
    form = client.post(reverse("login"), b"a" * 1_100_000, content_type="application/x-www-form-urlencoded")
    assert form.status_code == 400


@pytest.mark.spec("API-1")
def test_an_unknown_address_of_the_api_is_a_problem_too(client):
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"
