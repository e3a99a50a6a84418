"""What a batch does to orders, trades and balances, and how it answers."""

import pytest

from apps.trading import models, selectors
from apps.trading.types import OrderStatus, Side
from tests.factories.trading import Bench, Market, sound

pytestmark = pytest.mark.django_db(transaction=True)
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def market():
    return Market()


@pytest.fixture
def bench(market):
    return Bench(market)


@pytest.mark.spec("ORD-6", "FEE-1", "MAT-6")
def test_two_orders_trade_and_everybody_has_what_they_should(market, bench):
    buyer, seller = market.join(cash=10_000), market.join(tokens=100)
    (sold,) = bench.do(market.new(seller, SELL, 10, 90))
    assert (sold.code, sold.status, sold.remaining) == ("", OrderStatus.OPEN, 10)
    assert market.balance(seller, "ACME") == (90, 10)
    (bought,) = bench.do(market.new(buyer, BUY, 4, 100))
    assert (bought.status, bought.filled, bought.fills[0].price) == (OrderStatus.FILLED, 4, 90)
    assert market.balance(buyer) == (10_000 - 360, 0), "the better price is his"
    assert market.balance(buyer, "ACME") == (4, 0)
    assert market.balance(seller) == (360 - 1, 0), "25 basis points of 3.60 are one cent"
    assert market.balance(seller, "ACME") == (90, 6)
    trade = models.Trade.objects.get()
    assert (trade.notional, trade.buyer_fee, trade.seller_fee, trade.taker_side) == (360, 0, 1, "buy")
    rows = {row.side: row.status for row in models.Order.objects.all()}
    assert rows == {"buy": "filled", "sell": "partially_filled"}
    sound(market, bench.desk)
    bench.again()


@pytest.mark.spec("ORD-6")
def test_what_a_command_brings_pays_for_the_next_one_in_the_same_batch(market, bench):
    poor, seller, buyer = market.join(tokens=10), market.join(tokens=10), market.join(cash=1000)
    answers = bench.do(
        market.new(buyer, BUY, 10, 100),
        market.new(seller, SELL, 5, 99),
        market.new(poor, BUY, 2, 99, name="before"),
        market.new(poor, SELL, 5, 100),
        market.new(poor, BUY, 2, 99, name="after"),
    )
    assert [str(answer.status) for answer in answers] == ["open", "filled", "rejected", "filled", "open"]
    assert market.balance(poor) == (500 - 1 - 198, 198)
    sound(market, bench.desk)


def test_who_has_too_little_is_refused_and_a_resend_is_refused_alike(market, bench):
    poor = market.join(cash=999)
    order = market.new(poor, BUY, 10, 100, name="mine")
    (first,) = bench.do(order)
    assert (first.code, first.status) == ("insufficient_funds", OrderStatus.REJECTED)
    (again,) = bench.do(market.new(poor, BUY, 10, 100, name="mine"))
    assert (again.code, again.order_id, again.repeated) == (first.code, first.order_id, True)
    assert market.balance(poor) == (999, 0)
    assert [step.reason for step in selectors.history(first.order_id)] == ["insufficient_funds"]
    sound(market, bench.desk)
