"""The auction's price, against the plainest way to find it: try every price there is."""

import pytest

from matching import Auction, Engine, Op, OrderType, SelfTrade, Side
from tests.matching import drawn, streams

NOTHING = Auction(price=0, quantity=0, surplus=0, side=0)


def crossed(engine_name, dice, tick):
    """Return an engine whose instrument 1 is in an auction, with a handful of orders."""
    engine = Engine(engine_name)
    engine.open_instrument(1, tick=tick)
    engine.submit(op=Op.OPEN_AUCTION, instrument=1)
    for number in range(1, dice.randint(2, 12)):
        side, show = dice.choice(list(Side)), dice.choice((0, 0, 2))
        engine.submit(
            op=Op.NEW,
            instrument=1,
            order_id=number,
            owner=dice.randint(1, 3),
            side=side,
            price=(12 + dice.randint(-6, 9) * (1 if side == Side.BUY else -1)) * tick,
            quantity=dice.randint(1, 6),
            order_type=OrderType.ICEBERG if show else OrderType.LIMIT,
            display_quantity=show,
            self_trade=dice.choice(list(SelfTrade)),
        )
    return engine


def tried(engine, reference, tick):
    """Try every price up to the highest."""
    orders = drawn.resting(engine)
    found = []
    for price in range(tick, 40 * tick, tick):
        bought = sum(order.quantity for order in orders if order.side == Side.BUY and order.price >= price)
        sold = sum(order.quantity for order in orders if order.side == Side.SELL and order.price <= price)
        found.append((min(bought, sold), -abs(bought - sold), price, bought - sold))
    most = max(found)[:2]
    equals = [(price, surplus) for *merit, price, surplus in found if tuple(merit) == most]
    if most[0] == 0:
        return NOTHING
    middle = (equals[0][0] + equals[-1][0]) // 2 // tick * tick
    wanted = reference or middle
    price, surplus = min(equals, key=lambda each: abs(each[0] - wanted))
    side = Side.BUY if surplus > 0 else Side.SELL if surplus < 0 else 0
    return Auction(price, most[0], abs(surplus), side)


@pytest.mark.spec("MAT-5")
@pytest.mark.parametrize("tick", [1, 5])
def test_no_other_price_trades_more_or_leaves_less_or_lies_nearer(engine_name, tick):
    dice, traded = streams.seeded(41), 0
    for _ in range(300):
        engine = crossed(engine_name, dice, tick)
        for reference in (0, dice.randint(1, 25) * tick):
            expected = tried(engine, reference, tick)
            assert engine.auction(1, reference) == expected
            traded += expected.quantity
    assert traded > 1000


@pytest.mark.spec("MAT-2", "MAT-5")
def test_after_it_the_book_is_not_crossed_and_nobody_traded_with_himself(engine_name):
    dice, traded = streams.seeded(42), 0
    for _ in range(300):
        engine = crossed(engine_name, dice, tick=1)
        orders = {order.order_id: order for order in drawn.resting(engine)}
        told = engine.submit(op=Op.UNCROSS, instrument=1)
        for event in told[told["maker_order_id"] > 0]:
            later, earlier = orders[int(event["order_id"])], orders[int(event["maker_order_id"])]
            assert later.order_id > earlier.order_id
            assert later.owner != earlier.owner or later.self_trade == SelfTrade.ALLOW
            traded += int(event["quantity"])
        best = engine.best(1)
        assert best.bid is None or best.ask is None or best.bid < best.ask
        restored = Engine(engine_name)
        restored.restore(engine.snapshot())
    assert traded > 500


@pytest.mark.spec("MAT-5")
def test_prices_and_quantities_at_the_end_of_the_number_line(engine):
    top = 2**63 - 1
    engine.submit(op=Op.OPEN_AUCTION, instrument=1)
    new = {"op": Op.NEW, "instrument": 1}
    engine.submit(**new, order_id=1, side=Side.BUY, price=top, quantity=top)
    engine.submit(**new, order_id=2, side=Side.SELL, price=1, quantity=top - 1)
    engine.submit(**new, order_id=3, side=Side.SELL, price=top, quantity=1)
    assert engine.auction(1) == Auction(top, top, 0, 0)
    engine.submit(op=Op.CANCEL, instrument=1, order_id=3)
    assert engine.auction(1) == Auction(2**62, top - 1, 1, Side.BUY)
    assert engine.auction(1, top) == Auction(top, top - 1, 1, Side.BUY)
    told = engine.submit(op=Op.UNCROSS, instrument=1, price=7)
    assert [(int(event["price"]), int(event["quantity"])) for event in told] == [(7, top - 1)] * 2
