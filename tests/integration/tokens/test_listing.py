"""The go-live to the cent: what is checked before, who gets what, and what is told."""

from datetime import timedelta

import pytest

from apps.audit.models import AuditEvent
from apps.businesses import selectors as of_businesses
from apps.businesses.types import BusinessStatus
from apps.chain.models import Holder, Intent
from apps.chain.types import IntentKind, IntentState
from apps.common.errors import DomainError
from apps.ledger import selectors as ledger
from apps.ledger import services as ledger_acts
from apps.ledger.types import AccountKind, AccountSpec
from apps.outbox.models import OutboxMessage
from apps.parameters import services as parameters
from apps.tokens import models, selectors, services
from apps.tokens.types import LOCK_UP_DAYS, SUCCESS_FEE, TREASURY
from tests.factories import businesses
from tests.factories import ledger as bank
from tests.factories import tokens as make
from tests.factories.tokens import AT, BY
from tests.threads import at_once

LATER = AT + timedelta(days=3)


def listed(token, *, at=LATER, **steps):
    return services.enable_secondary(token_id=token.id, **steps, by=BY, at=at)


def sold(quantity=100, **changes):
    """Make a token whose offering is open and of which some is sold and minted."""
    token = make.offered(**changes)
    make.minted(token, quantity=quantity)
    return selectors.token(token.id)


def total(address):
    return sum(bank.balance(address))


def messages(token, type_):
    return [row.payload for row in OutboxMessage.objects.filter(key=str(token.id), type=type_)]


def refusal(token, *, at=LATER, **steps):
    """Return why a token isn't listed, and see that nothing was changed by the attempt."""
    before = selectors.token(token.id)
    with pytest.raises(DomainError) as error:
        listed(token, at=at, **steps)
    assert selectors.token(token.id) == before
    assert not Intent.objects.filter(kind=IntentKind.MARKET).exists()
    assert not messages(token, "token.listed")
    return error.value


# -- what it does


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("TOK-5", "TOK-9", "OFR-3", "TOK-2")
def test_the_raise_is_paid_out_and_the_supply_handed_out_to_the_cent():
    token = sold(quantity=1_234, platform_bps=400)  # 12,340.00 USD
    owner = of_businesses.owner(token.business_id)
    done = listed(token)
    assert (done.status, done.trading_mode) == ("secondary", "full_orderbook")
    assert (done.listed_at, done.primary_end) == (LATER, LATER)
    assert (done.total_raised, done.success_fee, done.paid_out) == (12_340_00, 246_80, 12_093_20)
    assert total(f"issuer:{token.business_id}:escrow:{token.id}:USD") == 0
    assert total("platform:fees:USD") == 246_80
    assert total(f"issuer:{token.business_id}:USD") == 12_093_20
    symbol = token.terms.symbol
    assert bank.balance(f"platform:treasury:{symbol}") == (400, 0)
    assert bank.balance(f"client:{owner}:{symbol}") == (0, 1_500 + 2_100)
    assert selectors.outstanding(done) == 1_234 + 400 + 1_500 + 2_100
    granted = {each.allocation_type: each for each in selectors.granted(token.id)}
    assert {kind: each.quantity for kind, each in granted.items()} == {
        "platform": 400,
        "team": 1_500,
        "reserve": 2_100,
    }
    assert {each.investor_id for each in granted.values()} == {TREASURY, owner}
    assert granted["team"].locked_until == LATER + timedelta(days=365)
    assert granted["platform"].locked_until is None
    last = selectors.history(token.id)[-1]
    assert (last.before, last.after, last.at) == ("primary", "secondary", LATER)
    assert messages(token, "token.listed") == [
        {"token_id": str(token.id), "business_id": str(token.business_id), "tick": 1, "lot": 1}
    ]
    assert AuditEvent.objects.filter(action="tokens.listed", target_id=str(token.id)).count() == 1
    market = Intent.objects.get(kind=IntentKind.MARKET)
    assert (market.arguments["token_id"], market.arguments["open"]) == (str(token.id), True)
    assert set(Holder.objects.values_list("owner", flat=True)) >= {TREASURY, owner}
    assert ledger.verify().findings == ()


@pytest.mark.django_db
@pytest.mark.spec("OFR-3")
@pytest.mark.parametrize(
    ("price", "quantity", "fee"),
    [(25, 1, 0), (75, 1, 2), (1_25, 1, 2), (1_75, 1, 4), (33_33, 7, 4_67), (1, 1, 0)],
)
def test_the_fee_is_rounded_half_to_even_and_nothing_is_lost(price, quantity, fee):
    token = sold(quantity, price_per_token=price, min_investment=0)
    done = listed(token)
    assert (done.success_fee, done.paid_out) == (fee, price * quantity - fee)
    assert total("platform:fees:USD") == fee
    assert total(f"issuer:{token.business_id}:USD") == price * quantity - fee


@pytest.mark.django_db(transaction=True)
def test_both_numbers_are_parameters():
    token = sold(quantity=100)
    for name, value in ((SUCCESS_FEE.name, 0), (LOCK_UP_DAYS.name, 0)):
        parameters.change(name=name, value=value, version=0, reason="tests", by=BY, at=AT)
    done = listed(token)
    assert (done.success_fee, done.paid_out) == (0, 1_000_00)
    owner = of_businesses.owner(token.business_id)
    assert bank.balance(f"client:{owner}:{token.terms.symbol}") == (3_750, 0)
    assert ledger.verify().findings == ()


@pytest.mark.django_db(transaction=True)
def test_shares_of_nothing_make_no_allocation_and_a_raise_of_nothing_no_entry():
    business = businesses.active(platform_allocation_bps=0)
    everything = sold(100, business=business, primary_bps=10_000, team_bps=0, reserve_bps=0)
    assert selectors.granted(listed(everything).id) == []
    nothing = listed(make.offered())
    assert (nothing.success_fee, nothing.paid_out) == (0, 0)
    assert ledger.verify().findings == ()


@pytest.mark.django_db(transaction=True)
def test_what_is_locked_up_is_free_when_its_time_is_over_and_not_before():
    token = sold()
    listed(token)
    own = f"client:{of_businesses.owner(token.business_id)}:{token.terms.symbol}"
    end = LATER + timedelta(days=365)
    ledger_acts.expire_holds(by=BY, at=end - timedelta(seconds=1))
    assert bank.balance(own)[0] == 0
    ledger_acts.expire_holds(by=BY, at=end)
    assert bank.balance(own) == (3_750, 0)
    assert ledger.verify().findings == ()


@pytest.mark.django_db
@pytest.mark.spec("TOK-5")
def test_what_was_handed_out_is_minted_on_the_usual_way_and_agrees_with_the_chain():
    token = sold()
    listed(token)
    waiting = {line.owner: line.awaiting_mint for line in selectors.register(token.id)}
    assert waiting[TREASURY] == 250
    assert services.queue_due_mints(at=LATER) == 3
    for each in selectors.granted(token.id):
        make.chain_says(services.note_minted, IntentKind.MINT, each.id, at=LATER)
    assert {each.on_chain_status for each in selectors.granted(token.id)} == {"minted"}
    treasury = f"platform:treasury:{token.terms.symbol}"
    assert ledger.balances([treasury])[treasury].unsettled == 0
    lines = {line.owner: line for line in selectors.register(token.id)}
    assert lines[TREASURY].ledger_units == 250
    counts = selectors.progress(token.id)
    assert (counts.investors, counts.confirmed, counts.minted) == (1, 1, 1)


# -- what is checked


@pytest.mark.django_db
@pytest.mark.spec("TOK-2")
def test_only_what_is_offered_comes_to_the_market():
    assert refusal(make.drafted()).code == "not_primary"
    assert refusal(make.deployed()).code == "not_primary"
    soon = make.offered(at=AT)
    assert refusal(soon, at=AT).code == "not_primary"
    token = sold()
    listed(token)
    for _ in range(2):
        with pytest.raises(DomainError) as error:
            listed(token)
        assert error.value.code == "not_primary"
        services.pause(token_id=token.id, reason="a look", by=BY, at=LATER) if _ == 0 else None
    assert models.Allocation.objects.filter(token=token.id).count() == 4


@pytest.mark.django_db
@pytest.mark.spec("TOK-2")
def test_a_payment_that_waits_holds_it_up():
    token = sold()
    allocation = make.subscribed(token)
    found = refusal(token)
    assert (found.code, found.data["pending"], bool(found.next_step)) == ("payments_pending", 1, True)
    make.cancel(allocation)
    assert listed(token).status == "secondary"


@pytest.mark.django_db
@pytest.mark.spec("TOK-2", "TOK-5")
@pytest.mark.parametrize("reach", [make.confirmed, make.queued])
def test_a_mint_that_is_not_done_holds_it_up(reach):
    token = make.offered()
    reach(token)
    found = refusal(token)
    assert (found.code, found.data["unfinished"], found.data["failed"]) == ("mints_unfinished", 1, 0)


@pytest.mark.django_db
@pytest.mark.spec("TOK-2", "TOK-5")
def test_a_failed_mint_holds_it_up():
    token = make.offered()
    allocation = make.queued(token)
    handler = services.note_mint_failed
    make.chain_says(handler, IntentKind.MINT, allocation.id, state=IntentState.DEAD, error="no")
    found = refusal(token)
    assert (found.code, found.data["failed"]) == ("mints_unfinished", 1)


@pytest.mark.django_db
@pytest.mark.spec("OFR-3")
def test_below_its_soft_cap_nothing_comes_to_the_market():
    token = make.offered(soft_cap=2_000_00)
    assert refusal(token).code == "soft_cap_missed"
    make.queued(token, quantity=150)
    found = refusal(token)
    assert (found.code, found.data) == ("soft_cap_missed", {"raised": "1500.00", "soft_cap": "2000.00"})
    make.queued(token, quantity=50)
    assert refusal(token).code == "mints_unfinished"
    services.queue_due_mints(at=AT)
    for row in models.Allocation.objects.filter(token=token.id):
        make.chain_says(services.note_minted, IntentKind.MINT, row.pk)
    assert listed(token).total_raised == 2_000_00


@pytest.mark.django_db
def test_a_suspended_business_waits():
    token = sold()
    businesses.decided(of_businesses.business(token.business_id), BusinessStatus.SUSPENDED)
    assert refusal(token).code == "business_not_active"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ({"tick": 0}, "tick"),
        ({"tick": -1}, "tick"),
        ({"tick": 2**63}, "tick"),
        ({"lot": 0}, "lot"),
        ({"lot": -100}, "lot"),
        ({"lot": 1_000_001}, "lot"),
        ({"tick": 1, "lot": 50}, "lot"),
        ({"tick": 3, "lot": 99}, "lot"),
    ],
)
def test_steps_that_cost_no_whole_money_are_refused(steps, field):
    token = sold(quantity=100_00, decimals=2, total_supply=1_000_000)
    found = refusal(token, **steps)
    assert (found.code, list(found.fields)) == ("invalid_steps", [field])


@pytest.mark.django_db
def test_the_steps_are_told_in_the_smallest_units():
    token = sold(quantity=100_00, decimals=2, total_supply=1_000_000)
    listed(token, tick=10, lot=10)
    (told,) = messages(token, "token.listed")
    assert (told["tick"], told["lot"]) == (10, 10)
    other = sold(quantity=100_00, decimals=2, total_supply=1_000_000)
    listed(other)
    (told,) = messages(other, "token.listed")
    assert (told["tick"], told["lot"]) == (1, 100)


@pytest.mark.django_db
def test_an_escrow_that_differs_stops_it():
    token = sold()
    escrow = f"issuer:{token.business_id}:escrow:{token.id}:USD"
    bank.pay_in(bank.client("somebody"), 5)
    issuer = bank.opened(AccountSpec(AccountKind.ISSUER, "USD", str(token.business_id)))
    bank.post(bank.transfer(escrow, issuer, 1))
    assert refusal(token).code == "escrow_differs"


# -- twice at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.spec("TOK-5")
def test_two_at_once_and_one_of_them_wins():
    token = sold()
    results = at_once(*(lambda: listed(token) for _ in range(4)))
    refused = [each.code for each in results if isinstance(each, DomainError)]
    assert refused == ["not_primary"] * 3
    assert total("platform:fees:USD") == 20_00
    assert len(selectors.granted(token.id)) == 3
    assert len(messages(token, "token.listed")) == 1
    assert ledger.verify().findings == ()


@pytest.mark.django_db(transaction=True)
def test_a_subscription_at_the_same_moment_comes_before_or_not_at_all():
    token, noor = sold(), make.investor()
    results = at_once(lambda: listed(token), lambda: make.subscribed(token, noor))
    refused = sorted(each.code for each in results if isinstance(each, DomainError))
    assert refused in (["offering_closed"], ["payments_pending"])
    assert ledger.verify().findings == ()
