"""One's own trades, however many others there are."""

import pytest
from django.conf import settings

from apps.common.ids import new_id
from apps.trading import models, selectors
from apps.trading.types import Side
from tests.database import admin
from tests.factories.trading import AT, Bench, Market

pytestmark = pytest.mark.django_db(transaction=True)
BUY, SELL = Side.BUY, Side.SELL


def copied(row, **differing):
    """Make a row like this one but for what names it."""
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.generated}
    return type(row)(**fields | {"id": new_id()} | differing)


def trade_a_lot(account, times):
    """Have somebody trade with themselves."""
    order, trade = models.Order.objects.first(), models.Trade.objects.first()
    orders = [
        copied(order, account_id=account, client_order_id=f"n{n}", number=1000 + n) for n in range(times)
    ]
    models.Order.objects.bulk_create(orders)
    models.Trade.objects.bulk_create(
        copied(trade, sequence=each.number, buy_order_id=each.pk, sell_order_id=each.pk) for each in orders
    )


@pytest.fixture
def market(valkey):
    return Market()


def test_fills_are_those_of_both_sides_each_once_and_of_nobody_else(market):
    bench, other = Bench(market), Market(code="BETA")
    one, two = market.join(cash=10_000, tokens=100), market.join(cash=10_000, tokens=100)
    bench.do(market.new(one, SELL, 3, 100), market.new(two, BUY, 2, 100), market.new(one, BUY, 1, 90))
    bench.do(market.new(two, SELL, 1, 90))
    found = {who: selectors.fills(market.owners[who]) for who in (one, two)}
    assert {(each.side, each.quantity, each.price) for each in found[one]} == {(SELL, 2, 100), (BUY, 1, 90)}
    assert {(each.side, each.quantity, each.price) for each in found[two]} == {(BUY, 2, 100), (SELL, 1, 90)}
    assert len(selectors.fills(market.owners[one], instrument_id=market.instrument)) == 2
    assert selectors.fills(market.owners[one], instrument_id=other.instrument) == []
    assert selectors.fills(market.owners[market.join()]) == []


def test_a_page_of_fills_does_not_read_the_trades_of_others(market):
    bench, seller, buyer = Bench(market), market.join(tokens=10), market.join(cash=10_000)
    bench.do(market.new(seller, SELL, 1, 100), market.new(buyer, BUY, 1, 100), at=AT)
    trade_a_lot(market.join(), 5000)
    with admin(settings.DATABASES["default"]["NAME"]) as owner:
        owner.execute("ANALYZE trading_trade, trading_order")
    assert models.Trade.objects.count() == 5001
    assert len(selectors.fills(market.owners[buyer])) == 1
    plan = selectors.fill_rows(market.owners[buyer]).order_by("-executed_at", "-id")[:50].explain()
    assert "Seq Scan on trading_trade" not in plan, plan
    assert "trading_trade_time" not in plan, plan
