"""While Valkey is away, pages that show a market among other things are shown without its book."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.common import connections
from apps.common.clock import now
from apps.trading import selectors
from apps.trading.types import Side
from tests.factories.accounts import logged_in
from tests.factories.trading import Bench, Market
from tests.integration.trading.asking import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def go_away(valkey, settings):
    """Have nothing answer where Valkey was."""

    def go():
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        connections.valkey.cache_clear()

    yield go
    connections.valkey.cache_clear()


@pytest.fixture
def holder(valkey):
    """Somebody who has sold at 1.23 in the market of ACME, where their next offer stands at 4.56."""
    market = Market()
    account, buyer, bench = person(market, tokens=10), market.join(cash=10_000), Bench(market)
    seller = selectors.account_number(account.id)
    bench.do(market.new(seller, Side.SELL, 5, 123), market.new(buyer, Side.BUY, 5, 123), at=now())
    bench.do(market.new(seller, Side.SELL, 5, 456))
    bench.desk.keep_book()
    return account


def test_pages_with_a_market_among_other_things_do_without_its_book(holder, go_away):
    visitor, customer = Client(), logged_in(Client(), holder)
    pages = [(visitor, "landing"), (visitor, "markets"), (customer, "markets"), (customer, "home")]
    assert "4.56" in visitor.get(reverse("landing")).content.decode()
    assert "4.56" in visitor.get(reverse("markets")).content.decode()
    go_away()
    found = {name: client.get(reverse(name)) for client, name in pages}
    assert {name: answer.status_code for name, answer in found.items()} == dict.fromkeys(found, 200)
    assert found["landing"].context["market"] is None
    shown = found["markets"].content.decode()
    assert "1.23" in shown
    assert "4.56" not in shown
    assert [holding.ticker.last for holding in found["home"].context["holdings"]] == [123]


def test_who_asks_for_the_book_is_told_to_try_again(holder, go_away, client):
    (market,) = selectors.instruments()
    go_away()
    book = client.get(reverse("api:instrument-book", args=[market.id]))
    assert (book.status_code, book.json()["code"]) == (503, "unavailable")
    assert client.get(reverse("market", args=[market.symbol])).status_code == 503
    ticker = client.get(reverse("api:instrument-ticker", args=[market.id])).json()
    assert (ticker["last"], ticker["bid"], ticker["ask"]) == ("1.23", None, None)
