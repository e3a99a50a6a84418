"""Whatever happens to subscriptions in whatever order, the books stay right: a machine beside a model."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.chain.types import IntentKind, IntentState
from apps.common.errors import DomainError
from apps.common.ids import new_id
from apps.ledger import selectors as ledger
from apps.ledger import services as ledger_acts
from apps.outbox.types import Message
from apps.tokens import selectors, services
from tests.factories import businesses
from tests.factories import tokens as make
from tests.factories.tokens import AT, BY

COOLING_OFF = timedelta(hours=48)
PAYMENT = timedelta(days=7)
ALLOTMENT, PRICE, CASH = 600, 10_00, 4_000_00
PICK = st.integers(0, 10**6)


@dataclass
class Modelled:
    """What should be true of an allocation."""

    id: object
    investor: int
    quantity: int
    expires: datetime
    state: str = "pending_payment"
    chain: str = "none"
    until: datetime | None = None
    waived: bool = False
    released: bool = False

    def is_firm(self, at):
        return self.state == "confirmed" and (self.waived or self.until <= at)

    def may_withdraw(self, at):
        return self.state == "confirmed" and self.chain == "none" and not self.waived and at < self.until


class Offering(RuleBasedStateMachine):
    business = None

    @initialize(soft_cap=st.sampled_from([None, 1_000_00, 3_000_00]))
    def open(self, soft_cap):
        if Offering.business is None:
            Offering.business = businesses.active()
        self.soft_cap, self.at = soft_cap, AT
        self.token = make.offered(
            make.deployed(
                make.drafted(
                    business=Offering.business,
                    total_supply=1_000,
                    soft_cap=soft_cap,
                    max_investment=3_000_00,
                )
            ),
            days=30,
        )
        self.people = [make.investor(cash=CASH) for _ in range(2)]
        self.all: list[Modelled] = []

    # what is done

    @rule(who=st.integers(0, 1), quantity=st.integers(1, 320))
    def subscribe(self, who, quantity):
        cost, counted = quantity * PRICE, ("pending_payment", "confirmed")
        taken = sum(each.quantity for each in self.all if each.state in counted)
        own = sum(each.quantity for each in self.all if each.state in counted and each.investor == who)
        possible = (
            cost >= 50_00
            and own * PRICE + cost <= 3_000_00
            and taken + quantity <= ALLOTMENT
            and cost <= self.cash(who)[0]
            and self.at < AT + timedelta(days=30)
        )
        number = new_id()
        self.tried(possible, make.subscribed, self.token, self.people[who], quantity, allocation_id=number)
        if possible:
            self.all.append(Modelled(number, who, quantity, self.at + PAYMENT))

    @rule(pick=PICK)
    def cancel(self, pick):
        if each := self.chosen(pick):
            possible = each.state == "cancelled" or (each.state == "pending_payment" and not each.released)
            self.tried(possible, make.cancel, selectors.allocation(each.id))
            if possible:
                each.state = "cancelled"

    @rule(picks=st.sets(PICK, min_size=1, max_size=3))
    def confirm_some(self, picks):
        some = {each.id: each for each in map(self.chosen, picks) if each}
        if some:
            possible = all(
                each.state == "pending_payment" and self.at < each.expires for each in some.values()
            )
            self.tried(possible, self.confirm, list(some))
            if possible:
                self.now_confirmed(some.values())

    @rule()
    def confirm_all(self):
        self.confirm("all", at=self.at)
        self.now_confirmed(
            [each for each in self.all if each.state == "pending_payment" and self.at < each.expires]
        )

    @rule(pick=PICK)
    def waive(self, pick):
        if each := self.chosen(pick):
            possible = each.waived or each.state == "pending_payment" or each.may_withdraw(self.at)
            self.tried(possible, make.waive, selectors.allocation(each.id))
            each.waived = each.waived or possible

    @rule(pick=PICK)
    def withdraw(self, pick):
        if each := self.chosen(pick):
            possible = each.state == "refunded" or each.may_withdraw(self.at)
            self.tried(possible, make.withdraw, selectors.allocation(each.id))
            if possible:
                each.state = "refunded"

    @rule()
    def queue(self):
        firm = [each for each in self.all if each.is_firm(self.at)]
        reached = sum(each.quantity for each in firm) * PRICE >= (self.soft_cap or 0)
        due = [each for each in firm if each.chain == "none" and reached]
        services.queue_due_mints(at=self.at)
        for each in due:
            each.chain = "queued"

    @rule(pick=PICK, twice=st.booleans())
    def mint(self, pick, twice):
        each = self.chosen(pick)
        if each and each.chain in ("queued", "failed"):
            for _ in range(1 + twice):
                make.chain_says(services.note_minted, IntentKind.MINT, each.id, at=self.at)
            each.chain = "minted"

    @rule(pick=PICK)
    def fail(self, pick):
        each = self.chosen(pick)
        if each and each.chain in ("queued", "failed"):
            said = {"state": IntentState.DEAD, "error": "no"}
            make.chain_says(services.note_mint_failed, IntentKind.MINT, each.id, **said, at=self.at)
            each.chain = "failed"

    @rule(pick=PICK)
    def requeue(self, pick):
        if each := self.chosen(pick):
            possible = each.chain == "failed"
            self.tried(possible, services.requeue_mint, allocation_id=each.id, by=BY)
            if possible:
                each.chain = "queued"

    @rule(hours=st.sampled_from([1, 24, 47, 48, 100]))
    def wait(self, hours):
        self.at += timedelta(hours=hours)

    @rule(late=st.booleans())
    def expire(self, late):
        for hold in ledger_acts.expire_holds(by=BY, at=self.at):
            each = next((each for each in self.all if each.id == hold.id), None)
            if each is None:
                continue  # of another run
            each.released = True
            if not late:  # else the message is still on its way
                named = {"hold_id": str(hold.id), "owner_type": "subscription", "owner_id": hold.owner_id}
                message = Message(1, "ledger.hold_expired", hold.owner_id, named, self.at, self.at)
                for _ in range(2):
                    make.deliver(services.note_hold_expired, message)
                each.state = "expired"

    # how it is tried and looked up

    def tried(self, possible, verb, *arguments, **named):
        try:
            verb(*arguments, **named, at=self.at)
        except DomainError as error:
            refusal = error.code
        else:
            refusal = ""
        assert (not refusal) is possible, refusal

    def confirm(self, ids, *, at):
        services.confirm_payment(token_id=self.token.id, allocation_ids=ids, by=BY, at=at)

    def now_confirmed(self, some):
        for each in some:
            each.state, each.until = "confirmed", self.at + COOLING_OFF

    def chosen(self, pick):
        return self.all[pick % len(self.all)] if self.all else None

    def cash(self, who):
        spent = sum(e.quantity for e in self.all if e.investor == who and e.state == "confirmed")
        held = sum(
            e.quantity
            for e in self.all
            if e.investor == who and e.state == "pending_payment" and not e.released
        )
        return CASH - (spent + held) * PRICE, held * PRICE

    # what is always true

    @invariant()
    def the_token_counts_right(self):
        if not hasattr(self, "token"):
            return
        token = selectors.token(self.token.id)
        units = dict.fromkeys(("pending_payment", "confirmed"), 0)
        for each in self.all:
            if each.state in units:
                units[each.state] += each.quantity
        assert token.tokens_reserved == units["pending_payment"]
        assert token.tokens_sold == units["confirmed"]
        assert token.total_raised == units["confirmed"] * PRICE
        assert token.tokens_sold + token.tokens_reserved <= token.primary_allotment == ALLOTMENT
        escrow = f"issuer:{token.business_id}:escrow:{token.id}:USD"
        assert ledger.balances([escrow])[escrow].total == token.total_raised

    @invariant()
    def everybody_has_what_they_should(self):
        for who, account in enumerate(getattr(self, "people", ())):
            found = {each.account.asset: each for each in ledger.balances_of(str(account.id))}
            assert (found["USD"].available, found["USD"].held) == self.cash(who)
            own = [e for e in self.all if e.investor == who and e.state == "confirmed"]
            units = found.get(self.token.terms.symbol)
            assert (units.total if units else 0) == sum(e.quantity for e in own)
            unsettled = sum(e.quantity for e in own if e.chain != "minted")
            assert (units.unsettled if units else 0) == unsettled

    @invariant()
    def every_state_is_as_the_model_says(self):
        for each in getattr(self, "all", ()):
            found = selectors.allocation(each.id)
            assert (found.status, found.on_chain_status) == (each.state, each.chain)


@pytest.mark.spec("OFR-1", "OFR-2", "LED-2", "LED-5")
@pytest.mark.django_db(transaction=True)
def test_the_books_stay_right_whatever_happens():
    Offering.business = None
    run_state_machine_as_test(
        Offering,
        settings=settings(
            max_examples=8,
            stateful_step_count=30,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a run is long enough to read as it is, and too long to shrink
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert ledger.verify().findings == ()
    assert not any(each.balances or each.postings for each in ledger.sums())
