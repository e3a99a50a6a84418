"""Holds: taken once, consumed at most once over, released at most once, gone when their time is over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.audit.models import AuditEvent
from apps.common.ids import new_id
from apps.ledger import models, selectors, services, tasks
from apps.ledger.types import Entry, EntryKind, HoldOwner, NewHold, Release, move_held
from apps.outbox.models import OutboxMessage
from tests.factories import ledger as bank
from tests.factories.ledger import act, balance, client, consume, reserve, rest, rich, void

pytestmark = [pytest.mark.django_db, pytest.mark.spec("LED-4")]

LATER = bank.AT + timedelta(hours=1)


def take(new):
    return act(services.hold, holds=[new], by=bank.BY, at=bank.AT)


def expire(at=LATER, limit=500):
    return services.expire_holds(by=bank.BY, at=at, limit=limit)


def test_a_hold_sent_twice_is_taken_once():
    noor = rich(100)
    new = NewHold(new_id(), noor, "USD", 80, HoldOwner.ORDER, "order-1")
    assert [take(new)[0].repeated for _ in range(2)] == [False, True]
    assert balance(noor) == (20, 80)
    with pytest.raises(services.BusinessKeyReused):
        take(replace(new, amount=10))


def test_what_is_held_can_not_be_spent_or_held_again():
    noor, sami = rich(100), client()
    reserve(noor, 80)
    for spend in (lambda: bank.post(bank.transfer(noor, sami, 21)), lambda: reserve(noor, 21)):
        with pytest.raises(services.InsufficientFunds) as refusal:
            spend()
        assert refusal.value.data == {"asset": "USD", "available": "0.20", "needed": "0.21"}
    assert balance(noor) == (20, 80)


def test_many_holds_are_taken_together_or_not_at_all():
    noor = rich(100)
    holds = [NewHold(new_id(), noor, "USD", 40, HoldOwner.ORDER, f"order-{number}") for number in range(3)]
    with pytest.raises(services.InsufficientFunds):
        act(services.hold, holds=holds, by=bank.BY, at=bank.AT)
    assert (balance(noor), selectors.holds([hold.id for hold in holds])) == ((100, 0), {})
    act(services.hold, holds=holds[:2], by=bank.BY, at=bank.AT)
    assert balance(noor) == (20, 80)


def test_a_hold_is_consumed_in_parts_and_never_beyond():
    noor, sami = rich(100), client()
    hold = reserve(noor, 100)
    consume(hold, sami, 60, key="fill:1")
    with pytest.raises(services.HoldExhausted) as refusal:
        consume(hold, sami, 41)
    assert (refusal.value.code, refusal.value.data["rest"]) == ("hold_exhausted", 40)
    consume(hold, sami, 40)
    assert consume(hold, sami, 60, key="fill:1")[0].repeated
    assert (rest(hold), balance(noor), balance(sami)) == (0, (0, 0), (100, 0))
    assert models.Hold.objects.get(pk=hold).state == "closed"


def test_one_hold_can_not_be_consumed_from_anothers_account_or_with_anothers_money():
    noor, sami = rich(100), rich(100)
    hold, other = reserve(noor, 50), reserve(sami, 50)
    wrong = move_held(hold=hold, source=sami, target=noor, asset="USD", amount=5)
    with pytest.raises(services.InvalidEntry):
        bank.post(Entry(EntryKind.TRANSFER, "theft", wrong))
    assert (rest(hold), rest(other)) == (50, 50)


@pytest.mark.parametrize("amount", [0, -5])
def test_a_hold_can_not_grow_by_taking_less_than_nothing(amount):
    noor, sami = rich(100), rich(100)
    hold = reserve(noor, 50)
    for verb in (
        lambda: consume(hold, sami, amount),
        lambda: act(services.release, releases=[Release(hold, amount, "r")], by=bank.BY, at=bank.AT),
        lambda: reserve(noor, amount),
    ):
        with pytest.raises(services.InvalidEntry):
            verb()


def test_a_hold_is_voided_once():
    noor, sami = rich(100), client()
    hold = reserve(noor, 80)
    assert [void(hold)[0].repeated for _ in range(2)] == [False, True]
    assert balance(noor) == (100, 0)
    with pytest.raises(services.HoldExhausted):
        consume(hold, sami, 1)
    spent = reserve(noor, 10)
    consume(spent, sami, 10)
    with pytest.raises(services.HoldClosed):
        void(spent)
    with pytest.raises(services.UnknownHold):
        void(new_id())


def test_many_are_voided_at_once_and_named_in_order():
    noor = rich(100)
    holds = [reserve(noor, 10) for _ in range(3)]
    void(holds[1])
    voided = void(*holds, holds[0])
    assert [each.business_key for each in voided] == [f"release:{hold}" for hold in [*holds, holds[0]]]
    assert [each.repeated for each in voided[:3]] == [False, True, False]
    assert balance(noor) == (100, 0)


def test_a_hold_ends_when_its_time_is_over():
    noor, sami = rich(100), client()
    hold = reserve(noor, 80, owner_type=HoldOwner.SUBSCRIPTION, expires_at=LATER)
    kept = reserve(noor, 5)
    consume(hold, sami, 30)
    assert expire(at=LATER - timedelta(seconds=1)) == []
    with pytest.raises(services.HoldExpired):
        consume(hold, sami, 1, at=LATER)
    assert [each.id for each in expire()] == [hold]
    assert (balance(noor), rest(hold), rest(kept)) == ((65, 5), 0, 5)
    assert expire() == []

    message = OutboxMessage.objects.get(type="ledger.hold_expired")
    assert message.key == "subscription:owner"
    assert message.payload == {"hold_id": str(hold), "owner_type": "subscription", "owner_id": "owner"}
    event = AuditEvent.objects.get(action="ledger.holds_expired")
    assert event.after["holds"] == 1
    with pytest.raises(services.HoldClosed):
        void(hold)


def test_expiry_goes_by_portions_the_oldest_first():
    noor = rich(100)
    holds = [reserve(noor, 10, expires_at=LATER - timedelta(minutes=number)) for number in range(3)]
    assert {each.id for each in expire(limit=2)} == {holds[2], holds[1]}
    assert [each.id for each in expire(limit=2)] == [holds[0]]
    assert [rest(hold) for hold in holds] == [0, 0, 0]


def test_the_task_expires_what_is_due_now():
    noor = rich(100)
    hold = reserve(noor, 10, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    tasks.expire_holds()
    assert rest(hold) == 0


@pytest.mark.spec("LED-5")
def test_incoming_money_can_be_traded_with_and_not_withdrawn():
    noor, sami = rich(100), client()
    act(services.mark_unsettled, amounts={noor: 70})
    seen = selectors.balances([noor])[noor]
    assert (seen.total, seen.available, seen.unsettled, seen.withdrawable) == (100, 100, 70, 30)
    with pytest.raises(services.InsufficientFunds) as refusal:
        reserve(noor, 31, owner_type=HoldOwner.WITHDRAWAL)
    assert refusal.value.data["available"] == "0.30"
    bank.post(bank.transfer(noor, sami, 90))
    assert selectors.balances([noor])[noor].withdrawable == 0
    act(services.clear_unsettled, amounts={noor: 70})
    assert selectors.balances([noor])[noor].withdrawable == 10
    reserve(noor, 10, owner_type=HoldOwner.WITHDRAWAL)


def test_no_more_is_cleared_than_was_marked():
    noor = rich(100)
    act(services.mark_unsettled, amounts={noor: 10})
    with pytest.raises(services.NothingUnsettled):
        act(services.clear_unsettled, amounts={noor: 11})
    with pytest.raises(services.InvalidTransaction):
        act(services.mark_unsettled, amounts={noor: -1})
    with pytest.raises(services.UnknownAccount):
        act(services.mark_unsettled, amounts={"client:nobody:USD": 1})
