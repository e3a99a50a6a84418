"""The same POST twice, with another body, and at the same time."""

import threading

import pytest
from django.db import connection

from apps.common import idempotency
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import InProgress, Invalid, Unprocessable
from apps.common.ids import new_id
from apps.common.models import IdempotencyRecord

pytestmark = pytest.mark.django_db(transaction=True)


def request(key="k1", body=b"{}"):
    return idempotency.Request(principal="someone", route="things", key=key, body=body)


def ask(effects, at, **changes):
    @opens_transaction
    def verb():
        effects.append(new_id())
        return str(effects[-1])

    return idempotency.once(
        request(**changes), verb=verb, render=lambda made: idempotency.Answer(201, {"id": made}), at=at
    )


def test_a_repeat_gets_the_first_answer_and_no_second_effect(at):
    effects: list = []
    first, second = ask(effects, at), ask(effects, at)
    assert len(effects) == 1
    assert (first.status, first.body, first.replayed) == (201, {"id": str(effects[0])}, False)
    assert (second.status, second.body, second.replayed) == (201, first.body, True)


def test_the_same_key_with_another_body_is_refused(at):
    effects: list = []
    ask(effects, at)
    with pytest.raises(Unprocessable) as refusal:
        ask(effects, at, body=b'{"a": 1}')
    assert refusal.value.code == "idempotency_key_reused"
    assert len(effects) == 1


def test_a_refused_verb_leaves_no_record(at):
    @opens_transaction
    def refuse():
        raise Invalid("no")

    with pytest.raises(Invalid, match="no"):
        idempotency.once(request(), verb=refuse, render=lambda _: idempotency.Answer(201, {}), at=at)
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize("key", ["", "k" * 129, "schlüssel", "a\nb"])
def test_a_bad_key_is_refused(key, at):
    with pytest.raises(Invalid):
        ask([], at, key=key)


def test_a_second_request_while_the_first_runs_is_told_to_come_back(at):
    inside, go_on = threading.Event(), threading.Event()
    answers = []

    @opens_transaction
    def slow():
        inside.set()
        go_on.wait(10)
        return "x"

    def first():
        answers.append(
            idempotency.once(request(), verb=slow, render=lambda made: idempotency.Answer(201, made), at=at)
        )
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(10)
    try:
        with pytest.raises(InProgress):
            ask([], at)
    finally:
        go_on.set()
        thread.join(10)
    assert answers[0].body == "x"


def test_verbs_say_who_opens_the_transaction():
    @opens_transaction
    def outer(inner):
        return inner()

    @needs_transaction
    def inner():
        return "done"

    assert outer(inner) == "done"
    with pytest.raises(Exception, match="needs an open transaction"):
        inner()
    with pytest.raises(RuntimeError, match="durable"):
        outer(lambda: outer(inner))
