"""Two at once: nothing is sold, booked, given back or asked for twice, and nobody waits for ever."""

import pytest
from django.db import transaction

from apps.businesses import selectors as of_businesses
from apps.chain.models import Intent
from apps.chain.types import IntentKind
from apps.common.errors import DomainError
from apps.common.ids import new_id
from apps.ledger import selectors as ledger
from apps.ledger import services as ledger_acts
from apps.outbox.types import Message
from apps.tokens import models, selectors, services
from tests.factories import businesses
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.tokens import AT, BY
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def refused(results):
    return sorted(result.code for result in results if isinstance(result, DomainError))


def subscribing(token, account, quantity, number=None):
    number = number or new_id()
    return lambda: make.subscribed(token, account, quantity, allocation_id=number)


def confirming(token, ids):
    return lambda: services.confirm_payment(token_id=token.id, allocation_ids=ids, by=BY, at=AT)


def right(token):
    """Check that a token's counters are those of its allocations, and the whole ledger."""
    token = selectors.token(token.id)
    rows = models.Allocation.objects.filter(token=token.id)
    assert token.tokens_sold == sum(row.quantity for row in rows if row.status == "confirmed")
    assert token.tokens_reserved == sum(row.quantity for row in rows if row.status == "pending_payment")
    assert ledger.verify().findings == ()
    return token


@pytest.mark.spec("OFR-1")
def test_two_subscribe_the_last_units_and_one_of_them_gets_them():
    token = make.offered(total_supply=1_000)
    people = [make.investor() for _ in range(4)]
    results = at_once(*(subscribing(token, each, 400) for each in people))
    assert refused(results) == ["sold_out"] * 3
    assert right(token).tokens_reserved == 400
    results = at_once(*(subscribing(token, each, 200) for each in people))
    assert refused(results) == ["sold_out"] * 3
    assert right(token).remaining == 0


@pytest.mark.spec("OFR-1")
def test_one_investor_twice_at_once_stays_within_their_money_and_maximum():
    token, noor = make.offered(max_investment=1_500_00), make.investor(cash=5_000_00)
    results = at_once(subscribing(token, noor, 100), subscribing(token, noor, 100))
    assert refused(results) == ["above_maximum"]
    omar, free = make.investor(cash=1_500_00), make.offered()
    results = at_once(subscribing(token, omar, 100), subscribing(free, omar, 100))
    assert refused(results) == ["insufficient_funds"]
    right(token)
    right(free)


def test_the_same_subscription_sent_four_times_is_one():
    token, noor, number = make.offered(), make.investor(), new_id()
    results = at_once(*[subscribing(token, noor, 100, number)] * 4)
    assert {result.id for result in results} == {number}
    assert right(token).tokens_reserved == 100
    assert bank.balance(f"client:{noor.id}:USD")[1] == 1_000_00
    with pytest.raises(services.AllocationTaken):
        make.subscribed(token, noor, 99, allocation_id=number)


@pytest.mark.spec("OFR-2")
@pytest.mark.parametrize("_", range(3))
def test_confirm_and_cancel_at_once_end_in_one_way(_):
    token, noor = make.offered(), make.investor(cash=1_000_00)
    allocation = make.subscribed(token, noor, 100)
    results = at_once(confirming(token, [allocation.id]), lambda: make.cancel(allocation))
    assert refused(results) == ["invalid_transition"]
    sold = right(token).tokens_sold
    assert (sold, bank.balance(f"client:{noor.id}:USD")) in [(100, (0, 0)), (0, (1_000_00, 0))]


@pytest.mark.spec("OFR-2")
def test_the_same_payments_confirmed_by_four_at_once_are_booked_once():
    token = make.offered()
    ids = [make.subscribed(token, quantity=10).id for _ in range(5)]
    results = at_once(*[confirming(token, ids)] * 2, *[confirming(token, "all")] * 2)
    confirmed = [len(result.confirmed) for result in results if not isinstance(result, DomainError)]
    assert sum(confirmed) == 5
    assert set(refused(results)) <= {"invalid_transition"}
    assert right(token).total_raised == 50 * 10_00


@pytest.mark.spec("OFR-1", "OFR-2")
def test_subscribing_cancelling_and_confirming_among_many_never_fails():
    token, other = make.offered(), make.offered()
    people = [make.investor() for _ in range(3)]

    def busy(account, first, second):
        def run():
            for _ in range(4):
                one, two = (make.subscribed(each, account, 10) for each in (first, second))
                make.cancel(one)
                confirming(second, [two.id])()
                make.waive(two)
                services.queue_due_mints(at=AT)
            return "done"

        return run

    pairs = [(token, other), (other, token), (token, other)]
    results = at_once(*(busy(each, *pair) for each, pair in zip(people, pairs, strict=True)))
    assert results == ["done"] * 3
    assert right(token).tokens_sold + right(other).tokens_sold == 120
    services.queue_due_mints(at=AT)
    assert Intent.objects.filter(kind=IntentKind.MINT).count() == 12


@pytest.mark.spec("OFR-3")
def test_withdrawing_and_minting_at_once_end_in_one_way():
    token, noor = make.offered(), make.investor(cash=1_000_00)
    allocation = make.confirmed(token, noor, 100)
    end = allocation.cooling_off_until

    def withdraw():
        return make.withdraw(allocation)

    results = at_once(withdraw, withdraw, lambda: services.queue_due_mints(at=end))
    assert set(refused(results)) <= {"no_cooling_off"}
    found = selectors.allocation(allocation.id)
    assert (found.status, found.on_chain_status) in [("refunded", "none"), ("confirmed", "queued")]
    cash, _ = bank.balance(f"client:{noor.id}:USD")
    assert (cash == 1_000_00) is (found.status == "refunded")
    assert Intent.objects.filter(subject=allocation.id).count() == (found.status == "confirmed")
    right(token)


def test_two_queue_at_once_and_each_mint_is_asked_for_once():
    token = make.offered()
    for _ in range(6):
        make.waive(make.confirmed(token, quantity=10))
    counts = at_once(*[lambda: services.queue_due_mints(at=AT)] * 3)
    counts.append(services.queue_due_mints(at=AT))
    assert sum(counts) == 6
    assert Intent.objects.filter(kind=IntentKind.MINT).count() == 6


def test_a_busy_token_does_not_keep_others_from_being_minted():
    busy, free = make.offered(), make.offered()
    for each in (busy, free):
        make.waive(make.confirmed(each))
    locked = [None]

    def look():
        with transaction.atomic():
            models.Token.objects.select_for_update().get(pk=busy.id)
            (locked[0],) = at_once(lambda: services.queue_due_mints(at=AT))

    look()
    assert locked == [1]
    assert services.queue_due_mints(at=AT) == 1


def test_expiry_and_confirmation_at_once_end_in_one_way():
    token, noor = make.offered(), make.investor(cash=1_000_00)
    allocation = make.subscribed(token, noor, 100)
    named = {"hold_id": str(allocation.id), "owner_type": "subscription", "owner_id": str(allocation.id)}
    message = Message(1, "ledger.hold_expired", "x", named, AT, AT)

    def expire():
        if ledger_acts.expire_holds(by=BY, at=allocation.expires_at):
            make.deliver(services.note_hold_expired, message)

    results = at_once(expire, confirming(token, [allocation.id]))
    assert set(refused(results)) <= {"hold_exhausted", "invalid_transition"}
    expire()
    found = selectors.allocation(allocation.id)
    assert (found.status == "expired") is (bank.balance(f"client:{noor.id}:USD")[0] == 1_000_00)
    right(token)


def test_two_draft_the_same_symbol_and_one_of_them_has_it():
    one, two = businesses.active(), businesses.active()
    drafting = [lambda each=each: make.drafted(business=each, symbol="SAME") for each in (one, two)]
    results = at_once(*drafting)
    assert refused(results) == ["symbol_taken"]
    number = new_id()
    again = [lambda: make.drafted(business=one, token_id=number, symbol="TWICE")] * 3
    assert {result.id for result in at_once(*again)} == {number}


def owner_of(token):
    return of_businesses.owner(token.business_id)


def test_two_change_a_draft_and_two_deploy_it():
    token = make.drafted()
    owner = owner_of(token)
    change = lambda price: services.update_token(  # noqa: E731
        token_id=token.id,
        terms=make.terms(symbol=token.terms.symbol, price_per_token=price),
        version=1,
        user_id=owner,
        by=BY,
        at=AT,
    )
    assert refused(at_once(lambda: change(1), lambda: change(2))) == ["stale_version"]
    deploy = lambda: services.deploy(token_id=token.id, by=BY, at=AT)  # noqa: E731
    versions = [each.version for each in at_once(deploy, deploy, deploy)]
    assert versions == [3, 3, 3]
    assert Intent.objects.filter(kind=IntentKind.SUITE, subject=token.id).count() == 1


@pytest.mark.parametrize("verb", ["subscribe", "confirm", "withdraw"])
def test_killed_in_the_middle_nothing_has_happened(verb, monkeypatch):
    token, noor = make.offered(), make.investor(cash=2_000_00)
    allocation = make.confirmed(token, noor, 50) if verb == "withdraw" else make.subscribed(token, noor, 50)
    acts = {
        "subscribe": subscribing(token, noor, 50),
        "confirm": confirming(token, "all"),
        "withdraw": lambda: make.withdraw(allocation),
    }
    before = (bank.balance(f"client:{noor.id}:USD"), right(token))

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("apps.outbox.services.rows", killed)
        with pytest.raises(KeyboardInterrupt):
            acts[verb]()
    assert (bank.balance(f"client:{noor.id}:USD"), right(token)) == before
    acts[verb]()
    assert (bank.balance(f"client:{noor.id}:USD"), right(token)) != before
