"""What an order costs and holds, for any partition of its fills; and which shapes are refused."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.common.ids import new_id
from apps.trading import rules
from apps.trading.types import (
    FeeRates,
    Instrument,
    NewInstrument,
    NewOrder,
    OrderType,
    Party,
    SelfTrade,
    Side,
    TimeInForce,
    TradingState,
    Working,
)

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def instrument(**changes):
    values = {
        "id": new_id(),
        "number": 7,
        "symbol": "ACME",
        "asset": "ACME",
        "quote": "USD",
        "asset_decimals": 2,
        "quote_decimals": 2,
        "tick": 50,
        "lot": 10,
        "lowest": 0,
        "highest": 0,
        "buyer_fees": FeeRates(0, 0),
        "seller_fees": FeeRates(25, 25),
        "state": TradingState.CONTINUOUS,
    }
    return Instrument(**values | changes)


def working(side=Side.BUY, *, price=100, quantity=10, maker=0, taker=0):
    return Working(
        id=new_id(),
        number=1,
        party=Party(1, "noor", "client:noor:USD", "client:noor:ACME"),
        client_order_id="a",
        side=side,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        self_trade=SelfTrade.CANCEL_NEWEST,
        post_only=False,
        price=price,
        quantity=quantity,
        remaining=quantity,
        maker_bps=maker,
        taker_bps=taker,
        expires_at=None,
    )


fills = st.lists(st.tuples(st.integers(1, 10**6), st.booleans()), min_size=1, max_size=8)
rates = st.integers(0, rules.MAX_FEE)


@pytest.mark.spec("FEE-1")
@pytest.mark.parametrize(
    ("notional", "bps", "expected"),
    [(0, 25, 0), (10_000, 0, 0), (1, 25, 1), (200, 25, 1), (600, 25, 2), (1000, 25, 2), (10_000, 25, 25)],
)
def test_a_fee_is_rounded_half_to_even_and_at_least_one_unit(notional, bps, expected):
    assert rules.fee(notional * bps) == expected


@pytest.mark.spec("FEE-1")
@given(notional=st.integers(1, 10**9), cuts=st.lists(st.integers(1, 10**9), max_size=6), bps=rates)
def test_however_an_order_is_filled_its_fees_are_the_same(notional, cuts, bps):
    points = [0, *sorted({cut for cut in cuts if cut < notional}), notional]
    order = working(taker=bps, maker=bps)
    paid = [
        rules.charge(order, end - start, is_taker=number % 2 == 0)
        for number, (start, end) in enumerate(pairwise(points))
    ]
    assert sum(paid) == order.fee == rules.fee(notional * bps)
    assert all(0 <= each <= end - start for each, (start, end) in zip(paid, pairwise(points), strict=True))


@pytest.mark.spec("ORD-6")
@given(
    fills=st.lists(st.tuples(st.integers(1, 20), st.integers(0, 50), st.booleans()), max_size=8),
    maker=rates,
    taker=rates,
)
def test_a_buy_never_costs_more_than_it_holds(fills, maker, taker):
    market = instrument(tick=1, lot=1, asset_decimals=0)
    order = working(
        price=51, quantity=sum(quantity for quantity, _, _ in fills) + 1, maker=maker, taker=taker
    )
    held = rules.required(order, market)
    for quantity, better, is_taker in fills:
        notional = quantity * (order.price - better)
        order.remaining -= quantity
        paid = notional + rules.charge(order, notional, is_taker=is_taker)
        assert held - paid >= rules.required(order, market), "what is left covers what is still open"
        held = rules.required(order, market)
    assert order.remaining == 1


@pytest.mark.spec("ORD-6")
@given(cash=st.integers(0, 10**12), bps=rates, unit=st.integers(1, 1000))
def test_a_market_buy_spends_what_there_is_and_no_more(cash, bps, unit):
    budget = rules.market_budget(cash, bps=bps, unit=unit)
    assert rules.budget_cost(budget, bps=bps, unit=unit) <= cash if budget else True
    assume(budget)
    assert rules.budget_cost(budget + 1, bps=bps, unit=unit) > cash, "one more would be too much"


def test_a_sell_holds_its_quantity():
    assert rules.required(working(Side.SELL, quantity=7), instrument()) == 70


def order(**changes):
    values = {
        "instrument": new_id(),
        "client_order_id": "a-1",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "quantity": 100,
        "price": 5000,
    }
    return NewOrder(**values | changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client_order_id": ""}, "client_order_id"),
        ({"client_order_id": "x" * 65}, "client_order_id"),
        ({"client_order_id": "١٢"}, "client_order_id"),
        ({"client_order_id": "a\tb"}, "client_order_id"),
        ({"price": 0}, "price"),
        ({"price": -50}, "price"),
        ({"price": 51}, "price"),
        ({"order_type": OrderType.MARKET}, "price"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 15}, "quantity"),
        ({"quantity": 2**62, "price": 2**62 // 50 * 50}, "quantity"),
        ({"time_in_force": TimeInForce.GTD}, "expires_at"),
        ({"time_in_force": TimeInForce.GTD, "expires_at": AT}, "expires_at"),
        ({"expires_at": AT + timedelta(days=1)}, "expires_at"),
        ({"order_type": OrderType.MARKET, "price": 0, "post_only": True}, "post_only"),
        ({"time_in_force": TimeInForce.IOC, "post_only": True}, "post_only"),
    ],
)
def test_an_order_of_another_shape_is_refused(changes, field):
    with pytest.raises(rules.InvalidOrder) as refusal:
        rules.check_order(order(**changes), instrument(), at=AT)
    assert field in refusal.value.fields


def test_orders_of_the_right_shape_pass():
    day = {"time_in_force": TimeInForce.DAY, "expires_at": AT + timedelta(hours=1)}
    for changes in ({}, day, {"post_only": True}, {"order_type": OrderType.MARKET, "price": 0}):
        rules.check_order(order(**changes), instrument(), at=AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"tick": 0},
        {"lot": 0},
        {"lot": 1},
        {"symbol": "acme"},
        {"quote": "ACME"},
        {"lowest": 10},
        {"lowest": 100, "highest": 50},
        {"lowest": -50},
    ],
)
def test_an_instrument_that_can_not_be_traded_exactly_is_refused(changes):
    values = {"id": new_id(), "symbol": "ACME", "asset": "ACME", "quote": "USD", "tick": 50, "lot": 10}
    rules.check_instrument(NewInstrument(**values), decimals=2)
    with pytest.raises(rules.InvalidInstrument):
        rules.check_instrument(NewInstrument(**values | changes), decimals=2)


def test_the_day_ends_at_midnight_of_the_market():
    assert rules.day_end(AT) == datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    assert rules.day_end(datetime(2026, 3, 2, 20, 0, tzinfo=UTC)) == datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
