"""Recording: in the transaction of the act, and never changed afterwards."""

from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.audit import services
from apps.audit.models import AuditEvent, AuditSeal
from apps.audit.types import PERSONAL, Act
from apps.common.db import opens_transaction, rows
from apps.common.errors import Conflict
from apps.common.types import Actor
from tests.database import admin

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = ["audit_event", "audit_seal"]
ATTACKS = [
    "UPDATE {} SET {} = {}",
    "DELETE FROM {}",
    "TRUNCATE {}",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "DROP TABLE {}",
    "DROP TRIGGER append_only ON {}",
]


@opens_transaction
def act(*, by, at, fails=False, **changes):
    arguments = {"action": "tests.done", "target_type": "thing", "target_id": "1"} | changes
    services.record(**arguments, by=by, at=at)
    if fails:
        raise Conflict("no")


@pytest.mark.spec("AUD-1")
def test_an_event_holds_all_that_is_known(at):
    by = Actor(
        kind="user",
        id="someone",
        on_behalf_of="a-company",
        ip_digest="d" * 64,
        device="device-1",
        request_id="request-1",
    )
    with transaction.atomic():
        services.record(
            action="accounts.changed",
            target_type="user",
            target_id="42",
            before={"status": "pending", "email": PERSONAL},
            after={"status": "active", "since": at, "by": UUID(int=7), "tags": {"b", "a"}},
            reason="asked for it",
            by=by,
            at=at,
        )
    found = AuditEvent.objects.get()
    assert (found.actor_kind, found.actor_id, found.on_behalf_of) == ("user", "someone", "a-company")
    assert (found.action, found.target_type, found.target_id) == ("accounts.changed", "user", "42")
    assert (found.ip_digest, found.device, found.request_id) == ("d" * 64, "device-1", "request-1")
    assert (found.at, found.reason) == (at, "asked for it")
    assert found.before == {"status": "pending", "email": "(personal)"}
    assert found.after == {
        "status": "active",
        "since": "2026-03-02T10:00:00.000000Z",
        "by": str(UUID(int=7)),
        "tags": ["a", "b"],
    }
    assert found.transaction > 0


@pytest.mark.spec("AUD-1")
def test_an_act_that_fails_leaves_no_event(system, at):
    with pytest.raises(Conflict):
        act(by=system, at=at, fails=True)
    assert not AuditEvent.objects.exists()
    act(by=system, at=at)
    assert AuditEvent.objects.count() == 1


def test_an_event_needs_the_transaction_of_an_act(system, at):
    with pytest.raises(transaction.TransactionManagementError):
        services.record(action="tests.done", target_type="thing", target_id="1", by=system, at=at)


def test_many_events_are_one_insert_and_share_their_transaction(system, at, django_assert_num_queries):
    acts = [Act("tests.done", "thing", str(number)) for number in range(50)]
    with transaction.atomic(), django_assert_num_queries(1):
        services.record_many(acts=acts, by=system, at=at)
    assert list(AuditEvent.objects.order_by("id").values_list("target_id", flat=True)) == [
        str(number) for number in range(50)
    ]
    assert len(set(AuditEvent.objects.values_list("transaction", flat=True))) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"action": "done"}, ValueError),
        ({"action": "Tests.Done"}, ValueError),
        ({"action": "tests.done\n"}, ValueError),
        ({"target_type": ""}, ValueError),
        ({"reason": "x" * 1001}, ValueError),
        ({"after": {"amount": 1.5}}, TypeError),
        ({"after": {"text": "a\x00b"}}, TypeError),
        ({"after": {"text": "x" * 20_000}}, ValueError),
        ({"after": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}}, ValueError),
    ],
)
def test_what_may_not_be_recorded_is_refused(changes, error, system, at):
    with pytest.raises(error):
        act(by=system, at=at, **changes)
    assert not AuditEvent.objects.exists()


@pytest.mark.spec("AUD-2")
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(("table", "column"), [("audit_event", "action"), ("audit_seal", "hash")])
def test_the_application_can_change_nothing(attack, table, column, system, at):
    act(by=system, at=at)
    services.seal(at=at)
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(attack.format(table, column, "'other'"))
    assert AuditEvent.objects.filter(action="tests.done").count() == AuditSeal.objects.count() == 1


@pytest.mark.spec("AUD-2")
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("attack", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_laws_bind_even_a_superuser(table, attack, system, at):
    act(by=system, at=at)
    services.seal(at=at)
    column = {"audit_event": "action", "audit_seal": "hash"}[table]
    with (
        admin(settings.DATABASES["default"]["NAME"]) as superuser,
        pytest.raises(psycopg.errors.IntegrityError, match="append-only"),
    ):
        superuser.execute(attack.format(table, column))
    assert AuditEvent.objects.count() == AuditSeal.objects.count() == 1


@pytest.mark.spec("AUD-2")
def test_the_application_cannot_switch_the_triggers_off(system, at):
    with pytest.raises(DatabaseError, match="permission denied"):
        rows("SET session_replication_role = replica")


@pytest.mark.spec("AUD-3")
@pytest.mark.parametrize(
    ("sequence", "previous"), [(3, "real"), (2, "0" * 64), (1, "real"), (0, "real"), (2, "f" * 64)]
)
def test_a_link_that_does_not_follow_is_refused(sequence, previous, system, at):
    act(by=system, at=at)
    services.seal(at=at)
    act(by=system, at=at)
    link, event = AuditSeal.objects.get(), AuditEvent.objects.order_by("-id")[0]
    with pytest.raises(IntegrityError):
        AuditSeal.objects.create(
            sequence=sequence,
            event_id=event.pk,
            previous_hash=link.hash if previous == "real" else previous,
            hash="a" * 64,
            sealed_at=at,
        )
    assert services.seal(at=at) == 1
