"""Delivering: in order per key, at least once, and a failure holds up its own lane only."""

import random
import threading
import time
from inspect import unwrap

import pytest
from django.db import connection, transaction

from apps.audit.models import AuditEvent
from apps.common.clock import now
from apps.common.db import rows
from apps.common.seat import Seat
from apps.outbox.models import Delivery
from apps.outbox.relay import deliveries
from apps.outbox.relay.courier import Courier
from apps.outbox.relay.handlers import Kind
from tests.integration.audit.test_sealing import Elsewhere

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("API-4")]

KINDS = ["inner", "outer"]


@pytest.fixture
def elsewhere():
    other = Elsewhere()
    yield other
    other.end()


@pytest.mark.parametrize("seed", range(3))
def test_each_key_keeps_its_order_whatever_fails(seed, settings, box):
    settings.OUTBOX_MAX_ATTEMPTS = 50
    chance = random.Random(seed)  # a test's dice
    for _ in range(6):
        box.publish(
            *(
                (chance.choice(KINDS), chance.choice("abc"), {"times": chance.choice([0, 0, 0, 1, 3])})
                for _ in range(chance.randint(1, 8))
            )
        )
        box.rounds(chance.randint(0, 2))
    box.rounds(40)
    box.check_lanes()


@pytest.mark.parametrize("kind", [*KINDS, "outside"])
def test_a_failure_holds_up_its_own_lane_only(kind, settings, box):
    settings.OUTBOX_BACKOFF_CAP = 3600
    bad, behind, other = box.publish((kind, "a", {"do": "fail"}), (kind, "a", {}), (kind, "b", {}))
    assert box.rounds(3) == 1
    assert box.handled() + box.written() == [other]
    later = box.publish((kind, "a", {}), (kind, "c", {}))
    box.rounds(3)
    assert box.handled() + box.written() == [other, later[1]]
    times = dict(Delivery.objects.values_list("message_id", "next_attempt_at"))
    assert times[bad] == times[behind] == times[later[0]] > now(), "the whole lane waits for its first"


def test_handlers_of_one_message_do_not_wait_for_each_other(box):
    """The inner handler fails twice; the other two get everything at once."""
    first, second = box.publish(("all", "k", {}), ("all", "k", {}))
    broken = Delivery.objects.filter(handler__endswith=".inner")
    from tests.integration.outbox import handlers

    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(handlers, "inner")
        box.rounds(2)
        assert box.handled() == box.written() == [first, second]
        assert [each.attempts for each in broken.order_by("id")] == [2, 0]
        assert broken.order_by("id")[0].last_error.startswith("ImportError")
    box.rounds(2)
    assert box.handled() == [first, second, first, second]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.parametrize("kind", [*KINDS, "outside"])
def test_poison_is_given_up_and_then_blocks_nobody(kind, box):
    bad, good = box.publish((kind, "a", {"do": "fail"}), (kind, "a", {}))
    assert [box.rounds() for _ in range(5)] == [0, 0, 0, 0, 1]
    assert box.states() == {bad: "dead", good: "delivered"}
    assert box.handled() + box.written() == [good]


@pytest.mark.parametrize("kind", [*KINDS, "outside"])
@pytest.mark.parametrize("deed", ["refuse", "exit", "close", "open", "sql", "cut"])
def test_whatever_a_handler_does_others_get_theirs(kind, deed, box):
    """`close` and `open` may be survived or count as failure, but nothing is lost and nobody waits."""
    bad, good = box.publish((kind, "a", {"do": deed}), (kind, "b", {}))
    for _ in range(6):
        box.rounds()
    assert box.states()[good] == "delivered"
    assert box.states()[bad] in (
        {"dead"} if deed in {"refuse", "exit", "sql", "cut"} else {"dead", "delivered"}
    )
    assert not connection.in_atomic_block
    assert connection.get_autocommit()


def test_a_code_of_ours_is_kept_with_the_error(box):
    box.publish(("outer", "a", {"do": "refuse"}), ("outer", "b", {"do": "sql"}))
    box.rounds()
    errors = list(Delivery.objects.order_by("id").values_list("last_error", flat=True))
    assert errors[0].startswith("Conflict not_now ")
    assert errors[1].startswith("DataError 22012 ")


def test_an_effect_and_its_delivery_are_one_transaction(monkeypatch, box):
    """The relay dies between the handler and the note: then there was no effect either."""
    box.publish(("inner", "a", {}), ("outer", "b", {}))
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "finish", lambda *args, **kwargs: 1 / 0)
        box.rounds(1)
    assert box.handled() == []
    box.rounds(1)
    assert len(box.handled()) == 2


def test_inner_handlers_share_a_transaction_and_one_failure_takes_nobody_with_it(box):
    ids = box.publish(*[("inner", str(n), {}) for n in range(10)])
    box.rounds()
    assert box.handled() == ids
    assert AuditEvent.objects.values("transaction").distinct().count() == 1
    mixed = box.publish(*[("inner", str(n), {"do": "fail"} if n == 4 else {}) for n in range(10)])
    box.rounds()
    assert box.handled() == [*ids, *mixed[:4], *mixed[5:]]


def test_a_verb_after_the_commit_is_no_part_of_the_delivery(box):
    (message,) = box.publish(("outer", "a", {"do": "follow_up"}))
    box.rounds(3)
    assert box.handled() == [message, message]
    assert box.states() == {message: "delivered"}


def test_a_message_that_commits_late_with_a_small_id_is_not_skipped(at, elsewhere, box):
    elsewhere.do(lambda: transaction.set_autocommit(False))
    box.publish_elsewhere(elsewhere)
    after = box.publish(("outer", "x", {}), ("outer", "y", {}))
    box.rounds()
    assert box.handled() == after, "nobody waits for the open transaction"
    elsewhere.do(transaction.commit)
    box.rounds()
    late = box.handled()[-1]
    assert late < min(after)
    assert box.handled() == [*after, late]


def test_order_per_key_follows_the_lock_and_not_the_age_of_transactions(at, elsewhere, box):
    """An older transaction waits for a younger one's lock and publishes after it, while a third, whose
    age lies between theirs, stays open. Delivering "all below the oldest open one" would turn them round."""
    third = Elsewhere()

    def begin():
        transaction.set_autocommit(False)
        rows("SELECT pg_current_xact_id()")

    try:
        elsewhere.do(begin)
        third.do(begin)
        (first,) = box.publish(("outer", "k", {}))
        box.publish_elsewhere(elsewhere)
        elsewhere.do(transaction.commit)
        box.rounds()
        assert box.handled() == [first, first + 1]
    finally:
        third.do(transaction.rollback)
        third.end()


def test_a_deep_lane_behind_a_failure_does_not_slow_down_others(settings, box):
    settings.OUTBOX_BACKOFF_CAP = 3600
    box.publish(("outer", "deep", {"do": "fail"}), *[("outer", "deep", {}) for _ in range(450)])
    box.rounds(2)
    (other,) = box.publish(("outer", "other", {}))
    box.rounds(1)
    assert box.handled() == [other]
    assert deliveries.due([f"{__package__}.handlers.outer"], at=now(), limit=10) == []


def test_a_message_that_is_due_before_its_turn_waits_all_the_same(box, settings):
    settings.OUTBOX_BACKOFF_CAP = 3600
    first, second = box.publish(("outer", "k", {"do": "fail"}), ("outer", "k", {}))
    box.rounds()
    Delivery.objects.filter(message=second).update(next_attempt_at=now())
    assert box.rounds() == 0
    times = dict(Delivery.objects.values_list("message_id", "next_attempt_at"))
    assert times[second] == times[first] > now()


def test_a_message_in_another_hand_is_left_alone_with_all_behind_it(box, elsewhere):
    first, second = box.publish(("outer", "k", {}), ("outer", "k", {}))
    (other,) = box.publish(("outer", "other", {}))
    deliveries.dispatch(at=now())
    one = Delivery.objects.get(message=first)
    elsewhere.do(lambda: transaction.set_autocommit(False))
    elsewhere.do(lambda: unwrap(deliveries.take)([one.pk]))
    assert box.rounds(2) == 1
    assert box.handled() == [other]
    elsewhere.do(transaction.rollback)
    box.rounds(2)
    assert box.handled() == [other, first, second]


def test_two_couriers_at_once_do_no_harm(settings, box):
    ids = box.publish(*[(kind, key, {}) for _ in range(15) for key in "ab" for kind in KINDS])
    errors = []

    def carry():
        try:
            courier = Courier(*Kind, go_on=lambda: True)
            for _ in range(60):
                deliveries.dispatch(at=now())
                courier.round()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=carry) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert sorted(box.handled()) == ids
    box.check_lanes()


def test_a_failure_that_two_relays_note_counts_once(box):
    box.publish(("outer", "k", {"do": "fail"}))
    deliveries.dispatch(at=now())
    (one,) = deliveries.due([f"{__package__}.handlers.outer"], at=now(), limit=10)
    deliveries.fail(one, "first", at=now())
    deliveries.fail(one, "second", at=now())
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.last_error) == (1, "first")


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_there_is_one_seat(elsewhere):
    seats = Seat("tests"), Seat("tests")
    assert seats[0].take()
    assert seats[0].take(), "taking it again keeps it"
    assert not seats[1].take()
    seats[0].leave()
    wait_for(seats[1].take)  # PostgreSQL gives the lock back when it notices that the connection ended
    seats[1].leave()


def test_a_broken_seat_is_noticed_and_taken_again():
    seat = Seat("tests")
    assert seat.take()
    seat._connection.close()
    seat._connection.connect()
    seat._connection.connection.close()
    with pytest.raises(Exception, match="closed"):
        seat.take()
    seat.leave()
    wait_for(seat.take)
    seat.leave()
