"""What an engine answers when it is asked for an order, or for the auction that would be."""

import pytest

import matching
from matching import Op, Side

NEW = {"op": Op.NEW, "instrument": 1, "order_id": 1, "account": 3, "owner": 4, "side": Side.BUY}


def test_an_order_tells_what_is_open_and_is_not_the_live_one(engine):
    engine.submit(
        **NEW,
        price=100,
        quantity=5,
        time_in_force=matching.TimeInForce.DAY,
        self_trade=matching.SelfTrade.DECREMENT,
        flags=matching.Flag.POST_ONLY,
    )
    told = engine.order(1)
    engine.submit(op=Op.NEW, instrument=1, order_id=2, side=Side.SELL, price=100, quantity=2)
    assert told == matching.RestingOrder(
        order_id=1,
        instrument=1,
        account=3,
        owner=4,
        side=Side.BUY,
        order_type=matching.OrderType.LIMIT,
        time_in_force=matching.TimeInForce.DAY,
        self_trade=matching.SelfTrade.DECREMENT,
        flags=matching.Flag.POST_ONLY,
        price=100,
        quantity=5,
        visible=5,
    )
    assert engine.order(1).quantity == 3
    assert engine.order(2) is None


def test_an_iceberg_and_a_stop_tell_what_is_their_own(engine):
    lot = {"price": 100, "quantity": 1}
    seller = {**NEW, "side": Side.SELL, "order_id": 2}
    engine.submit(**NEW, **lot)
    engine.submit(**seller, **lot)
    engine.submit(
        **{**NEW, "order_id": 3},
        price=90,
        quantity=9,
        order_type=matching.OrderType.ICEBERG,
        display_quantity=4,
    )
    trailing = {"order_type": matching.OrderType.TRAILING_STOP, "flags": matching.Flag.TRAIL_PERCENT}
    engine.submit(**{**NEW, "order_id": 4}, quantity=5, stop_price=250, budget=600, **trailing)
    iceberg, stop = engine.order(3), engine.order(4)
    assert (iceberg.quantity, iceberg.display_quantity, iceberg.visible) == (9, 4, 4)
    assert (iceberg.stop_price, iceberg.budget, iceberg.extreme) == (0, 0, 0)
    assert (stop.price, stop.stop_price, stop.budget, stop.extreme) == (0, 250, 600, 100)
    assert (stop.display_quantity, stop.visible) == (0, 0)
    assert engine.depth(1, 9).bids.tolist() == [(90, 4, 1)], "a slice is seen, a stop is not"


@pytest.mark.spec("MAT-5")
def test_the_auction_that_would_be(engine):
    """Asked at any time, before self-trade prevention, and nothing is changed by asking."""
    nothing = matching.Auction(price=0, quantity=0, surplus=0, side=0)
    engine.open_instrument(7, tick=5)
    new = {**NEW, "instrument": 7}
    assert engine.auction(7) == nothing
    engine.submit(**new, price=110, quantity=9)
    assert engine.auction(7, 100) == nothing
    engine.submit(op=Op.OPEN_AUCTION, instrument=7)
    seller = {**new, "order_id": 2, "side": Side.SELL, "self_trade": matching.SelfTrade.CANCEL_BOTH}
    engine.submit(**seller, price=95, quantity=5)
    before = engine.snapshot()
    for reference, price in ((0, 100), (95, 95), (105, 105), (110, 110), (200, 110), (5, 95)):
        assert engine.auction(7, reference) == matching.Auction(price, 5, 4, Side.BUY)
    for reference in (-5, 101, 2**63):
        with pytest.raises(ValueError, match="reference"):
            engine.auction(7, reference)
    with pytest.raises(TypeError):
        engine.auction(7, 100.0)
    engine.submit(op=Op.HALT, instrument=7)
    assert engine.auction(7).quantity == 5
    engine.submit(op=Op.RESUME, instrument=7)
    assert engine.snapshot() == before
