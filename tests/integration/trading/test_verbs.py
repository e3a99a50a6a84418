"""Placing, cancelling and amending by the verbs that pages and the API call, with a sequencer at work."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction

from apps.accounts.types import Fatca, KycStatus
from apps.common.clock import now
from apps.common.errors import DomainError, Unavailable
from apps.common.ids import new_id
from apps.compliance.selectors import NotEligible
from apps.trading import client, selectors, services
from apps.trading.types import NewInstrument, NewOrder, OrderStatus, OrderType, Side, TimeInForce
from tests.factories import ledger as bank
from tests.factories.compliance import limit
from tests.factories.trading import BY, Market, sound
from tests.integration.trading import asking
from tests.integration.trading.conftest import until

pytestmark = pytest.mark.django_db(transaction=True)
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(autouse=True)
def no_limits():
    limit(0)


@pytest.fixture
def market(valkey):
    return Market()


def person(market, **about):
    """Let somebody in who may trade; return who it is."""
    return asking.person(market, **about).id


def order(market, side, quantity, price=0, *, name="", **terms):
    order_type = OrderType.LIMIT if price else OrderType.MARKET
    return NewOrder(market.instrument.id, name or str(new_id()), side, order_type, quantity, price, **terms)


def place(market, owner, *arguments, **terms):
    return services.place_order(order=order(market, *arguments, **terms), owner=owner, by=BY, at=now())


@pytest.mark.spec("ORD-1", "ORD-3")
def test_an_order_is_placed_traded_and_read(market, running):
    seller, buyer = person(market, tokens=10), person(market, cash=10_000)
    sold = place(market, seller, SELL, 5, 100)
    assert (sold.status, sold.remaining) == (OrderStatus.OPEN, 5)
    bought = place(market, buyer, BUY, 2, 101)
    assert (bought.status, [(fill.price, fill.quantity) for fill in bought.fills]) == ("filled", [(100, 2)])
    read = selectors.order(sold.order_id, owner=seller)
    assert (read.status, read.filled_quantity, read.version) == (OrderStatus.PARTIALLY_FILLED, 2, 2)
    (trade,) = selectors.trades_of(sold.order_id)
    assert (trade.buy_order_id, trade.sell_order_id, trade.quantity) == (bought.order_id, sold.order_id, 2)
    with pytest.raises(selectors.UnknownOrder):
        selectors.order(sold.order_id, owner=buyer)


@pytest.mark.spec("ORD-1")
def test_a_resend_gets_the_first_answer(market, running):
    buyer = person(market, cash=10_000)
    first = place(market, buyer, BUY, 2, 101, name="mine")
    again = place(market, buyer, BUY, 2, 101, name="mine")
    assert (again.order_id, again.status, again.repeated) == (first.order_id, first.status, True)
    with pytest.raises(services.ClientOrderIdReused):
        place(market, buyer, BUY, 3, 101, name="mine")
    assert len(selectors.orders_of(buyer)) == 1


def test_eight_send_the_same_order_at_once_and_it_is_placed_once(market, running):
    buyer = person(market, cash=10_000)

    def send(_):
        try:
            return place(market, buyer, BUY, 2, 101, name="mine")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert len({answer.order_id for answer in answers}) == 1
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7
    assert market.balance(selectors.account_number(buyer)) == (10_000 - 202, 202)


@pytest.mark.spec("MAT-3")
def test_an_order_is_amended_and_cancelled_by_its_owner(market, running):
    buyer, other = person(market, cash=10_000), person(market, cash=10_000)
    placed = place(market, buyer, BUY, 10, 100)
    about = {"order_id": placed.order_id, "by": BY, "at": now()}
    less = services.amend_order(**about, owner=buyer, version=1, price=100, quantity=6)
    assert (less.quantity, less.remaining, less.version) == (6, 6, 2)
    more = services.amend_order(**about, owner=buyer, version=2, price=101, quantity=8)
    assert (more.quantity, more.price, more.version) == (8, 101, 3)
    with pytest.raises(services.StaleVersion):
        services.amend_order(**about, owner=buyer, version=2, price=101, quantity=9)
    with pytest.raises(DomainError, match="enough available"):
        services.amend_order(**about, owner=buyer, version=3, price=101, quantity=900)
    with pytest.raises(selectors.UnknownOrder):
        services.cancel_order(**about, owner=other)
    assert services.cancel_order(**about, owner=buyer).status is OrderStatus.CANCELLED
    with pytest.raises(services.OrderNotOpen):
        services.cancel_order(**about, owner=buyer)
    assert market.balance(selectors.account_number(buyer)) == (10_000, 0)


def test_cancelling_all_leaves_none_however_many_there_are(market, running, monkeypatch):
    monkeypatch.setattr("apps.trading.selectors.orders.MAX_PAGE", 2)
    buyer = person(market, cash=10_000)
    placed = {place(market, buyer, BUY, 1, price).order_id for price in range(90, 95)}
    assert {each.id for each in services.cancel_all(owner=buyer, by=BY, at=now())} == placed
    assert selectors.count_live(buyer) == 0


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ((BUY, 1000, 1000), "insufficient_funds"),
        ((BUY, 1, 300), "price_outside_collar"),
        ((BUY, 1, 100, {"post_only": True}), "post_only_would_trade"),
        ((BUY, 9, 100, {"time_in_force": TimeInForce.FOK}), "fok_not_fillable"),
    ],
)
def test_a_refusal_names_its_rule(valkey, terms, code, request):
    market = Market(highest=2000 if code == "insufficient_funds" else 200)
    request.getfixturevalue("running")
    seller, buyer = person(market, tokens=10), person(market, cash=10_000)
    place(market, seller, SELL, 5, 100)
    *shape, more = terms if isinstance(terms[-1], dict) else (*terms, {})
    with pytest.raises(DomainError) as refusal:
        place(market, buyer, *shape, **more)
    assert refusal.value.code == code
    assert str(selectors.orders_of(buyer)[0].reason) == code


def test_a_halted_market_takes_no_orders_and_lets_them_be_cancelled(market, running):
    buyer = person(market, cash=10_000)
    placed = place(market, buyer, BUY, 1, 100)
    ask = {"instrument_id": market.instrument.id, "reason": "news_pending", "by": BY, "at": now()}
    services.halt(**ask)
    until(lambda: selectors.instrument(market.instrument.id).state == "halted", "it is halted")
    with pytest.raises(services.InstrumentHalted):
        place(market, buyer, BUY, 1, 100)
    services.cancel_order(order_id=placed.order_id, owner=buyer, by=BY, at=now())
    services.resume(**ask)
    until(lambda: selectors.instrument(market.instrument.id).state == "continuous", "it is resumed")
    assert place(market, buyer, BUY, 1, 100).status is OrderStatus.OPEN


def test_a_frozen_account_loses_its_orders_and_places_none(market, running):
    buyer = person(market, cash=10_000)
    placed = place(market, buyer, BUY, 1, 100)
    services.freeze_account(owner=buyer, reason="court_order", by=BY, at=now())
    until(lambda: selectors.orders_of(buyer, live=True) == [], "its order is cancelled")
    assert str(selectors.order(placed.order_id, owner=buyer).reason) == "by_venue"
    with pytest.raises(services.AccountFrozen):
        place(market, buyer, BUY, 1, 100)
    running.end()
    services.unfreeze_account(owner=buyer, reason="court_order", by=BY, at=now())


def test_the_venue_cancels_one_order_of_anybody(market, running):
    buyer = person(market, cash=10_000)
    placed, kept = place(market, buyer, BUY, 1, 100), place(market, buyer, BUY, 1, 100)
    services.cancel_by_venue(order_id=placed.order_id, reason="erroneous", by=BY, at=now())
    until(lambda: len(selectors.orders_of(buyer, live=True)) == 1, "it is cancelled")
    cancelled = selectors.order(placed.order_id, owner=buyer)
    assert (cancelled.status, str(cancelled.reason)) == (OrderStatus.CANCELLED, "by_venue")
    assert selectors.order(kept.order_id, owner=buyer).status is OrderStatus.OPEN
    assert market.balance(selectors.account_number(buyer)) == (10_000 - 100, 100)
    with pytest.raises(selectors.UnknownOrder):
        services.cancel_by_venue(order_id=new_id(), reason="erroneous", by=BY, at=now())


@pytest.mark.spec("ORD-2")
def test_an_order_for_a_time_expires(market, running):
    buyer, at = person(market, cash=10_000), now()
    terms = {"time_in_force": TimeInForce.GTD, "expires_at": at + timedelta(seconds=1)}
    placed = place(market, buyer, BUY, 1, 100, **terms)
    day = place(market, buyer, BUY, 1, 100, time_in_force=TimeInForce.DAY)
    assert services.expire_orders(at=at + timedelta(seconds=2)) in (1,)
    assert services.expire_orders(at=at + timedelta(seconds=2)) in (0, 1), "one that isn't done is enough"
    until(lambda: selectors.order(placed.order_id, owner=buyer).status == "expired", "it expires")
    assert selectors.order(day.order_id, owner=buyer).status is OrderStatus.OPEN
    assert market.balance(selectors.account_number(buyer)) == (10_000 - 100, 100)


def test_a_hundred_orders_at_once_each_get_their_answer(market, running):
    buyer = person(market, cash=10_000)
    orders = [order(market, BUY, 1, 90 + n % 20) for n in range(100)]
    answers = services.place_orders(orders=orders, owner=buyer, by=BY, at=now())
    codes = ["" if not isinstance(answer, DomainError) else answer.code for answer in answers]
    assert codes.count("") + codes.count("insufficient_funds") == 100
    assert codes.count("") > 90
    with pytest.raises(services.TooManyOrders):
        services.place_orders(orders=[*orders, orders[0]], owner=buyer, by=BY, at=now())


@pytest.mark.spec("ORD-4")
@pytest.mark.parametrize(
    ("standing", "side", "rule"),
    [
        ({"kyc": KycStatus.NONE}, BUY, "kyc_not_approved"),
        ({"kyc": KycStatus.EXPIRED}, BUY, "kyc_expired"),
        ({"kyc": KycStatus.EXPIRED}, SELL, ""),
        ({"fatca": Fatca.BLOCKED}, BUY, "fatca_blocked"),
        ({}, BUY, ""),
    ],
)
def test_who_may_trade(market, running, standing, side, rule):
    owner = person(market, cash=1000, tokens=10, **standing)
    if not rule:
        assert place(market, owner, side, 1, 100).status is OrderStatus.OPEN
        return
    with pytest.raises(NotEligible) as refusal:
        place(market, owner, side, 1, 100)
    assert refusal.value.code == rule


def test_nobody_answers_and_the_order_may_be_sent_again(market):
    owner = market.join(cash=1000)
    message = market.new(owner, BUY, 1, 100, reply=client.reply_number())
    with pytest.raises(Unavailable) as refusal:
        client.ask(market.instrument.number, [message], wait=0.2)
    assert refusal.value.retry_after


def test_a_full_inbox_takes_no_more(market, monkeypatch):
    monkeypatch.setattr(client, "MAX_INBOX", 3)
    owner = market.join(cash=1000)
    market.send(*(market.new(owner, BUY, 1, 100) for _ in range(3)))
    with pytest.raises(Unavailable):
        market.send(market.new(owner, BUY, 1, 100))


def test_whoever_waits_has_no_transaction_open(market):
    owner = person(market, cash=1000)
    with pytest.raises(Exception, match="must not keep a transaction open"), transaction.atomic():
        place(market, owner, BUY, 1, 100)


def test_an_instrument_is_opened_once(market):
    known = market.instrument
    new = NewInstrument(known.id, known.symbol, known.asset, known.quote, known.tick, known.lot)
    assert bank.act(services.open_instrument, new=new, by=BY, at=now()) == known
    for changed in ({"tick": 5}, {"id": new_id()}):
        with pytest.raises(services.InstrumentTaken):
            bank.act(services.open_instrument, new=replace(new, **changed), by=BY, at=now())


def test_two_markets_share_the_money_of_their_traders(market, running):
    other = Market(code="BETA")
    buyer = person(market, cash=1000)
    other.join(owner=buyer)
    seller = person(other, tokens=10)
    place(other, seller, SELL, 5, 100)
    place(market, buyer, BUY, 6, 100)
    with pytest.raises(DomainError, match="enough"):
        place(other, buyer, BUY, 5, 100)
    assert place(other, buyer, BUY, 4, 100).status is OrderStatus.FILLED
    sound(market)
