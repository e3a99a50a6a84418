"""The ledger beside a naive twin: random business, and after every step both say the same."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from apps.common.errors import DomainError
from apps.common.ids import new_id
from apps.ledger import selectors, services
from apps.ledger.types import Entry, EntryKind, HeldTransfer, HoldOwner, NewHold, Posting, Release
from tests.factories import ledger as bank
from tests.factories.ledger import act, client

SOON = bank.AT + timedelta(hours=1)
amounts = st.integers(1, 60)
who = st.integers(0, 3)


class Business(RuleBasedStateMachine):
    """Four clients, a bank and two dictionaries that know everything."""

    holds = Bundle("holds")

    def __init__(self):
        super().__init__()
        self.clients = [client() for _ in range(4)]
        self.available = dict.fromkeys(self.clients, 0)
        self.rest = {}  # hold -> (account, what is left)
        self.expiring = set()
        self.last = None

    def does(self, allowed, verb, **arguments):
        """Call a verb, which must do what it is asked if and only if it is allowed; tell whether it did."""
        if allowed:
            act(verb, by=bank.BY, at=bank.AT, **arguments)
            self.last = (verb, arguments)
            return True
        with pytest.raises(DomainError) as refusal:
            act(verb, by=bank.BY, at=bank.AT, **arguments)
        assert refusal.value.code in {"insufficient_funds", "hold_exhausted", "hold_closed"}
        return False

    @rule(to=who, amount=amounts)
    def deposit(self, to, amount):
        entry = bank.transfer(bank.BANK, self.clients[to], amount, kind=EntryKind.DEPOSIT)
        act(services.post, entries=[entry], by=bank.BY, at=bank.AT)
        self.last = (services.post, {"entries": [entry]})
        self.available[self.clients[to]] += amount

    @rule(lines=st.lists(st.tuples(who, st.integers(-60, 60).filter(bool)), min_size=1, max_size=5))
    def post(self, lines):
        """An entry of any shape among clients; the first one balances it."""
        changes = [(self.clients[number], amount) for number, amount in lines]
        changes.append((self.clients[0], -sum(amount for _, amount in changes)))
        wanted = dict(self.available)
        for account, amount in changes:
            wanted[account] += amount
        postings = tuple(Posting(account, "USD", amount) for account, amount in changes if amount)
        entry = Entry(EntryKind.TRANSFER, f"model:{new_id()}", postings)
        allowed = all(
            wanted[account] >= 0 or wanted[account] >= self.available[account] for account in self.clients
        )
        if self.does(allowed, services.post, entries=[entry]):
            self.available = wanted

    @rule(target=holds, on=who, amount=amounts, expires=st.booleans())
    def hold(self, on, amount, expires):
        account = self.clients[on]
        new = NewHold(new_id(), account, "USD", amount, HoldOwner.ORDER, "o", SOON if expires else None)
        if self.does(self.available[account] >= amount, services.hold, holds=[new]):
            self.available[account] -= amount
            self.rest[new.id] = [account, amount]
            self.expiring |= {new.id} if expires else set()
            return new.id
        return None

    @rule(hold=holds, to=who, amount=amounts)
    def consume(self, hold, to, amount):
        if hold is None:
            return
        wanted = HeldTransfer(hold, self.clients[to], amount, EntryKind.TRANSFER, f"model:{new_id()}")
        if self.does(self.rest[hold][1] >= amount, services.post_held, transfers=[wanted]):
            self.rest[hold][1] -= amount
            self.available[self.clients[to]] += amount

    @rule(hold=holds, amount=amounts)
    def release(self, hold, amount):
        if hold is None:
            return
        wanted = Release(hold, amount, f"model:{new_id()}")
        if self.does(self.rest[hold][1] >= amount, services.release, releases=[wanted]):
            self.rest[hold][1] -= amount
            self.available[self.rest[hold][0]] += amount

    @rule(hold=consumes(holds))
    def void(self, hold):
        if hold is not None and self.does(self.rest[hold][1] > 0, services.void, holds=[hold]):
            self.available[self.rest[hold][0]] += self.rest[hold][1]
            self.rest[hold][1] = 0

    @rule()
    def expire(self):
        expired = services.expire_holds(by=bank.BY, at=SOON)
        expired = [hold for hold in expired if hold.id in self.rest]  # earlier examples left some too
        assert {hold.id for hold in expired} == {hold for hold in self.expiring if self.rest[hold][1]}
        for hold in expired:
            account, left = self.rest[hold.id]
            assert hold.rest == left
            self.available[account] += left
            self.rest[hold.id][1] = 0

    @rule()
    def repeat(self):
        """Whatever was done last is sent again and changes nothing."""
        if self.last:
            verb, arguments = self.last
            assert all(posted.repeated for posted in act(verb, by=bank.BY, at=bank.AT, **arguments))

    @invariant()
    def both_say_the_same(self):
        found = selectors.balances(self.clients)
        held = dict.fromkeys(self.clients, 0)
        for account, left in self.rest.values():
            held[account] += left
        for account in self.clients:
            assert (found[account].available, found[account].held) == (self.available[account], held[account])
        rests = {number: hold.rest for number, hold in selectors.holds(self.rest).items()}
        assert rests == {number: left for number, (_, left) in self.rest.items()}

    def teardown(self):
        assert all(not each.balances and not each.postings for each in selectors.sums())


@pytest.mark.django_db
@pytest.mark.spec("LED-2", "LED-4")
def test_random_business_is_what_a_naive_twin_says():
    run_state_machine_as_test(
        Business,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
