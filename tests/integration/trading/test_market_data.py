"""Market data over the API: public, without anybody's name, and equal to what the trades say (MKT-2)."""

from datetime import timedelta

import pytest

from apps.accounts.types import Role
from apps.audit.models import AuditEvent
from apps.common.clock import now
from apps.common.ids import new_id
from apps.trading import models, selectors
from apps.trading.types import Candle, Side
from tests.factories.accounts import AccountFactory
from tests.factories.trading import AT, Bench, Market
from tests.integration.trading.asking import Caller, person

pytestmark = pytest.mark.django_db
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def market(valkey):
    return Market(decimals=2, tick=5, lot=100)


@pytest.fixture
def anybody(client):
    return Caller(client, None)


def traded(market, bench, at, price, quantity=1_00):
    seller, buyer = market.join(tokens=quantity), market.join(cash=1_000_00)
    bench.do(market.new(seller, SELL, quantity, price), market.new(buyer, BUY, quantity, price), at=at)


def rebuilt(market):
    """Candles by the plain definition, from all trades."""
    minutes = {}
    for trade in models.Trade.objects.filter(instrument=market.instrument.number).order_by(
        "sequence", "fill"
    ):
        minutes.setdefault(trade.executed_at.replace(second=0, microsecond=0), []).append(trade)
    return [
        Candle(
            at,
            found[0].price,
            max(each.price for each in found),
            min(each.price for each in found),
            found[-1].price,
            sum(each.quantity for each in found),
        )
        for at, found in sorted(minutes.items())
    ]


def test_candles_are_those_of_the_trades(market, anybody):
    bench = Bench(market)
    prices = [100, 120, 90, 105, 200, 195, 300, 100, 110]
    for number, price in enumerate(prices):
        traded(market, bench, AT + timedelta(seconds=25 * number if number < 6 else 3600 + number), price)
    found = selectors.candles(market.instrument.id, until=AT + timedelta(days=1))
    assert found == rebuilt(market)
    assert (found[0].open, found[0].high, found[0].low, found[0].close) == (100, 120, 90, 90)
    assert selectors.candles(market.instrument.id, until=AT + timedelta(days=1), limit=2) == found[-2:]
    assert selectors.candles(market.instrument.id, until=AT + timedelta(minutes=1)) == found[:1]
    assert selectors.candles(market.instrument.id, until=AT) == []
    where = {"instrument_id": market.instrument.id}
    shown = anybody.get("instrument-candles", "?interval=1m&limit=1", **where).json()
    assert shown["interval"] == "1m"
    assert [(each["open"], each["close"], each["volume"]) for each in shown["results"]] == [
        ("3.00", "1.10", "3.00")
    ]


def test_everybody_sees_the_market_and_nobody_in_it(market, anybody):
    bench, where = Bench(market), {"instrument_id": market.instrument.id}
    traded(market, bench, now() - timedelta(hours=30), 100)
    traded(market, bench, now() - timedelta(hours=2), 110)
    seller, buyer = market.join(tokens=10_00), market.join(cash=1_000_00)
    bench.do(
        *(market.new(seller, SELL, 1_00, price) for price in (120, 125, 130)),
        *(market.new(buyer, BUY, 2_00, price) for price in (100, 95)),
    )
    bench.desk.tell([])
    assert anybody.get("instruments").json()["results"] == [anybody.get("instrument", **where).json()]
    shown = anybody.get("instrument", **where).json()
    assert (shown["tick"], shown["lot"], shown["lowest"]) == ("0.05", "1.00", None)
    assert shown["seller_fees"] == {"maker_pct": "0.25", "taker_pct": "0.25"}
    book = anybody.get("instrument-book", "?levels=2", **where).json()
    assert book["asks"] == [["1.20", "1.00"], ["1.25", "1.00"]]
    assert book["bids"] == [["1.00", "2.00"], ["0.95", "2.00"]]
    assert book["sequence"] == bench.desk.sequence
    ticker = anybody.get("instrument-ticker", **where).json()
    assert (ticker["last"], ticker["bid"], ticker["ask"]) == ("1.10", "1.00", "1.20")
    assert (ticker["volume_24h"], ticker["change_24h_pct"], ticker["high_24h"]) == ("1.00", "10.00", "1.10")
    trades = anybody.get("instrument-trades", "?limit=1", **where)
    (last,) = trades.json()["results"]
    assert set(last) == {"id", "price", "quantity", "side", "executed_at"}
    assert (last["price"], last["side"]) == ("1.10", "buy")


def test_an_empty_market_says_that_there_is_nothing(market, anybody):
    where = {"instrument_id": market.instrument.id}
    assert anybody.get("instrument-book", **where).json()["bids"] == []
    assert anybody.get("instrument-candles", **where).json()["results"] == []
    ticker = anybody.get("instrument-ticker", **where).json()
    assert [ticker[name] for name in ("last", "bid", "change_24h_pct", "volume_24h")] == [
        *(None, None, None),
        "0.00",
    ]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("instrument-book", "?levels=0"),
        ("instrument-book", "?levels=501"),
        ("instrument-book", "?levels=５"),  # a full-width digit
        ("instrument-trades", "?limit=-1"),
        ("instrument-trades", "?limit=1e2"),
        ("instrument-candles", "?limit=1001"),
        ("instrument-candles", "?interval=5m"),
        ("instrument-candles", "?until=yesterday"),
        ("instrument-candles", "?since=1"),
    ],
)
def test_a_query_that_is_none_is_refused(market, anybody, name, query):
    answer = anybody.get(name, query, instrument_id=market.instrument.id)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_what_is_not_traded_is_not_found(anybody, db):
    for name in ("instrument", "instrument-book", "instrument-trades", "instrument-candles"):
        answer = anybody.get(name, instrument_id=new_id())
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_instrument")


def test_operators_steer_the_market_with_a_reason_and_a_record(market, client):
    bench, where = Bench(market), {"instrument_id": market.instrument.id}
    operator = Caller(client, AccountFactory(role=Role.STAFF, team_role="ats_operator"))
    number = market.join(cash=1_000_00)
    (placed,) = bench.do(market.new(number, BUY, 1_00, 100))
    listed = operator.get("admin-orders", f"?user_id={market.owners[number]}&live=true").json()["results"]
    assert [(each["id"], each["user_id"]) for each in listed] == [
        (str(placed.order_id), str(market.owners[number]))
    ]
    assert operator.get("admin-orders", f"?user_id={new_id()}").json()["results"] == []
    acts = [
        ("admin-instrument-halt", where, {"reason": "news_pending"}),
        ("admin-instrument-resume", where, {"reason": "news_out"}),
        ("admin-instrument-collar", where, {"lowest": "1.00", "highest": None, "reason": "new_reference"}),
        ("admin-order-cancel", {"order_id": placed.order_id}, {"reason": "erroneous"}),
    ]
    for name, arguments, sent in acts:
        first = operator.post(name, sent, key="a", **arguments)
        assert first.status_code == 202, (name, first.content)
        assert operator.post(name, sent, key="a", **arguments).json() == first.json()
        assert operator.post(name, sent, **arguments).json()["code"] == "idempotency_key_missing"
        wrong = operator.post(name, sent | {"reason": "Mr. Some Body"}, key="b", **arguments)
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_venue_reason")
    asked = list(models.VenueCommand.objects.order_by("id").values_list("op", "reason", "lowest"))
    assert asked == [
        ("halt", "news_pending", 0),
        ("resume", "news_out", 0),
        ("set_collar", "new_reference", 100),
        ("cancel_order", "erroneous", 0),
    ]
    records = AuditEvent.objects.filter(action__startswith="trading.", reason__gt="")
    assert {(each.actor_id, each.reason) for each in records} == {
        (str(operator.account.id), reason) for _, reason, _ in asked
    }
    wrong = {"lowest": "1.01", "highest": None, "reason": "new_reference"}
    assert operator.post("admin-instrument-collar", wrong, key="c", **where).status_code == 400


def test_only_operators_steer_the_market(market, client):
    where = {"instrument_id": market.instrument.id}
    for who in (
        person(),
        AccountFactory(role=Role.STAFF, team_role="auditor"),
        AccountFactory(role=Role.STAFF, team_role="kyc_reviewer"),
    ):
        caller = Caller(client, who)
        answer = caller.post("admin-instrument-halt", {"reason": "news_pending"}, key="a", **where)
        assert answer.status_code == 403
    assert Caller(client, person()).get("admin-orders").status_code == 403
    assert not models.VenueCommand.objects.exists()
