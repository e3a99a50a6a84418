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


def canonical(book=BOOK, orders=(BID_1, BID_2, ASK_3), magic=b"ALEFBOOK", version=2, count=1):
    """Write a snapshot by the layout in the documentation, not by the engine's code."""
    content = struct.pack(HEADER, magic, version, count) + struct.pack(INSTRUMENT, *book.values())
    return seal(content + b"".join(struct.pack(ORDER, *order.values()) for order in orders))


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
    "half of a pair": canonical(orders=({**BID_1, "flags": 2}, BID_2, ASK_3)),
    "a flag that is not known": canonical(orders=({**BID_1, "flags": 2**31}, BID_2, ASK_3)),
    "bytes behind the end": seal(canonical()[:-32] + b"\0"),
    "half an order": seal(canonical()[:-40]),
    "nothing": b"",
    "only a hash": seal(b""),
    "only a name": seal(b"ALEFBOOK"),
    "a book twice": seal(canonical()[:12] + b"\2\0\0\0" + 2 * EMPTY),
}


@pytest.mark.spec("MAT-6", "MAT-7")
@pytest.mark.parametrize(
    "snapshot",
    [
        Engine("reference").snapshot(),
        canonical({**BOOK, "last_id": TOP}),
        canonical({**BOOK, "lot": 1}, orders=({**BID_1, "quantity": TOP - 20}, BID_2, ASK_3)),
        canonical(
            {**BOOK, "tick": 1, "lot": 1, "low": 901, "high": 901, "last": TOP},
            orders=({**BID_1, "price": 2}, {**BID_2, "price": 1, "quantity": 1}, {**ASK_3, "price": TOP}),
        ),
    ],
    ids=["no instrument", "the last order id", "a full side", "both ends of the number line"],
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
