"""Every address × every role, compared with the access matrix (RBAC-3)."""

from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from apps.accounts import rules, selectors
from apps.accounts.models import User
from apps.accounts.types import Access, Permission, Role, Verdict
from tests.factories.accounts import AccountFactory, bearer, logged_in

pytestmark = [pytest.mark.django_db, pytest.mark.spec("RBAC-3", "RBAC-4")]

SAMPLES = {
    "uuid": UUID(int=0), "int": 999_999, "slug": "auditor", "str": "x", "path": "x",
}  # fmt: skip
PRESETS = ["", "super_admin", "compliance_officer", "kyc_reviewer", "finance_operator", "ats_operator",
           "transfer_agent", "tokenization_agent", "support", "auditor"]  # fmt: skip
PEOPLE = [None, (Role.INVESTOR, ""), (Role.ISSUER, ""), (Role.ADMIN, ""), *((Role.STAFF, p) for p in PRESETS)]


def addresses(resolver=None, namespace=""):
    """Yield (name, arguments) of every address that the site has."""
    for part in (resolver or get_resolver()).url_patterns:
        if isinstance(part, URLResolver):
            inner = f"{namespace}{part.namespace}:" if part.namespace else namespace
            yield from addresses(part, inner)
        elif isinstance(part, URLPattern):
            converters = part.pattern.converters
            arguments = {name: SAMPLES[_kind(converter)] for name, converter in converters.items()}
            yield f"{namespace}{part.name}", arguments


def _kind(converter):
    return type(converter).__name__.removesuffix("Converter").casefold().replace("string", "str")


ALL = [(name, arguments) for name, arguments in addresses() if not name.startswith("admin:")]


def test_every_address_has_a_name_and_a_row_and_every_row_an_address():
    names = {name for name, _ in addresses()}
    unnamed = {name for name in names if name.endswith("None")}
    assert unnamed <= {"admin:None"}  # Django admin's own catch-all, under the row of its namespace
    assert not [name for name in names if rules.find_access(selectors.matrix(), name) is None]
    rows = {name for name in selectors.matrix() if not name.endswith("*")}
    assert rows - names == set()


@pytest.mark.parametrize(
    "who", PEOPLE, ids=lambda who: "nobody" if who is None else "-".join(filter(None, who))
)
def test_every_address_as_every_role(who, client, valkey, settings):
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "100000/minute")
    account = AccountFactory(role=who[0], team_role=who[1]) if who else None
    api_headers = bearer(account) if account else {}
    if account:
        logged_in(client, account)
    session_cookie = client.cookies.copy()
    held = User.objects.get(pk=account.id).permissions if account else frozenset()
    for name, arguments in ALL:
        client.cookies = session_cookie.copy()
        expected = rules.judge(
            rules.find_access(selectors.matrix(), name), role=who[0] if who else None, permissions=held
        )
        is_api = name.startswith("api:")
        for method in ("get", "post"):
            if name in {"logout", "account-logout-everywhere", "api:logout-everywhere"} and method == "post":
                continue  # it would end the session of this walk; their own tests open them
            response = getattr(client, method)(
                reverse(name, kwargs=arguments), **(api_headers if is_api else {})
            )
            assert verdict_of(response, is_api=is_api) is expected, (name, method, response.status_code)
            assert response.status_code < 500 or name == "readyz", (name, method)  # nothing runs here


def verdict_of(response, *, is_api):
    """Read from an answer what the matrix decided; whatever the view itself says is "allowed"."""
    if is_api and response.status_code in {401, 403}:
        codes = {
            "not_authenticated": Verdict.LOGIN_NEEDED,
            "role_missing": Verdict.ROLE_MISSING,
            "permission_missing": Verdict.PERMISSION_MISSING,
        }
        return codes.get(response.json()["code"], Verdict.ALLOWED)
    if response.status_code == 302 and response["Location"].startswith("/login?next="):
        return Verdict.LOGIN_NEEDED
    if response.status_code == 403 and "permission" in (response.context or {}):
        named = response.context["permission"]
        return Verdict.PERMISSION_MISSING if named else Verdict.ROLE_MISSING
    return Verdict.ALLOWED


def test_a_refused_api_call_names_the_permission(client):
    account = AccountFactory(role=Role.STAFF, team_role="kyc_reviewer")
    response = client.get(reverse("api:audit-events"), **bearer(account))
    assert response.status_code == 403
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["data"] == {"permission": "audit.view"}


def test_the_sidebar_shows_only_what_may_be_opened(client):
    account = AccountFactory(role=Role.STAFF, team_role="kyc_reviewer")
    page = logged_in(client, account).get(reverse("home")).content.decode()
    assert reverse("users") in page
    assert reverse("audit") not in page


def test_an_address_without_a_row_is_refused_even_to_an_admin(client, monkeypatch):
    monkeypatch.delitem(selectors.matrix(), "audit")
    assert logged_in(client, AccountFactory(role=Role.ADMIN)).get(reverse("audit")).status_code == 403


@pytest.mark.spec("RBAC-2")
def test_a_saved_preset_binds_from_the_next_request(client):
    staff = AccountFactory(role=Role.STAFF, team_role="kyc_reviewer")
    admin = AccountFactory(role=Role.ADMIN)
    logged_in(client, staff)
    assert client.get(reverse("audit")).status_code == 403
    body = {"name": "KYC reviewer", "permissions": ["kyc.view", "audit.view"], "version": 1}
    url = reverse("api:preset", args=["kyc_reviewer"])
    answer = client.put(url, body, content_type="application/json", **bearer(admin))
    assert answer.status_code == 200
    assert client.get(reverse("audit")).status_code == 200
    stale = client.put(url, body, content_type="application/json", **bearer(admin))
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")


@pytest.mark.spec("RBAC-2")
def test_the_seven_presets_hold_what_the_specification_says():
    held = {preset.code: set(preset.permissions) for preset in selectors.presets()}
    assert held["super_admin"] == set(Permission)
    assert held["finance_operator"] == {
        "wallets.view", "deposits.approve", "withdrawals.approve", "allocations.confirm", "dividends.approve",
        "dividends.distribute", "fees.manage",
    }  # fmt: skip
    assert held["tokenization_agent"] == {"tokens.view", "tokens.manage", "tokens.deploy", "business.view"}
    assert set(PRESETS) - {""} == set(held)


@pytest.mark.spec("ACC-3")
def test_customers_pass_no_staff_row():
    for name, access in selectors.matrix().items():
        if isinstance(access, Access) and access.permission is not None:
            assert access.roles == {Role.ADMIN, Role.STAFF}, name


@pytest.mark.parametrize(
    "query", ["password__startswith=md5", "email_index__gt=a", "status__exact=%00", "session_version__lt=2"]
)
def test_what_the_workplace_does_not_show_cannot_be_guessed_by_filters(client, query):
    staff = AccountFactory(role=Role.STAFF, team_role="support")
    users = reverse("admin:accounts_user_changelist")
    assert logged_in(client, staff).get(f"{users}?{query}").status_code == 400
    assert client.get(f"{users}?status__exact=active&role__exact=staff").status_code == 200
