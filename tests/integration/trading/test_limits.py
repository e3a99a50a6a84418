"""Investment limits (ORD-5): counted over buys, sales and open orders, never passed by two at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from apps.accounts.types import Accreditation
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.ids import new_id
from apps.compliance import locks
from apps.compliance import selectors as compliance
from apps.trading import selectors, services
from apps.trading.services import limits
from apps.trading.types import NewOrder, OrderType, Side
from tests.factories.compliance import limit
from tests.factories.trading import BY, Market
from tests.integration.trading.asking import Caller, body, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("ORD-5")]


@pytest.fixture
def market(valkey):
    limit(0)
    limit(100_00, Accreditation.RETAIL)
    return Market()


@pytest.fixture
def buyer(market):
    return person(market, cash=100_000).id


@pytest.fixture
def seller(market):
    return person(market, tokens=100_000, accreditation=Accreditation.INSTITUTIONAL).id


def ask(market, owner, side, quantity, price=1_00):
    kind = OrderType.LIMIT if price else OrderType.MARKET
    order = NewOrder(market.instrument.id, str(new_id()), side, kind, quantity, price)
    try:
        return services.place_order(order=order, owner=owner, by=BY, at=now())
    except DomainError as refusal:
        return refusal
    finally:
        connection.close()


def used(owner, at=None):
    return selectors.meter(owner, at=at or now()).used


def test_what_is_open_bought_and_sold_counts(market, running, buyer, seller):
    first = ask(market, buyer, Side.BUY, 60)
    assert used(buyer) == 60_00
    refused = ask(market, buyer, Side.BUY, 41)
    assert refused.code == "investment_limit_exceeded"
    assert (refused.data["limit"], refused.data["used"], refused.data["remaining"]) == (
        *("100.00", "60.00"),
        "40.00",
    )
    services.cancel_order(order_id=first.order_id, owner=buyer, by=BY, at=now())
    assert used(buyer) == 0
    ask(market, seller, Side.SELL, 1000, 90)
    assert ask(market, buyer, Side.BUY, 100).status == "filled"  # at 0.90
    assert used(buyer) == 90_00
    assert ask(market, buyer, Side.SELL, 50, 80).status == "open"
    assert used(buyer) == 90_00, "a sale counts when it trades"
    ask(market, seller, Side.BUY, 50, 80)
    assert used(buyer) == 50_00
    assert used(seller) == 0, "sales beyond purchases make no room"
    assert used(buyer, at=now() + timedelta(days=366)) == 0


def test_two_orders_at_once_do_not_pass_together(market, running, buyer):
    services.place_order(
        order=NewOrder(market.instrument.id, "first", Side.BUY, OrderType.LIMIT, 1, 1_00),
        owner=buyer,
        by=BY,
        at=now(),
    )
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ask(market, buyer, Side.BUY, 60), range(4)))
    refused = [answer.code for answer in answers if isinstance(answer, DomainError)]
    assert refused == ["investment_limit_exceeded"] * 3, "whoever reserved first is let through"
    assert used(buyer) == 61_00
    assert locks.reserved(buyer) == 0, "nothing stays reserved for what is in the tables"


def test_a_market_buy_gets_what_the_limit_leaves(market, running, buyer, seller):
    ask(market, seller, Side.SELL, 1000)
    ask(market, buyer, Side.BUY, 30)
    bought = ask(market, buyer, Side.BUY, 500, 0)
    assert (bought.filled, bought.status, str(bought.reason)) == (70, "cancelled", "budget_exhausted")
    assert ask(market, buyer, Side.BUY, 1, 0).code == "investment_limit_exceeded"
    assert used(buyer) == 100_00


def test_market_buys_at_once_share_what_is_left_whatever_it_is_counted_in(market, buyer):
    limit(100_01, Accreditation.RETAIL)
    in_parts_of_cents = replace(market.instrument, quote="USDC", quote_decimals=6)
    cheap = [NewOrder(market.instrument.id, f"l{n}", Side.BUY, OrderType.LIMIT, 1, 1_000) for n in range(4)]
    open_ended = [NewOrder(market.instrument.id, f"m{n}", Side.BUY, OrderType.MARKET, 1) for n in range(2)]
    about = {"owner": buyer, "instrument": in_parts_of_cents, "at": now()}
    with limits.reserved(**about, orders=cheap + open_ended) as ready:
        assert [each.budget for each in ready[4:]] == [49_980_000] * 2, (
            "of 99.97, each limit order being a cent"
        )
        assert locks.reserved(buyer) == 100_00


def test_an_amendment_keeps_to_the_limit(market, running, client, valkey):
    account = person(market, cash=100_000)
    buyer = Caller(client, account)
    placed = buyer.post("orders", body(market, "buy", "50", "1.00")).json()
    more = buyer.patch("order", {"version": 1, "quantity": "101"}, order_id=placed["id"])
    assert (more.status_code, more.json()["code"]) == (422, "investment_limit_exceeded")
    assert buyer.patch("order", {"version": 1, "quantity": "100"}, order_id=placed["id"]).status_code == 200
    shown = buyer.get("investment-limit").json()
    assert shown == {
        "currency": "USD",
        "limit": "100.00",
        "used": "100.00",
        "reserved": "0.00",
        "remaining": "0.00",
    }


def test_a_class_without_limit_is_not_limited(market, running, client):
    rich = person(market, cash=10_000_00, accreditation=Accreditation.INSTITUTIONAL)
    assert ask(market, rich.id, Side.BUY, 5_000).status == "open"
    shown = Caller(client, rich).get("investment-limit").json()
    assert (shown["limit"], shown["remaining"], shown["used"]) == (None, None, "5000.00")


def test_what_nobody_answered_stays_reserved_and_the_resend_replaces_it(market, buyer, monkeypatch):
    from apps.trading import client as inbox

    monkeypatch.setattr(inbox.ask, "__kwdefaults__", {"wait": 0.2})
    order = NewOrder(market.instrument.id, "mine", Side.BUY, OrderType.LIMIT, 60, 1_00)
    for _ in range(2):
        with pytest.raises(DomainError, match="in time"):
            services.place_order(order=order, owner=buyer, by=BY, at=now())
    assert locks.reserved(buyer) == 60_00
    assert ask(market, buyer, Side.BUY, 60).code == "investment_limit_exceeded"


def test_one_order_counts_once_by_the_most_that_was_asked_for_it(buyer):
    first, again = new_id(), new_id()
    assert locks.reserve(buyer, {"mine": 90_00}, asker=first) == 0
    assert locks.reserve(buyer, {"mine": 1_00}, asker=again) == 89_00, "perhaps the first comes"
    assert locks.reserve(buyer, {"other": 20_00}, asker=new_id()) == 90_00
    locks.release(buyer, ["mine"], asker=again)
    assert locks.reserved(buyer) == 110_00, "what the first asked for stays"
    locks.release(buyer, ["mine"], asker=first)
    assert locks.reserved(buyer) == 20_00


def test_a_cheaper_order_under_the_same_name_makes_no_room(market, buyer, monkeypatch):
    from apps.trading import client as inbox

    monkeypatch.setattr(inbox.ask, "__kwdefaults__", {"wait": 0.2})

    def ask_named(name, quantity):
        order = NewOrder(market.instrument.id, name, Side.BUY, OrderType.LIMIT, quantity, 1_00)
        with pytest.raises(DomainError) as refusal:
            services.place_order(order=order, owner=buyer, by=BY, at=now())
        return refusal.value.code

    assert ask_named("mine", 90) == "unavailable", "it waits for the market, and may come yet"
    ask_named("mine", 1)
    assert ask_named("other", 90) == "investment_limit_exceeded"


def test_other_currencies_count_by_their_rate_and_unknown_ones_not_at_all(db):
    assert compliance.in_cents(367_25, "AED") == 100_00
    assert compliance.in_cents(1, "AED") == 1
    assert compliance.in_cents(5_000_000, "USDC") == 5_00
    assert compliance.from_cents(100_00, "AED") == 367_25
    market = Market(code="ODD")
    with pytest.raises(compliance.NoRate):
        compliance.in_cents(1, market.token)
