"""Publishing: with the transaction or not at all; what is stored stays as it was."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit.models import AuditEvent
from apps.common.clock import now
from apps.common.db import rows
from apps.common.errors import Conflict, NotFound
from apps.outbox import selectors, services
from apps.outbox.models import Delivery, OutboxMessage
from apps.outbox.types import NewMessage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("API-4")]


def test_a_message_is_published_with_its_transaction_or_not_at_all(at):
    with transaction.atomic():
        services.publish(type="tests.done", key="k", payload={"id": "1"}, at=at)
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()
    with transaction.atomic():
        services.publish(type="tests.done", key="k", payload={"id": "1"}, at=at)
    stored = OutboxMessage.objects.get()
    assert (stored.type, stored.key, stored.payload, stored.created_at) == (
        "tests.done",
        "k",
        {"id": "1"},
        at,
    )


def test_publishing_needs_the_transaction_of_what_happened(at):
    with pytest.raises(transaction.TransactionManagementError):
        services.publish(type="tests.done", key="k", payload={}, at=at)


def test_many_messages_are_one_insert_in_their_order(at, django_assert_num_queries):
    messages = [NewMessage("tests.done", str(number), {}) for number in range(100)]
    with transaction.atomic(), django_assert_num_queries(1):
        services.publish_many(messages=messages, at=at)
    keys = OutboxMessage.objects.order_by("id").values_list("key", flat=True)
    assert list(keys) == [str(number) for number in range(100)]


def test_a_message_that_nobody_hears_is_dispatched_all_the_same(box):
    box.publish(("nobody_listens", "k", {}))
    box.rounds()
    assert OutboxMessage.objects.get().dispatched_at is not None
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE outbox_message SET payload = '{}'",
        "UPDATE outbox_message SET key = 'other'",
        "UPDATE outbox_message SET dispatched_at = NULL",
        "UPDATE outbox_delivery SET message_id = message_id + 1",
        "UPDATE outbox_delivery SET handler = 'other'",
        "UPDATE outbox_delivery SET state = 'lost'",
        "UPDATE outbox_delivery SET state = 'delivered'",
        "UPDATE outbox_delivery SET delivered_at = next_attempt_at",
        "DELETE FROM outbox_delivery",
        "DELETE FROM outbox_message",
        "TRUNCATE outbox_message CASCADE",
    ],
)
def test_the_database_keeps_the_laws(attack, box):
    (first,) = box.publish(("outer", "k", {"do": "fail"}))
    box.rounds()
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute(attack)
    assert box.states() == {first: "pending"}


def test_what_was_delivered_is_final(box):
    box.publish(("outer", "k", {}))
    box.rounds()
    with pytest.raises(DatabaseError, match="outbox_delivery"):
        rows("UPDATE outbox_delivery SET state = 'pending', delivered_at = NULL")


def test_a_message_that_was_not_dispatched_is_not_forgotten(box):
    box.publish(("outer", "k", {}))
    with pytest.raises(DatabaseError, match="outbox_message"):
        rows("DELETE FROM outbox_message")


def test_old_messages_that_reached_everybody_are_purged(system, box):
    done = box.publish(*[("outer", "k", {})] * 5)
    (poison,) = box.publish(("outer", "other", {"do": "fail"}))
    box.rounds(10)
    fresh = now() + timedelta(seconds=1)
    assert services.purge(before=fresh - timedelta(days=1), limit=10, by=system, at=fresh) == 0
    assert services.purge(before=fresh, limit=3, by=system, at=fresh) == 3
    assert services.purge(before=fresh, limit=10, by=system, at=fresh) == 2
    assert list(OutboxMessage.objects.values_list("id", flat=True)) == [poison]
    assert not Delivery.objects.filter(message__in=done).exists()


def test_a_dead_letter_is_listed_and_tried_again(system, at, box):
    (message,) = box.publish(("outer", "k", {"do": "fail"}))
    box.rounds(10)
    (letter,) = selectors.dead()
    assert (letter.message_id, letter.type, letter.key, letter.attempts) == (message, "tests.outer", "k", 4)
    assert letter.handler.endswith(".outer")
    assert letter.last_error.startswith("Poison poisoned tests/integration/outbox/handlers.py:")
    assert "jane" not in letter.last_error
    assert box.states() == {message: "dead"}

    from tests.integration.outbox import handlers

    handlers.failures[message] = 10**9
    services.requeue(delivery_id=letter.id, by=system, at=now())
    assert selectors.dead() == []
    box.rounds()
    assert box.handled() == [message]
    assert box.states() == {message: "delivered"}
    delivery = Delivery.objects.get()
    assert delivery.attempts == 1
    event = AuditEvent.objects.get(action="outbox.requeued")
    assert (event.actor_id, event.target_id) == ("tests", str(letter.id))
    with pytest.raises(Conflict) as refusal:
        services.requeue(delivery_id=letter.id, by=system, at=at)
    assert refusal.value.code == "invalid_transition"
    with pytest.raises(NotFound):
        services.requeue(delivery_id=letter.id + 1, by=system, at=at)


def test_the_state_says_what_waits(at, box):
    assert selectors.state(at=at).oldest == 0
    box.publish(("inner", "a", {}), ("outer", "b", {"do": "fail"}))
    state = selectors.state(at=at + timedelta(seconds=5))
    assert (state.undispatched, state.pending, state.dead, state.oldest) == (2, 0, 0, 5)
    box.rounds()
    state = selectors.state(at=at + timedelta(seconds=5))
    assert (state.undispatched, state.pending, state.dead, state.oldest) == (0, 1, 0, 5)
    box.rounds(10)
    state = selectors.state(at=at)
    assert (state.undispatched, state.pending, state.dead, state.orphans) == (0, 0, 1, {})


def test_deliveries_to_a_handler_that_is_gone_from_the_list_are_shown(at, monkeypatch, box):
    from tests.integration.outbox import handlers

    box.publish(("outer", "k", {"do": "fail"}))
    box.rounds()
    monkeypatch.setattr(handlers, "SUBSCRIPTIONS", {})
    assert box.rounds() == 0
    assert selectors.state(at=at).orphans == {f"{handlers.HERE}.outer": 1}
