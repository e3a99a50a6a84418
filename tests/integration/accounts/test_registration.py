"""Opening an account: by a person, twice, by two at once, and what the database keeps of them."""

import threading

import pytest
from django.core import mail
from django.db import connection

from apps.accounts import personal_data, services
from apps.accounts.models import Challenge, User
from apps.accounts.services.registration import ChallengeFailed
from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.common.errors import Invalid, TooMany
from apps.common.types import Actor
from apps.outbox.models import OutboxMessage as Row
from tests.factories.accounts import PASSWORD, AccountFactory
from tests.relay import deliver_all

pytestmark = pytest.mark.django_db(transaction=True)
ANYBODY = Actor(kind="anonymous", id="", ip_digest="somewhere")
NOOR = {
    "email": "Noor@Example.com",
    "password": PASSWORD,
    "full_name": "Noor Haddad",
    "role": "investor",
    "locale": "en",
    "country": "AE",
}


def register(at, **changes):
    services.register(**(NOOR | changes), by=ANYBODY, at=at)


def link():
    found = [line for line in mail.outbox[-1].body.splitlines() if "/verify/" in line]
    return found[0].strip().rsplit("/", 2)[1:]


@pytest.mark.spec("ACC-1", "ACC-2")
def test_a_person_registers_gets_a_link_and_is_activated_by_it(at, valkey):
    register(at)
    user = User.objects.get()
    assert (user.status, user.is_activated, user.role, user.country) == ("pending", False, "investor", "AE")
    deliver_all()
    assert mail.outbox[-1].to == ["noor@example.com"]
    challenge, secret = link()
    account = services.verify_email(
        challenge_id=challenge, secret=secret, password=PASSWORD, by=ANYBODY, at=at
    )
    assert (account.id, account.status, account.is_activated, account.kyc_level) == (
        user.pk,
        "active",
        True,
        1,
    )
    again = services.verify_email(challenge_id=challenge, secret=secret, password=PASSWORD, by=ANYBODY, at=at)
    assert again == account
    actions = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["accounts.registered", "accounts.email_verified"]


@pytest.mark.spec("ACC-1")
def test_a_wrong_or_old_link_activates_nobody(at, valkey):
    register(at)
    deliver_all()
    challenge, secret = link()
    with pytest.raises(ChallengeFailed):
        services.verify_email(
            challenge_id=challenge, secret=secret + "x", password=PASSWORD, by=ANYBODY, at=at
        )
    late = Challenge.objects.get().expires_at
    with pytest.raises(ChallengeFailed):
        services.verify_email(challenge_id=challenge, secret=secret, password=PASSWORD, by=ANYBODY, at=late)
    assert User.objects.get().status == "pending"


@pytest.mark.spec("SEC-2")
def test_a_known_address_gets_a_warning_and_no_second_account(at, valkey):
    AccountFactory(email=NOOR["email"])
    register(at, full_name="Somebody Else")
    deliver_all()
    assert User.objects.count() == 1
    assert not Challenge.objects.exists()
    assert "/verify/" not in mail.outbox[-1].body
    assert personal_data.own(User.objects.get().pk).full_name == "Some Body"


@pytest.mark.spec("ACC-1")
def test_two_who_register_the_same_address_at_once_make_one_account(at, valkey, settings):
    more = {"registration": "100/hour", "verification_mail": "100/hour"}
    settings.RATE_LIMITS = settings.RATE_LIMITS | more
    start, failures = threading.Barrier(4), []

    def one():
        try:
            start.wait(10)
            register(at)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert failures == []
    assert User.objects.count() == 1


@pytest.mark.spec("ACC-1")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"email": "no-address"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"full_name": "  "}, "full_name"),
        ({"full_name": "two\nlines"}, "full_name"),
        ({"role": "admin"}, "role"),
        ({"role": "staff"}, "role"),
        ({"country": "ae"}, "country"),
    ],
)
def test_bad_input_names_its_field_and_leaves_nothing(changes, field, at, valkey):
    with pytest.raises(Invalid) as refusal:
        register(at, **changes)
    assert list(refusal.value.fields) == [field]
    assert not User.objects.exists()
    assert not Row.objects.exists()


@pytest.mark.spec("SEC-1")
def test_one_address_registers_three_times_an_hour(at, valkey):
    for number in range(3):
        register(at, email=f"n{number}@example.com")
    with pytest.raises(TooMany) as refusal:
        register(at, email="n4@example.com")
    assert 0 < refusal.value.retry_after <= 3600


@pytest.mark.spec("PDPL-6")
def test_no_personal_data_is_readable_in_any_table(at, valkey):
    register(at, full_name="Zebulon Quartermain")
    deliver_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
            dump = cursor.fetchone()[0]
            assert "quartermain" not in dump.casefold(), table
            assert "noor@" not in dump.casefold(), table
            assert b"Quartermain".hex() not in dump, table


@pytest.mark.spec("AUD-4")
def test_who_reads_personal_data_is_recorded(at):
    noor, auditor = AccountFactory(), AccountFactory(role=Role.STAFF, team_role="auditor")
    by = Actor(kind="user", id=str(auditor.id))
    shown = personal_data.reveal([noor.id], why="case 7", by=by, at=at)
    assert shown[noor.id].full_name == "Some Body"
    event = AuditEvent.objects.order_by("-id").first()
    assert (event.action, event.target_id, event.actor_id, event.reason) == (
        "accounts.personal_data_read",
        str(noor.id),
        str(auditor.id),
        "case 7",
    )
