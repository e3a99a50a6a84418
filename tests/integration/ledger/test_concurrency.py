"""Two at once, and eight: nothing is done twice, nobody waits for ever, no cent is lost."""

import random
import threading
from datetime import timedelta

import pytest
from django.db import transaction

from apps.common.db import opens_transaction
from apps.common.ids import new_id
from apps.ledger import models, selectors, services
from apps.ledger.types import (
    AccountKind,
    AccountSpec,
    EntryKind,
    HeldTransfer,
    HoldOwner,
    NewHold,
    TransactionStatus,
)
from tests.factories import ledger as bank
from tests.factories.ledger import act, balance, client, reserve, rest, rich
from tests.threads import at_once, refusals

pytestmark = pytest.mark.django_db(transaction=True)


def outer(verb, **arguments):
    """Return an act that calls an inner verb in a transaction, without a second try after a deadlock."""
    return lambda: act(verb, **arguments, by=bank.BY, at=bank.AT)


@pytest.mark.spec("LED-4")
@pytest.mark.parametrize("_", range(5))
def test_two_consume_the_same_hold_and_one_of_them_gets_it(_):
    noor, sami, omar = rich(100), client(), client()
    hold = reserve(noor, 100)
    takers = [HeldTransfer(hold, to, 70, EntryKind.TRANSFER, f"take:{to}") for to in (sami, omar)]
    results = at_once(*(outer(services.post_held, transfers=[taker]) for taker in takers))
    assert refusals(results) == ["hold_exhausted"]
    assert (balance(noor), rest(hold)) == ((0, 30), 30)
    assert sorted([balance(sami)[0], balance(omar)[0]]) == [0, 70]


@pytest.mark.spec("LED-4")
@pytest.mark.parametrize("_", range(5))
def test_a_hold_is_voided_or_consumed_never_both(_):
    noor, sami = rich(100), client()
    hold = reserve(noor, 100)
    taker = HeldTransfer(hold, sami, 100, EntryKind.TRANSFER, f"take:{hold}")
    results = at_once(outer(services.void, holds=[hold]), outer(services.post_held, transfers=[taker]))
    assert refusals(results) in (["hold_exhausted"], ["hold_closed"])
    assert rest(hold) == 0
    assert balance(noor)[0] + balance(sami)[0] == 100


@pytest.mark.spec("LED-4")
def test_four_void_the_same_hold_and_it_comes_back_once():
    noor = rich(100)
    hold = reserve(noor, 100)
    results = at_once(*[outer(services.void, holds=[hold])] * 4)
    assert sorted(result[0].repeated for result in results) == [False, True, True, True]
    assert balance(noor) == (100, 0)


def test_the_same_fact_sent_by_four_at_once_is_posted_once():
    noor, sami = rich(100), client()
    entry = bank.transfer(noor, sami, 60, key="once")
    results = at_once(*[outer(services.post, entries=[entry])] * 4)
    assert sorted(result[0].repeated for result in results) == [False, True, True, True]
    assert len({result[0].entry for result in results}) == 1
    assert balance(sami) == (60, 0)


def test_the_same_hold_taken_by_four_at_once_is_taken_once():
    noor = rich(100)
    new = NewHold(new_id(), noor, "USD", 60, HoldOwner.ORDER, "order-1")
    results = at_once(*[outer(services.hold, holds=[new])] * 4)
    assert refusals(results) == []
    assert balance(noor) == (40, 60)


def test_different_facts_under_one_key_at_once_are_one_fact_and_one_refusal():
    givers = [(rich(100), client()) for _ in range(2)]
    entries = [bank.transfer(source, target, 60, key="once") for source, target in givers]
    results = at_once(*(outer(services.post, entries=[entry]) for entry in entries))
    assert refusals(results) == ["business_key_reused"]
    assert sorted(balance(target)[0] for _, target in givers) == [0, 60]


@pytest.mark.spec("LED-2")
def test_two_spend_the_last_money_and_one_of_them_can():
    noor, sami, omar = rich(100), client(), client()
    entries = [bank.transfer(noor, to, 60) for to in (sami, omar)]
    results = at_once(*(outer(services.post, entries=[entry]) for entry in entries))
    assert refusals(results) == ["insufficient_funds"]
    assert balance(noor) == (40, 0)


@pytest.mark.spec("LED-2")
def test_eight_threads_among_four_accounts_never_fail_and_lose_nothing():
    accounts = [rich(1_000) for _ in range(4)]

    def business(seed):
        choose = random.Random(seed)
        for _ in range(12):
            batch = []
            for _ in range(choose.randint(1, 4)):
                source, target = choose.sample(accounts, 2)
                batch.append(bank.transfer(source, target, choose.randint(1, 20)))
            outer(services.post, entries=batch)()
            source, target = choose.sample(accounts, 2)
            new = NewHold(new_id(), source, "USD", choose.randint(2, 9), HoldOwner.ORDER, "o")
            outer(services.hold, holds=[new])()
            taker = HeldTransfer(new.id, target, 1, EntryKind.TRANSFER, f"t:{new.id}")
            outer(services.post_held, transfers=[taker])()
            outer(services.void, holds=[new.id])()
        return "done"

    results = at_once(*(lambda seed=seed: business(seed) for seed in range(8)))
    assert results == ["done"] * 8
    assert sum(balance(account)[0] for account in accounts) == 4_000
    assert [balance(account)[1] for account in accounts] == [0] * 4
    assert selectors.verify().findings == ()


def test_a_transaction_that_posts_twice_locks_first_and_is_safe():
    one, two = rich(1_000), rich(1_000)

    def back_and_forth(first, second):
        @transaction.atomic
        def verb():
            services.lock_balances(accounts=[one, two])
            services.post(entries=[bank.transfer(first, second, 1)], by=bank.BY, at=bank.AT)
            services.post(entries=[bank.transfer(second, first, 1)], by=bank.BY, at=bank.AT)

        for _ in range(15):
            verb()

    at_once(lambda: back_and_forth(one, two), lambda: back_and_forth(two, one))
    assert (balance(one), balance(two)) == ((1_000, 0), (1_000, 0))


@pytest.mark.spec("LED-1")
def test_an_account_opened_by_four_at_once_is_one_account():
    specs = [AccountSpec(AccountKind.CLIENT, "USD", f"new{number}") for number in range(5)]
    opening = [
        lambda order=order: act(services.open_accounts, accounts=random.Random(order).sample(specs, 5))
        for order in range(4)
    ]
    results = at_once(*opening)
    assert all(result == results[0] for result in results)
    assert models.Account.objects.filter(owner__startswith="new").count() == 5
    assert selectors.verify().findings == ()


@pytest.mark.spec("LED-4")
def test_two_sweepers_expire_each_hold_once_and_pass_by_what_is_busy():
    later = bank.AT + timedelta(hours=1)
    accounts = [rich(100) for _ in range(6)]
    holds = {reserve(account, 50, expires_at=later) for account in accounts}

    def sweep():
        return {hold.id for hold in services.expire_holds(by=bank.BY, at=later)}

    first, second = at_once(sweep, sweep)
    assert not first & second
    assert first | second | sweep() == holds
    assert [balance(account) for account in accounts] == [(100, 0)] * 6


@pytest.mark.spec("LED-4")
def test_a_sweeper_does_not_wait_for_an_account_that_is_busy():
    later = bank.AT + timedelta(hours=1)
    busy, free = rich(100), rich(100)
    kept, gone = (reserve(account, 50, expires_at=later) for account in (busy, free))
    locked, swept = threading.Event(), threading.Event()

    @opens_transaction
    def hold_it():
        services.lock_balances(accounts=[busy])
        locked.set()
        assert swept.wait(10)

    def sweep():
        assert locked.wait(10)
        found = services.expire_holds(by=bank.BY, at=later)
        swept.set()
        return [hold.id for hold in found]

    assert at_once(hold_it, sweep) == [None, [gone]]
    assert rest(kept) == 50


@pytest.mark.spec("LED-5")
def test_a_wallet_transaction_ends_in_one_way():
    noor = client()
    line = bank.line(noor)
    ends = [TransactionStatus.COMPLETED, TransactionStatus.CANCELLED]
    closing = [
        opens_transaction(lambda end=end: services.close_transactions(ids=[line], status=end, at=bank.AT))
        for end in ends
    ]
    results = at_once(*closing)
    assert refusals(results) == ["invalid_transition"]
    assert models.WalletTransaction.objects.get(pk=line).status in {str(end) for end in ends}


def test_what_was_rolled_back_can_be_posted_again():
    noor, sami = rich(100), client()
    entry = bank.transfer(noor, sami, 60, key="again")

    @opens_transaction
    def killed():
        services.post(entries=[entry], by=bank.BY, at=bank.AT)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert balance(noor) == (100, 0)
    assert not act(services.post, entries=[entry], by=bank.BY, at=bank.AT)[0].repeated
    assert balance(sami) == (60, 0)
