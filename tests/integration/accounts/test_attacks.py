"""What people who mean harm try, and what they get."""

import threading

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts import personal_data, services
from apps.accounts.models import Challenge, User
from apps.accounts.services.login import WrongCredentials
from apps.accounts.services.presets import NotYoursToGive
from apps.accounts.services.registration import ChallengeFailed, WrongPassword
from apps.accounts.types import Permission, Role
from apps.audit.models import AuditEvent
from apps.common import idempotency
from apps.common.db import opens_transaction
from apps.common.errors import Invalid, TooMany
from apps.common.http import network_of
from apps.common.types import Actor
from config.logs import discreet
from tests.factories.accounts import PASSWORD, AccountFactory, bearer, logged_in
from tests.integration.accounts.test_access import addresses
from tests.relay import deliver_all

pytestmark = pytest.mark.django_db(transaction=True)
VICTIM = "noor@example.com"
THEIRS = "what the attacker knows"


def somebody(ip="somewhere"):
    return Actor(kind="anonymous", id="", ip_digest=ip)


def register(at, *, password, full_name="Noor Haddad", role="investor", ip="somewhere"):
    services.register(
        email=VICTIM, password=password, full_name=full_name, role=role,
        locale="en", country="AE", by=somebody(ip), at=at,
    )  # fmt: skip
    deliver_all()
    return next(line for line in mail.outbox[-1].body.splitlines() if "/verify/" in line).rsplit("/", 2)[1:]


def verify(at, link, password):
    challenge, secret = link
    return services.verify_email(
        challenge_id=challenge, secret=secret, password=password, by=somebody(), at=at
    )


def at_once(count, act):
    """Run `act(number)` on many threads at the same moment; return what each returned or raised."""
    start, results = threading.Barrier(count), []

    def one(number):
        try:
            start.wait(10)
            results.append(act(number))
        except Exception as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.spec("ACC-1")
def test_an_account_prepared_for_somebody_else_is_not_opened_by_their_click(at, valkey):
    link = register(at, password=THEIRS)
    with pytest.raises(WrongPassword):  # the owner of the mailbox, who never chose this password
        verify(at, link, PASSWORD)
    assert User.objects.get().status == "pending"


@pytest.mark.spec("ACC-1")
def test_the_owner_of_an_address_gets_it_whoever_registered_it_first(at, valkey):
    first = register(at, password=THEIRS, full_name="Not Noor", role="issuer", ip="elsewhere")
    register(at, password=PASSWORD)
    assert verify(at, first, PASSWORD).role == "investor"  # the old link shows the mailbox as well
    user = User.objects.get()
    assert personal_data.own(user.pk).full_name == "Noor Haddad"
    with pytest.raises(WrongCredentials):
        services.authenticate(email=VICTIM, password=THEIRS, by=somebody(), at=at)
    assert services.authenticate(email=VICTIM, password=PASSWORD, by=somebody(), at=at).id == user.pk


@pytest.mark.spec("ACC-1")
def test_five_wrong_passwords_end_a_link(at, valkey):
    link = register(at, password=PASSWORD)
    said = at_once(8, lambda number: verify(at, link, f"a wrong password {number}"))
    assert sorted(type(each).__name__ for each in said) == ["ChallengeFailed"] * 3 + ["WrongPassword"] * 5
    with pytest.raises(ChallengeFailed):
        verify(at, link, PASSWORD)


@pytest.mark.spec("ACC-1")
def test_many_clicks_at_once_activate_once(at, valkey):
    link = register(at, password=PASSWORD)
    said = at_once(6, lambda _: verify(at, link, PASSWORD))
    assert {each.status for each in said} == {"active"}
    assert AuditEvent.objects.filter(action="accounts.email_verified").count() == 1


@pytest.mark.spec("ACC-1", "ACC-13")
def test_a_second_link_is_harmless_and_lifts_no_suspension(at, valkey):
    first, second = register(at, password=PASSWORD), register(at, password=PASSWORD)
    verify(at, first, PASSWORD)
    assert verify(at, second, PASSWORD).status == "active"
    User.objects.update(status="suspended")
    for link in (first, second):
        with pytest.raises(ChallengeFailed):
            verify(at, link, PASSWORD)
    assert User.objects.get().status == "suspended"


@pytest.mark.spec("SEC-1")
def test_a_mailbox_is_not_flooded_from_many_addresses(at, valkey):
    for number in range(3):
        register(at, password=PASSWORD, ip=f"ip{number}")
    with pytest.raises(TooMany):
        register(at, password=PASSWORD, ip="fresh")


def test_a_mistyped_form_does_not_use_up_registrations(at, valkey):
    for _ in range(4):
        with pytest.raises(Invalid):
            register(at, password="short")
    assert register(at, password=PASSWORD)


@pytest.mark.spec("SEC-2")
@pytest.mark.parametrize("known", [True, False])
def test_registering_an_address_and_logging_in_does_not_say_whether_it_was_known(known, at, valkey):
    if known:
        AccountFactory(email=VICTIM)
    services.register(
        email=VICTIM, password=THEIRS, full_name="X", role="investor",
        locale="en", country="", by=somebody(), at=at,
    )  # fmt: skip
    with pytest.raises(WrongCredentials) as refusal:
        services.authenticate(email=VICTIM, password=THEIRS, by=somebody(), at=at)
    assert (refusal.value.code, "follow the link" in refusal.value.next_step) == ("invalid_credentials", True)


@pytest.mark.spec("SEC-1")
def test_parallel_guesses_are_no_more_than_ten(at, valkey):
    AccountFactory(email=VICTIM)

    def guess(number):
        services.authenticate(email=VICTIM, password=f"guess {number}", by=somebody(f"ip{number}"), at=at)

    said = at_once(16, guess)
    assert sorted(type(each).__name__ for each in said) == ["TooMany"] * 6 + ["WrongCredentials"] * 10
    with pytest.raises(TooMany) as refusal:
        guess(17)
    assert refusal.value.data["limit"] == "login_lock"
    assert 890 <= refusal.value.retry_after <= 900


@pytest.mark.spec("ACC-1")
def test_parallel_codes_are_no_more_than_five_and_one_wins(at, valkey):
    account, by = AccountFactory(), Actor.system("tests")
    services.start_phone(user_id=account.id, phone="+971501234567", by=by, at=at)
    code = mail.outbox[-1].body.split(" code is ")[1][:6]
    digests = set(Challenge.objects.values_list("secret_digest", flat=True))
    wrong = "000000" if code != "000000" else "000001"
    said = at_once(9, lambda _: services.confirm_phone(user_id=account.id, code=wrong, by=by, at=at))
    assert {type(each).__name__ for each in said} == {"WrongCode"}
    assert Challenge.objects.get(secret_digest__in=digests).attempts_left == 0
    services.start_phone(user_id=account.id, phone="+971501234567", by=by, at=at)
    code = mail.outbox[-1].body.split(" code is ")[1][:6]
    said = at_once(4, lambda _: services.confirm_phone(user_id=account.id, code=code, by=by, at=at))
    assert said.count(None) == 1


@pytest.mark.spec("SEC-1")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("no address", "no address", True),
    ],
)
def test_an_ipv6_network_counts_as_one_client(one, other, same):
    assert (network_of(one) == network_of(other)) is same


@pytest.mark.spec("SEC-1")
def test_a_page_says_429_and_when_to_come_back(client, valkey):
    form = {"email": "x@example.com", "password": "y"}
    said = [client.post(reverse("login"), form) for _ in range(6)]
    assert [each.status_code for each in said] == [422] * 5 + [429]
    assert 0 < int(said[-1]["Retry-After"]) <= 60


@pytest.mark.spec("RBAC-2")
def test_nobody_gives_more_than_they_have(at):
    held = {"users.view", "staff.manage"}
    system = Actor.system("tests")
    services.save_preset(code="hr", name="HR", permissions=held, version=0, by=system, at=at)
    editor = Actor(kind="user", id=str(AccountFactory(role=Role.STAFF, team_role="hr").id))
    everything = {str(permission) for permission in Permission}
    for code, version in (("hr", 1), ("friends", 0), ("auditor", 1)):
        with pytest.raises(NotYoursToGive):
            services.save_preset(
                code=code, name="X", permissions=everything, version=version, by=editor, at=at
            )
    services.save_preset(code="desk", name="Desk", permissions=held, version=0, by=editor, at=at)
    with pytest.raises(Invalid):  # its page is the one that makes presets
        services.save_preset(code="new", name="X", permissions=held, version=0, by=system, at=at)


@pytest.mark.spec("UI-7")
def test_the_workplace_leads_nowhere_else_and_has_no_door_of_its_own(client, valkey):
    logged_in(client, AccountFactory(role=Role.ADMIN))
    for wanted in ("https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"):
        assert client.get(reverse("admin:login"), {"next": wanted})["Location"] == reverse("admin:index")
    changed = {"old_password": PASSWORD, "new_password1": THEIRS, "new_password2": THEIRS}
    answer = client.post(reverse("admin:password_change"), changed)
    assert (answer.status_code, answer["Location"]) == (302, reverse("account"))
    assert User.objects.get().check_password(PASSWORD)
    client.post(reverse("admin:logout"))
    assert client.get(reverse("home")).status_code == 302


@pytest.mark.spec("SEC-3")
def test_pages_and_answers_with_personal_data_are_kept_by_no_cache(client, valkey):
    account = AccountFactory()
    logged_in(client, account)
    for name in ("home", "account", "landing"):
        assert "no-store" in client.get(reverse(name))["Cache-Control"]
    assert "no-store" in Client().get(reverse("api:me"), **bearer(account))["Cache-Control"]
    assert "Cache-Control" not in Client().get(reverse("landing"))


@pytest.mark.spec("SEC-4")
def test_every_page_that_writes_asks_for_the_csrf_token(valkey):
    browser = logged_in(Client(enforce_csrf_checks=True), AccountFactory(role=Role.ADMIN))
    said = {
        name: browser.post(reverse(name, kwargs=arguments)).status_code
        for name, arguments in addresses()
        if not name.startswith(("api:", "api-")) and name not in {"admin:None", "admin:app_list"}
    }
    assert {name for name, status in said.items() if status != 403} == set()


def test_logs_hold_no_query_no_secret_of_a_link_and_no_browser():
    line = {
        "event": "Forbidden (CSRF token missing.): /verify/01a1fa35-cd4f/sEcReT",
        "request": "GET /staff/users?email=noor%40example.com",
        "user_agent": "Mozilla",
        "code": 403,
    }
    assert discreet(None, "info", line) == {
        "event": "Forbidden (CSRF token missing.): /verify/01a1fa35-cd4f/…",
        "request": "GET /staff/users",
        "code": 403,
    }


def test_a_verb_of_two_transactions_is_not_half_repeated(at):
    @opens_transaction
    def outer():
        return "x"

    request = idempotency.Request(principal="p", route="r", key="k", body=b"")
    with pytest.raises(AssertionError, match="two transactions"):
        idempotency.once(
            request,
            verb=lambda: (outer(), outer()),
            render=lambda made: idempotency.Answer(201, made),
            at=at,
        )


@pytest.mark.spec("API-1")
def test_a_defect_of_ours_is_told_without_its_text(monkeypatch):
    def defect(*args):
        raise RuntimeError("the text of a defect")

    monkeypatch.setattr("apps.accounts.selectors.verdict", defect)
    client = Client(raise_request_exception=False)
    page, answer = client.get(reverse("landing")), client.get(reverse("api:me"))
    assert (page.status_code, answer.status_code) == (500, 500)
    assert answer.json()["code"] == "internal_error"
    assert b"text of a defect" not in page.content + answer.content
