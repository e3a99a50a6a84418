"""Sealing: every committed event once, whenever it was committed, whoever else is sealing."""

import threading
import time
from inspect import unwrap

import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.audit import rules, selectors, services
from apps.audit.models import AuditEvent, AuditSeal, UnsealedEvent
from apps.audit.types import Act
from apps.common.db import rows
from tests.database import admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("AUD-3")]


def record(by, at, count=1, name="tests.done"):
    with transaction.atomic():
        services.record_many(acts=[Act(name, "thing", str(n)) for n in range(count)], by=by, at=at)


def chain() -> list[tuple[int, str]]:
    """The chain as (sequence, action)."""
    return list(AuditSeal.objects.order_by("sequence").values_list("sequence", "event__action"))


def whole() -> bool:
    return not list(rules.findings(selectors.links()))


class Elsewhere:
    """A second connection of the application, in a thread of its own, that does one thing at a time."""

    def __init__(self):
        self.asked, self.answered = threading.Semaphore(0), threading.Semaphore(0)
        self.act, self.error = None, None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def do(self, act):
        self.act = act
        self.asked.release()
        assert self.answered.acquire(timeout=10)
        if self.error:
            raise self.error

    def _run(self):
        while self.asked.acquire(timeout=30) and self.act:
            try:
                self.act()
            except Exception as error:
                self.error = error
            self.answered.release()
        connection.close()

    def end(self):
        self.act = None
        self.asked.release()
        self.thread.join(10)


@pytest.fixture
def elsewhere():
    other = Elsewhere()
    yield other
    other.end()


def test_links_are_numbered_from_one_and_hang_together(system, at):
    record(system, at, 3)
    assert services.seal(at=at) == 3
    record(system, at, 2)
    assert services.seal(at=at) == 2
    assert services.seal(at=at) == 0
    seals = list(AuditSeal.objects.order_by("sequence"))
    assert [seal.sequence for seal in seals] == [1, 2, 3, 4, 5]
    assert [seal.previous_hash for seal in seals] == [rules.GENESIS, *(seal.hash for seal in seals[:-1])]
    assert whole()
    state = selectors.state(at=at)
    assert (state.events, state.sealed, state.unsealed) == (5, 5, 0)
    assert (state.last_sequence, state.last_hash) == (5, seals[-1].hash)


def test_a_rolled_back_act_leaves_no_gap(system, at):
    record(system, at)
    with transaction.atomic():
        record(system, at, name="tests.failed")
        transaction.set_rollback(True)
    record(system, at)
    services.seal(at=at)
    assert chain() == [(1, "tests.done"), (2, "tests.done")]


def test_a_transaction_that_was_open_for_long_is_sealed_later_without_a_gap(system, at, elsewhere):
    """It has the smallest event id and the smallest transaction id, and commits last."""
    elsewhere.do(lambda: transaction.set_autocommit(False))
    elsewhere.do(
        lambda: AuditEvent.objects.create(
            at=at, actor_kind="system", actor_id="x", action="tests.slow", target_type="thing"
        )
    )
    for _ in range(3):
        record(system, at)
        assert services.seal(at=at) == 1, "nobody waits for the slow one"
    elsewhere.do(transaction.commit)
    slow = AuditEvent.objects.get(action="tests.slow")
    assert slow.pk < min(AuditEvent.objects.exclude(pk=slow.pk).values_list("pk", flat=True))
    assert slow.transaction < min(
        AuditEvent.objects.exclude(pk=slow.pk).values_list("transaction", flat=True)
    )
    assert services.seal(at=at) == 1
    assert chain() == [(1, "tests.done"), (2, "tests.done"), (3, "tests.done"), (4, "tests.slow")]
    assert whole()


def test_cause_comes_before_effect(system, at, elsewhere):
    """The effect's transaction is older, but waited for the lock of the cause's."""

    def lock():
        rows("SELECT pg_advisory_xact_lock(4711)")

    def begin_late():
        transaction.set_autocommit(False)
        rows("SELECT pg_current_xact_id()")

    elsewhere.do(begin_late)
    with transaction.atomic():
        lock()
        services.record(action="tests.cause", target_type="thing", target_id="1", by=system, at=at)

    def effect():
        lock()
        unwrap(services.record)(action="tests.effect", target_type="thing", target_id="1", by=system, at=at)
        transaction.commit()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "record_many", unwrap(services.record_many))
        elsewhere.do(effect)
    services.seal(at=at)
    assert chain() == [(1, "tests.cause"), (2, "tests.effect")]
    older = AuditEvent.objects.get(action="tests.effect").transaction
    assert older < AuditEvent.objects.get(action="tests.cause").transaction


def test_a_second_sealer_returns_at_once(system, at, elsewhere):
    record(system, at)
    elsewhere.do(lambda: transaction.set_autocommit(False))
    elsewhere.do(lambda: rows(services._SEALER))
    began = time.monotonic()
    assert services.seal(at=at) == 0
    assert time.monotonic() - began < 1
    elsewhere.do(transaction.rollback)
    assert services.seal(at=at) == 1


def test_sealers_and_writers_at_once_seal_everything_exactly_once(system, at):
    writers, events, done = 3, 40, threading.Event()
    sealed, errors = [], []

    def write():
        try:
            for _ in range(events):
                record(system, at, 2)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    def keep_sealing():
        try:
            while not done.is_set():
                sealed.append(services.seal(at=at))
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    sealing = [threading.Thread(target=keep_sealing) for _ in range(2)]
    writing = [threading.Thread(target=write) for _ in range(writers)]
    for thread in [*sealing, *writing]:
        thread.start()
    for thread in writing:
        thread.join(60)
    done.set()
    for thread in sealing:
        thread.join(60)
    assert not errors
    total = writers * events * 2
    assert sum(sealed) + services.seal(at=at) == total
    assert AuditSeal.objects.count() == AuditEvent.objects.count() == total
    assert not UnsealedEvent.objects.exists()
    assert whole()


def test_a_sealer_that_is_killed_in_the_middle_loses_nothing(system, at, monkeypatch):
    record(system, at, 5)

    def cut(*args, **kwargs):
        with admin(settings.DATABASES["default"]["NAME"]) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])

    with monkeypatch.context() as patch:
        patch.setattr(AuditSeal.objects, "bulk_create", cut)
        patch.setattr(services, "BATCH", 2)
        with pytest.raises(Exception, match=r"terminat|closed"):
            services.seal(at=at)
    connection.close()
    assert services.seal(at=at) == 5
    assert whole()


def test_one_call_is_bounded_and_says_how_much_it_did(system, at, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 3)
    monkeypatch.setattr(services, "BATCHES", 2)
    record(system, at, 10)
    assert [services.seal(at=at) for _ in range(3)] == [6, 4, 0]
    assert whole()


def test_finding_work_costs_the_same_however_long_the_record_is(system, at, django_assert_num_queries):
    record(system, at, 2000)
    services.seal(at=at)
    services.seal(at=at)
    record(system, at)
    plan = "\n".join(row[0] for row in rows("EXPLAIN (ANALYZE) " + services._TAKE, [services.BATCH]))
    assert "audit_event" not in plan
    assert "rows=2000" not in plan
