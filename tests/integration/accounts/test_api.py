"""The API of accounts over HTTP: shapes, cookies, CSRF, refusals that say why."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import services
from apps.accounts.models import User
from apps.accounts.types import Role
from apps.common.types import Actor
from tests.factories.accounts import PASSWORD, AccountFactory, bearer

pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def noor(valkey):
    return AccountFactory(email="noor@example.com", country="AE")


def post(client, name, body, **headers):
    return client.post(reverse(name), body, content_type=JSON, **headers)


def log_in(client, **changes):
    return post(client, "api:login", {"email": "noor@example.com", "password": PASSWORD} | changes)


@pytest.mark.spec("ACC-4")
def test_a_program_gets_its_tokens_in_the_body_and_uses_the_header(client, noor):
    tokens = log_in(client, delivery="body").json()
    assert set(tokens) == {"access", "refresh", "access_expires_in", "refresh_expires_in"}
    assert (tokens["access_expires_in"], tokens["refresh_expires_in"]) == (900, 7 * 86400)
    me = client.get(reverse("api:me"), HTTP_AUTHORIZATION=f"Bearer {tokens['access']}").json()
    assert (me["id"], me["email"], me["roles"]) == (str(noor.id), "noor@example.com", ["investor"])
    following = post(client, "api:refresh", {"refresh": tokens["refresh"]}).json()
    assert following["refresh"] != tokens["refresh"]


@pytest.mark.spec("ACC-4", "SEC-4")
def test_a_browser_gets_cookies_that_no_script_reads_and_needs_the_csrf_token_to_write(
    browser, noor, settings
):
    settings.SECURE_COOKIES = True
    answer = log_in(browser)
    assert set(answer.json()) == {"access_expires_in", "refresh_expires_in"}
    for name, path in (("access", "/"), ("refresh", "/api/v1/auth")):
        cookie = answer.cookies[name]
        assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (
            True,
            True,
            "Lax",
            path,
        )
    assert browser.get(reverse("api:me")).status_code == 200
    refused = post(browser, "api:logout-everywhere", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    browser.get(reverse("login"))
    token = browser.cookies["csrftoken"].value
    assert post(browser, "api:logout-everywhere", {}, HTTP_X_CSRFTOKEN=token).status_code == 204
    ended = browser.get(reverse("api:me"))
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")


@pytest.mark.spec("ACC-4", "SEC-4")
def test_refreshing_by_cookie_needs_the_csrf_token(browser, noor):
    log_in(browser)
    assert post(browser, "api:refresh", {}).json()["code"] == "csrf_failed"
    browser.get(reverse("login"))
    token = browser.cookies["csrftoken"].value
    assert post(browser, "api:refresh", {}, HTTP_X_CSRFTOKEN=token).status_code == 200


@pytest.mark.spec("ACC-4")
def test_a_suspended_user_is_out_at_once(client, noor):
    headers = bearer(noor)
    assert client.get(reverse("api:me"), **headers).status_code == 200
    User.objects.filter(pk=noor.id).update(status="suspended")
    assert client.get(reverse("api:me"), **headers).json()["code"] == "session_ended"


@pytest.mark.spec("ACC-4")
def test_logging_out_everywhere_ends_browser_sessions_too(client, noor, at):
    answer = client.post(reverse("login"), {"email": "noor@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    assert client.get(reverse("home")).status_code == 200
    services.log_out_everywhere(user_id=noor.id, by=Actor.system("tests"), at=at)
    assert client.get(reverse("home")).status_code == 302


@pytest.mark.spec("SEC-4")
def test_the_session_id_changes_at_log_in(client, noor):
    client.get(reverse("login"))
    client.session["x"] = 1
    session = client.session
    session["kept"] = True
    session.save()
    before = session.session_key
    client.post(reverse("login"), {"email": "noor@example.com", "password": PASSWORD})
    assert client.session.session_key != before


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/staff/users"]
)
def test_log_in_goes_on_only_to_our_own_pages(client, noor, wanted):
    answer = client.post(
        reverse("login"), {"email": "noor@example.com", "password": PASSWORD, "next": wanted}
    )
    assert answer["Location"] == (wanted if wanted.startswith("/staff") else reverse("home"))


@pytest.mark.spec("API-1")
@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "malformed_json"),
        ("[]", "malformed_json"),
        ('"text"', "malformed_json"),
        ('{"email": NaN, "password": "x"}', "malformed_json"),
        ('{"email": "a@example.com", "email": "b@example.com", "password": "x"}', "malformed_json"),
        ('{"email": 1, "password": "x"}', "invalid"),
        ('{"email": ["a"], "password": {"b": 1}}', "invalid"),
        ('{"email": "a@example.com"}', "invalid"),
        ('{"email": "a@example.com", "password": "x", "admin": true}', "invalid"),
        ('{"email": "a@example.com", "password": "x", "delivery": "pigeon"}', "invalid"),
        ('{"email": "\\u0000", "password": "x"}', "malformed_json"),
    ],
)
def test_bad_input_is_answered_with_a_problem(client, valkey, body, code):
    answer = client.post(reverse("api:login"), body, content_type=JSON)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert set(problem) >= {"type", "title", "status", "code", "detail", "fields", "request_id"}
    assert problem["detail"]


@pytest.mark.spec("API-1")
def test_other_media_types_and_methods_are_problems_too(client, valkey):
    form = client.post(reverse("api:login"), {"email": "a"})
    assert (form.status_code, form["Content-Type"]) == (415, "application/problem+json")
    got = client.get(reverse("api:login"))
    assert (got.status_code, got.json()["status"]) == (405, 405)


@pytest.mark.spec("SEC-1")
def test_too_many_log_ins_say_when_to_come_back(client, valkey):
    for _ in range(5):
        assert log_in(client, email="x@example.com").status_code == 401
    answer = log_in(client, email="x@example.com")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 60


@pytest.mark.spec("SEC-1")
def test_a_forged_forwarding_header_is_not_believed(client, valkey):
    for number in range(5):
        post(
            client,
            "api:login",
            {"email": "x@example.com", "password": "y"},
            HTTP_X_FORWARDED_FOR=f"10.0.0.{number}",
        )
    answer = post(
        client, "api:login", {"email": "x@example.com", "password": "y"}, HTTP_X_FORWARDED_FOR="10.9.9.9"
    )
    assert answer.status_code == 429


@pytest.mark.spec("SEC-1")
def test_behind_one_proxy_the_address_it_wrote_counts(client, valkey, settings):
    settings.TRUSTED_PROXIES = 1
    for number in range(5):
        forged = f"1.1.1.{number}, 10.0.0.7"
        post(client, "api:login", {"email": "x@example.com", "password": "y"}, HTTP_X_FORWARDED_FOR=forged)
    same = post(
        client, "api:login", {"email": "x@example.com", "password": "y"}, HTTP_X_FORWARDED_FOR="10.0.0.7"
    )
    other = post(
        client, "api:login", {"email": "x@example.com", "password": "y"}, HTTP_X_FORWARDED_FOR="10.0.0.8"
    )
    assert (same.status_code, other.status_code) == (429, 401)


@pytest.mark.spec("ACC-1")
def test_a_phone_is_proved_by_its_code_and_five_guesses_end_it(client, noor, mailoutbox):
    headers = bearer(noor)
    assert post(client, "api:phone", {"phone": "+971 50 123 4567"}, **headers).status_code == 202
    code = "".join(filter(str.isdigit, mailoutbox[-1].body))[-6:]
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(5):
        assert post(client, "api:phone-confirm", {"code": wrong}, **headers).json()["code"] == "wrong_code"
    assert post(client, "api:phone-confirm", {"code": code}, **headers).json()["code"] == "wrong_code"
    post(client, "api:phone", {"phone": "+971 50 123 4567"}, **headers)
    code = "".join(filter(str.isdigit, mailoutbox[-1].body))[-6:]
    assert post(client, "api:phone-confirm", {"code": code}, **headers).status_code == 204
    assert client.get(reverse("api:me"), **headers).json()["phone"] == "+971501234567"


@pytest.mark.parametrize("phone", ["12345", "+999 123", "+971 50 123 4567 ext", "٠٥٠١٢٣٤٥٦٧", ""])
def test_a_number_that_nobody_has_is_refused(client, noor, phone):
    answer = post(client, "api:phone", {"phone": phone}, **bearer(noor))
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["phone"])


@pytest.mark.spec("AUD-4", "RBAC-4")
def test_staff_see_a_person_with_a_reason_and_somebody_unknown_is_404(client, noor):
    staff = bearer(AccountFactory(role=Role.STAFF, team_role="support"))
    shown = client.get(reverse("api:user", args=[noor.id]), {"why": "ticket 5"}, **staff).json()
    assert shown["email"] == "noor@example.com"
    unknown = client.get(reverse("api:user", args=["01a1f9f6-e2fd-7ce6-8a3f-000000000000"]), **staff)
    assert unknown.status_code == 404
    found = client.get(reverse("api:users"), {"email": "NOOR@example.com"}, **staff).json()["results"]
    assert [one["id"] for one in found] == [str(noor.id)]
    assert "email" not in found[0]


@pytest.mark.spec("API-1")
def test_the_api_describes_itself_with_no_warning(client):
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator

    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        schema = SchemaGenerator().get_schema(request=None, public=True)
        assert not GENERATOR_STATS._warn_cache
        assert not GENERATOR_STATS._error_cache
    assert schema["openapi"].startswith("3.1")
    assert "/api/v1/auth/login" in schema["paths"]
    assert client.get(reverse("api-docs")).status_code == 200


@pytest.mark.spec("API-1")
def test_every_operation_names_its_refusals():
    from drf_spectacular.generators import SchemaGenerator

    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            keyed = any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", []))
            needed = {"404"} if "{" in path and method != "put" else set()
            needed |= {"400"} if "requestBody" in operation else set()
            needed |= {"400", "409", "422"} if keyed else set()
            assert needed <= set(operation["responses"]), operation["operationId"]
