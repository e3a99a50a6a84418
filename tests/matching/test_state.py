"""Snapshots and state hashes: canonical, whole, and proof against garbage."""

import hashlib
import struct

import pytest

from matching import Engine, Flag, Op, OrderType, SelfTrade, Side, TimeInForce
from tests.matching import drawn, streams

TOP = 2**63 - 1
HEADER, INSTRUMENT, ORDER = "<8sII", "<IIqqqqQqQQQ", "<QIIqqIBBBB"
BOOK = {
    "id": 7,
    "phase": 1,
    "tick": 5,
    "lot": 10,
    "low": 0,
    "high": 900,
    "last_id": 4,
    "last": 100,
    "bids": 2,
    "asks": 1,
    "stops": 0,
}
BID_1 = {
    "id": 1,
    "account": 11,
    "owner": 1,
    "price": 95,
    "quantity": 30,
    "flags": 0,
    "type": 0,
    "time": 0,
    "self": 0,
    "side": 1,
}
BID_2 = {**BID_1, "id": 2, "account": 21, "owner": 2, "quantity": 20, "flags": 1, "time": 1, "self": 4}
ASK_3 = {**BID_1, "id": 3, "price": 105, "quantity": 10, "time": 2, "side": 2}


def seal(content):
    return content + hashlib.sha256(content).digest()


# The book in an auction, crossed, with every kind of order: two icebergs, both legs of a pair, three stops.
FULL_BOOK = {**BOOK, "phase": 3, "last_id": 9, "bids": 2, "asks": 2, "stops": 4}
ICEBERG_4 = {**BID_1, "id": 4, "price": 110, "quantity": 100, "flags": 1, "type": 5}
ICEBERG_4 |= {"display": 30, "visible": 20}
LEG_5 = {**ASK_3, "id": 5, "price": 95, "quantity": 20, "flags": 2, "time": 0}
STOP_7 = {**BID_1, "id": 7, "price": 0, "type": 2, "stop": 120, "budget": 999, "extreme": 0}
LEG_6 = {**LEG_5, "id": 6, "price": 90, "type": 3, "time": 1, "stop": 80, "budget": 0, "extreme": 0}
TRAILING_8 = {**STOP_7, "id": 8, "type": 4, "stop": 10, "extreme": 95, "time": 2}
PERCENT_9 = {**TRAILING_8, "id": 9, "flags": 4, "side": 2, "stop": 9999, "budget": 0, "extreme": 100}
FULL = {"bid": ICEBERG_4, "other bid": BID_1, "leg": LEG_5, "ask": ASK_3}
FULL |= {"trailing": TRAILING_8, "stop": STOP_7, "stop leg": LEG_6, "percent": PERCENT_9}


def canonical(book=BOOK, orders=(BID_1, BID_2, ASK_3), magic=b"ALEFBOOK", version=2, count=1):
    """Write a snapshot by the layout in the documentation, not by the engine's code."""
    content = struct.pack(HEADER, magic, version, count) + struct.pack(INSTRUMENT, *book.values())
    return seal(content + b"".join(map(record, orders)))


def record(order):
    """Write an order, with what stands behind it if it is an iceberg or a stop."""
    values = list(order.values())
    return struct.pack(ORDER, *values[:10]) + struct.pack(f"<{len(values) - 10}q", *values[10:])


def full(book=None, **changed):
    """Write the snapshot of FULL_BOOK, with some fields of some orders changed."""
    orders = [{**order, **changed.get(name.replace(" ", "_"), {})} for name, order in FULL.items()]
    return canonical({**FULL_BOOK, **(book or {})}, orders)


def traded_engine(name):
    """Trade until the book is the one in BOOK."""
    engine = Engine(name)
    engine.open_instrument(7, tick=5, lot=10, collar=(0, 900))
    new = {"op": Op.NEW, "instrument": 7}
    ann, bob = {"account": 11, "owner": 1}, {"account": 21, "owner": 2}
    terms: dict[str, int] = {
        "time_in_force": TimeInForce.DAY,
        "self_trade": SelfTrade.DECREMENT,
        "flags": Flag.POST_ONLY,
    }
    gtd = {"time_in_force": TimeInForce.GTD}
    engine.submit(**new, **ann, order_id=1, side=Side.BUY, price=100, quantity=20)
    engine.submit(**new, **bob, order_id=2, side=Side.BUY, price=95, quantity=20, **terms)
    engine.submit(**new, **ann, order_id=3, side=Side.SELL, price=105, quantity=10, **gtd)
    engine.submit(**new, order_id=4, side=Side.SELL, price=100, quantity=10)
    engine.submit(op=Op.REPLACE, instrument=7, order_id=2, price=90, quantity=20)
    engine.submit(op=Op.REPLACE, instrument=7, order_id=1, price=95, quantity=30)
    engine.submit(op=Op.REPLACE, instrument=7, order_id=2, price=95, quantity=20)
    return engine


@pytest.mark.spec("MAT-1", "MAT-7")
def test_the_bytes_are_those_that_are_documented(engine_name):
    engine = traded_engine(engine_name)
    assert engine.snapshot() == canonical()
    assert engine.state_hash() == canonical()[-32:] == engine.state_hash(7)
    assert engine.state_hash().hex() == "60cf531c3fe5e8164ae974ec91212c0ac9f22778b4058f801d914af42de637c1"


@pytest.mark.spec("MAT-1")
def test_equal_books_have_equal_hashes_however_they_came_about(engine_name):
    restored = Engine(engine_name)
    restored.restore(canonical())
    assert restored.snapshot() == traded_engine(engine_name).snapshot()
    orders = drawn.resting(restored)
    assert [order.order_id for order in orders] == [1, 2, 3]
    assert orders[1].flags == Flag.POST_ONLY
    assert orders[1].order_type == OrderType.LIMIT


@pytest.mark.spec("MAT-1")
def test_every_part_of_the_state_is_in_the_hash(engine_name):
    seen = {canonical()[-32:]}
    settings = {"id": 8, "phase": 2, "tick": 1, "lot": 1, "low": 5, "high": 0, "last_id": 9, "last": 95}
    order = {"id": 4, "account": 1, "owner": 1, "price": 90, "quantity": 10, "flags": 0, "time": 0, "self": 0}
    variants = [canonical({**BOOK, name: value}) for name, value in settings.items()]
    variants += [canonical(orders=(BID_1, {**BID_2, name: value}, ASK_3)) for name, value in order.items()]
    for snapshot in [*variants, canonical(orders=(BID_2, BID_1, ASK_3))]:
        engine = Engine(engine_name)
        engine.restore(snapshot)
        assert engine.snapshot() == snapshot
        assert engine.state_hash() not in seen
        seen.add(engine.state_hash())


@pytest.mark.spec("ORD-2", "MAT-5", "MAT-7")
def test_stops_icebergs_and_pairs_are_in_the_bytes(engine_name):
    engine = Engine(engine_name)
    engine.open_instrument(7, tick=5, lot=10, collar=(0, 900))
    ann = {"op": Op.NEW, "instrument": 7, "account": 11, "owner": 1}
    buy, sell = {**ann, "side": Side.BUY}, {**ann, "side": Side.SELL}
    stop_limit = {"order_type": OrderType.STOP_LIMIT, "stop_price": 80, "time_in_force": TimeInForce.DAY}
    trailing = {"order_type": OrderType.TRAILING_STOP, "time_in_force": TimeInForce.GTD}
    iceberg = {"order_type": OrderType.ICEBERG, "flags": Flag.POST_ONLY, "display_quantity": 30}
    engine.submit(**buy, order_id=1, price=95, quantity=40)
    engine.submit(**sell, order_id=2, price=95, quantity=10)
    engine.submit(**sell, order_id=3, price=115, quantity=10, time_in_force=TimeInForce.GTD)
    engine.submit(**buy, order_id=4, price=110, quantity=110, **iceberg)
    engine.submit(op=Op.OPEN_AUCTION, instrument=7)
    engine.submit(**sell, order_id=5, price=95, quantity=20)
    engine.submit(**sell, order_id=6, price=90, quantity=20, **stop_limit, flags=Flag.OCO)
    stop = {"order_type": OrderType.STOP_LOSS, "stop_price": 120}
    engine.submit(**buy, order_id=7, quantity=30, budget=999, **stop)
    engine.submit(**buy, order_id=8, quantity=30, budget=999, **trailing, stop_price=10)
    engine.submit(**sell, order_id=9, quantity=30, **trailing, stop_price=9999, flags=Flag.TRAIL_PERCENT)
    rest = {"bid": {"quantity": 110, "visible": 30}, "ask": {"price": 115}, "percent": {"extreme": 95}}
    arrived = [*list(FULL)[:4], "stop leg", "stop", "trailing", "percent"]
    expected = [{**FULL[name], **rest.get(name, {})} for name in arrived]
    assert engine.snapshot() == canonical({**FULL_BOOK, "last": 95}, expected)
    restored = Engine(engine_name)
    restored.restore(full())
    assert restored.snapshot() == full()
    orders = drawn.resting(restored)
    assert [order.order_id for order in orders] == [4, 1, 5, 3, 8, 7, 6, 9]
    assert (orders[0].display_quantity, orders[0].visible, orders[0].stop_price) == (30, 20, 0)
    assert (orders[4].stop_price, orders[4].extreme, orders[4].budget) == (10, 95, 999)
    assert [order.visible for order in orders[1:]] == [30, 20, 10, 0, 0, 0, 0]


EMPTY = struct.pack(INSTRUMENT, *{**BOOK, "bids": 0, "asks": 0}.values())
IMPOSSIBLE = {
    "another kind of file": canonical(magic=b"SOMETHIN"),
    "an earlier version": canonical(version=1),
    "a later version": canonical(version=3),
    "more books than there are": canonical(count=2),
    "fewer books than there are": canonical(count=0),
    "more orders than there are": canonical({**BOOK, "asks": 2}),
    "a count beyond all bounds": canonical({**BOOK, "asks": 2**64 - 1}),
    "no tick": canonical({**BOOK, "tick": 0}),
    "no lot": canonical({**BOOK, "lot": 0}),
    "a negative lot": canonical({**BOOK, "lot": -10}),
    "a phase that is not known": canonical({**BOOK, "phase": 9}),
    "a phase before the first": canonical({**BOOK, "phase": 0}),
    "an upside-down collar": canonical({**BOOK, "low": 901}),
    "a negative collar": canonical({**BOOK, "low": -1}),
    "a negative last price": canonical({**BOOK, "last": -5}),
    "a last price off the tick": canonical({**BOOK, "last": 101}),
    "an order id beyond the last one": canonical({**BOOK, "last_id": 2}),
    "a last id beyond 63 bits": canonical({**BOOK, "last_id": 2**63}),
    "order id 0": canonical(orders=({**BID_1, "id": 0}, BID_2, ASK_3)),
    "one id at one price twice": canonical(orders=(BID_1, {**BID_2, "id": 1}, ASK_3)),
    "one id on both sides": canonical(orders=(BID_1, BID_2, {**ASK_3, "id": 1})),
    "no quantity": canonical(orders=({**BID_1, "quantity": 0}, BID_2, ASK_3)),
    "a negative quantity": canonical(orders=({**BID_1, "quantity": -10}, BID_2, ASK_3)),
    "a broken lot": canonical(orders=({**BID_1, "quantity": 5}, BID_2, ASK_3)),
    "a price off the tick": canonical(orders=({**BID_1, "price": 96}, BID_2, ASK_3)),
    "price 0": canonical({**BOOK, "bids": 0}, orders=({**ASK_3, "price": 0},)),
    "a negative price": canonical(orders=(BID_1, {**BID_2, "price": -5}, ASK_3)),
    "more on a side than it can hold": canonical(orders=({**BID_1, "quantity": 2**63 - 8}, BID_2, ASK_3)),
    "bids out of order": canonical(orders=({**BID_1, "price": 90}, BID_2, ASK_3)),
    "a crossed book": canonical(orders=(BID_1, BID_2, {**ASK_3, "price": 95})),
    "a seller among the buyers": canonical(orders=(BID_1, {**BID_2, "side": 2}, ASK_3)),
    "a resting market order": canonical(orders=({**BID_1, "type": 1}, BID_2, ASK_3)),
    "a resting IOC": canonical(orders=({**BID_1, "time": 3}, BID_2, ASK_3)),
    "a mode that is not known": canonical(orders=({**BID_1, "self": 5}, BID_2, ASK_3)),
    "half a pair": canonical(orders=({**BID_1, "flags": 2}, BID_2, ASK_3)),
    "a flag that is not known": canonical(orders=({**BID_1, "flags": 2**31}, BID_2, ASK_3)),
    "bytes behind the end": seal(canonical()[:-32] + b"\0"),
    "half an order": seal(canonical()[:-40]),
    "nothing": b"",
    "only a hash": seal(b""),
    "only a name": seal(b"ALEFBOOK"),
    "a book twice": seal(canonical()[:12] + b"\2\0\0\0" + 2 * EMPTY),
}
IMPOSSIBLE_FULL = {
    "a crossed book outside an auction": full({"phase": 1}),
    "a crossed book in a halt outside an auction": full({"phase": 2}),
    "a slice of nothing": full(bid={"visible": 0}),
    "a slice above what is shown": full(bid={"visible": 40}),
    "a slice above what is open": full(bid={"quantity": 10}),
    "a slice of half a lot": full(bid={"visible": 15}),
    "nothing to show": full(bid={"display": 0}),
    "half a lot to show": full(bid={"display": 25}),
    "more than a thousand slices": full(bid={"display": 10, "visible": 10, "quantity": 10010}),
    "an iceberg with half a pair": full(bid={"flags": 2}),
    "an iceberg that never rests": full(bid={"time": 4}),
    "a flag of trailing stops on a limit order": full(other_bid={"flags": 4}),
    "a stop among the bids": canonical({**FULL_BOOK, "bids": 1, "stops": 0}, [STOP_7, LEG_5, ASK_3]),
    "a limit order among the stops": canonical({**FULL_BOOK, "stops": 1}, [*list(FULL.values())[:4], BID_2]),
    "an iceberg among the stops": canonical(
        {**FULL_BOOK, "bids": 1, "asks": 0, "stops": 1}, [BID_1, ICEBERG_4]
    ),
    "more stops than there are": full({"stops": 5}),
    "fewer stops than there are": full({"stops": 3}),
    "stops beyond all bounds": full({"stops": 2**64 - 1}),
    "a stop that never rests": full(stop={"time": 3}),
    "a post-only stop": full(stop={"flags": 1}),
    "a stop in percent that does not trail": full(stop={"flags": 4}),
    "a stop of no side": full(stop={"side": 3}),
    "a stop with a broken lot": full(stop={"quantity": 15}),
    "a stop with an id that is taken": full(stop={"id": 1}),
    "a stop with an id beyond the last one": full({"last_id": 8}),
    "no trigger": full(stop={"stop": 0}),
    "a trigger off the tick": full(stop={"stop": 121}),
    "a stop at market with a limit": full(stop={"price": 100}),
    "a stop-limit without a limit": full(stop_leg={"price": 0}),
    "a stop-limit off the tick": full(stop_leg={"price": 91}),
    "a negative budget": full(stop={"budget": -1}),
    "a budget of a limit": full(stop_leg={"budget": 1}),
    "a budget of a seller": full(percent={"budget": 1}),
    "an extreme of a stop that does not trail": full(stop={"extreme": 100}),
    "no distance": full(trailing={"stop": 0}),
    "a distance off the tick": full(trailing={"stop": 11}),
    "a distance above all basis points": full(percent={"stop": 10000}),
    "no extreme": full(trailing={"extreme": 0}),
    "an extreme off the tick": full(trailing={"extreme": 96}),
    "a buyer's extreme above the last price": full(trailing={"extreme": 105}),
    "a seller's extreme below the last price": full(percent={"extreme": 95}),
    "a trailing stop without any trade": full({"last": 0}, trailing={"extreme": 0}),
    "a leg whose other leg has no flag": full(leg={"flags": 0}),
    "a leg whose stop has no flag": full(stop_leg={"flags": 0}),
    "legs of two accounts": full(leg={"account": 12}),
    "legs of two owners": full(leg={"owner": 2}),
    "legs of two quantities": full(leg={"quantity": 30}),
    "legs of two sides": full(stop_leg={"side": 1}),
    "legs that are not neighbours": full({"last_id": 20}, stop_leg={"id": 16}),
}
IMPOSSIBLE |= IMPOSSIBLE_FULL


@pytest.mark.spec("MAT-6", "MAT-7")
@pytest.mark.parametrize(
    "snapshot",
    [
        Engine("reference").snapshot(),
        full(),
        full({"phase": 4}),
        full(stop={"stop": 5}, percent={"stop": 1}),
        full(bid={"quantity": 10000, "display": 10, "visible": 10}),
        full(bid={"display": TOP - 7}),
        full(
            {"lot": 1},
            stop={"quantity": TOP},
            trailing={"quantity": TOP, "stop": TOP - 2},
            other_bid={"quantity": TOP - 100},
        ),
        canonical({**BOOK, "last_id": TOP}),
        canonical({**BOOK, "lot": 1}, orders=({**BID_1, "quantity": TOP - 20}, BID_2, ASK_3)),
        canonical(
            {**BOOK, "tick": 1, "lot": 1, "low": 901, "high": 901, "last": TOP},
            orders=({**BID_1, "price": 2}, {**BID_2, "price": 1, "quantity": 1}, {**ASK_3, "price": TOP}),
        ),
    ],
    ids=[
        "no instrument",
        "every kind of order",
        "a halted auction",
        "stops that are through already",
        "a thousand slices",
        "more to show than there is",
        "endless stops",
        "the last order id",
        "a full side",
        "both ends of the number line",
    ],
)
def test_the_limits_of_what_is_possible_are_restored(engine_name, snapshot):
    engine = Engine(engine_name)
    engine.restore(snapshot)
    assert engine.snapshot() == snapshot


@pytest.mark.spec("MAT-6")
def test_an_empty_engine_restored_takes_the_first_order(engine):
    engine.restore(Engine(engine.name).snapshot())
    assert engine.instruments() == []
    engine.open_instrument(1)
    (event,) = engine.submit(op=Op.NEW, instrument=1, order_id=1, side=Side.BUY, price=1, quantity=1)
    assert event["reason"] == 0


@pytest.mark.spec("MAT-6", "MAT-7")
@pytest.mark.parametrize("snapshot", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_an_impossible_snapshot_is_refused_and_changes_nothing(engine_name, snapshot):
    engine = traded_engine(engine_name)
    with pytest.raises(ValueError, match=r"\w"):
        engine.restore(snapshot)
    assert engine.snapshot() == canonical()


@pytest.mark.spec("MAT-6")
def test_a_damaged_snapshot_is_refused_and_changes_nothing(engine):
    engine.submit_batch(streams.market(31, 500))
    snapshot, dice = engine.snapshot(), streams.seeded(1)
    for _ in range(300):
        damaged = bytearray(snapshot)
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        with pytest.raises(ValueError, match="snapshot"):
            engine.restore(bytes(damaged))
    for length in range(0, len(snapshot), 37):
        with pytest.raises(ValueError, match="snapshot"):
            engine.restore(snapshot[:length])
    for _ in range(100):
        with pytest.raises(ValueError, match="snapshot"):
            engine.restore(dice.randbytes(dice.randrange(500)))
    assert engine.snapshot() == snapshot


@pytest.mark.spec("MAT-6")
def test_garbage_with_a_fitting_hash_is_refused_or_sound(engine):
    """Somebody who can write a hash cannot break the engine either."""
    engine.submit_batch(streams.market(32, 300))
    content, dice = engine.snapshot()[:-32], streams.seeded(2)
    sound = 0
    for _ in range(600):
        forged = bytearray(content)
        for _ in range(dice.randint(1, 2)):
            forged[dice.randrange(16, len(forged))] = dice.choice((0, 1, 255, dice.randrange(256)))
        other = Engine(engine.name)
        try:
            other.restore(seal(bytes(forged)))
        except ValueError:
            continue
        sound += 1
        assert other.snapshot() == seal(bytes(forged))
        other.submit_batch(streams.market(33, 50))
        other.restore(other.snapshot())
    assert 0 < sound < 600


@pytest.mark.parametrize("snapshot", ["ALEFBOOK", None, 7])
def test_what_is_not_bytes_is_no_snapshot(engine, snapshot):
    with pytest.raises(TypeError, match="bytes"):
        engine.restore(snapshot)


@pytest.mark.spec("MAT-7")
def test_a_restore_replaces_everything(engine):
    engine.submit(op=Op.NEW, instrument=1, order_id=50, side=Side.BUY, price=1, quantity=1)
    engine.restore(canonical())
    assert engine.instruments() == [7]
    assert engine.order(50) is None
    assert engine.order(1).price == 95
    (event,) = engine.submit(op=Op.NEW, instrument=7, order_id=5, side=Side.BUY, price=5, quantity=10)
    assert event["reason"] == 0, "the last order id is the restored one"
