"""The quick way in for one order: `new`, `cancel`, and what they caused."""

import numpy as np
import pytest

from matching import (
    COMMAND,
    EVENT,
    Engine,
    EventKind,
    Flag,
    Memory,
    Op,
    OrderType,
    SelfTrade,
    Side,
    TimeInForce,
)
from tests.matching import streams

TERMS = (
    "instrument", "order_id", "account", "owner", "side", "price", "quantity", "order_type", "time_in_force",
    "self_trade", "flags", "stop_price", "display_quantity", "budget", "sequence",
)  # fmt: skip


def one_by_one(engine, commands):
    """Carry out commands, NEW and CANCEL by the quick way; return the bytes of all events."""
    told = []
    for command in commands:
        if command["op"] == Op.NEW:
            count = engine.new(*(int(command[name]) for name in TERMS))
        elif command["op"] == Op.CANCEL:
            terms = {name: int(command[name]) for name in ("order_id", "account", "sequence")}
            count = engine.cancel(int(command["instrument"]), **terms)
        else:
            count = len(engine.submit(command))
        assert count == len(engine.events())
        told.append(engine.events().tobytes())
    return b"".join(told)


def test_one_by_one_says_what_a_batch_says(engine_name):
    commands = streams.market(7, 500)
    cancels = commands["op"] == Op.CANCEL
    commands["price"][cancels] = commands["quantity"][cancels] = 0  # a refusal would tell them
    batch, single = Engine(engine_name), Engine(engine_name)
    for engine in (batch, single):
        for number in np.unique(commands["instrument"]):
            engine.open_instrument(int(number))
    assert one_by_one(single, commands) == batch.submit_batch(commands).tobytes()
    assert single.state_hash() == batch.state_hash()


def test_an_order_in_one_line(engine):
    assert engine.new(1, 1, 3, 4, Side.SELL, 100, 5) == 1
    assert engine.new(1, 2, 5, 6, Side.BUY, 100, 2, self_trade=SelfTrade.CANCEL_BOTH, sequence=9) == 2
    assert engine.events()["kind"].tolist() == [EventKind.ACCEPTED, EventKind.TRADE]
    assert engine.events()["sequence"].tolist() == [9, 9]
    assert engine.cancel(1, 1, 3) == 1
    assert engine.events()["quantity"].tolist() == [3]
    assert engine.cancel(1, 1) == 1
    assert engine.events()["kind"].tolist() == [EventKind.REJECTED]


def test_every_term_reaches_its_field(engine):
    """What is refused tells its fields; what rests tells the others."""
    engine.new(
        1, 1, 2, 3, Side.BUY, 100, 5, OrderType.LIMIT, TimeInForce.DAY, SelfTrade.DECREMENT, Flag.POST_ONLY
    )
    resting = engine.order(1)
    assert (resting.account, resting.owner, resting.side, resting.price, resting.quantity) == (
        2,
        3,
        1,
        100,
        5,
    )
    assert resting.order_type is OrderType.LIMIT
    assert resting.time_in_force is TimeInForce.DAY
    assert resting.self_trade is SelfTrade.DECREMENT
    assert resting.flags is Flag.POST_ONLY
    for term in ("stop_price", "display_quantity", "budget"):
        assert engine.new(1, 2, 2, 3, Side.BUY, 100, 5, **{term: 7}) == 1
        assert engine.events()["kind"].tolist() == [EventKind.REJECTED]


def test_the_largest_numbers_fit(engine):
    most = {name: 2 ** (8 * COMMAND[name].itemsize) - 1 for name in TERMS if COMMAND[name].kind == "u"}
    most |= {name: 2**63 - 1 for name in TERMS if COMMAND[name].kind == "i"}
    assert engine.new(**most) == 1
    told = engine.events()[0]
    for name in ("sequence", "instrument", "order_id", "account", "side", "price", "quantity"):
        assert told[name] == most[name]
    assert engine.new(**dict.fromkeys(TERMS, 0) | {"price": -(2**63), "quantity": -(2**63)}) == 1
    assert engine.events()[0]["price"] == -(2**63)


@pytest.mark.parametrize("term", TERMS)
def test_what_does_not_fit_raises_and_changes_nothing(engine, term):
    engine.new(1, 1, 3, 4, Side.SELL, 100, 5)
    before, told = engine.snapshot(), engine.events().tobytes()
    sound = dict.fromkeys(TERMS, 0) | {"instrument": 1, "order_id": 2, "side": 1, "price": 1, "quantity": 1}
    bits = 8 * COMMAND[term].itemsize - (COMMAND[term].kind == "i")
    for value, error in (
        (2**bits, OverflowError),
        (2**64, OverflowError),
        (-1 if COMMAND[term].kind == "u" else -(2**63) - 1, OverflowError),
        (1.0, TypeError),
        ("1", TypeError),
        (None, TypeError),
        (np.float64(1), TypeError),
    ):
        with pytest.raises(error):
            engine.new(**sound | {term: value})
        if term in ("instrument", "order_id", "account", "sequence"):
            with pytest.raises(error):
                engine.cancel(**{"instrument": 1, "order_id": 1, term: value})
    assert engine.snapshot() == before
    assert engine.events().tobytes() == told


def test_numbers_of_numpy_are_integers_too(engine):
    assert engine.new(*np.array([1, 1, 3, 4, Side.SELL, 100, 5], "i8")) == 1
    assert engine.order(np.int64(1)).quantity == 5


@pytest.mark.parametrize("given", [(), (1,), (1, 1, 3, 4, 1, 100), (1,) * 16])
def test_too_few_and_too_many(engine, given):
    with pytest.raises(TypeError):
        engine.new(*given)
    with pytest.raises(TypeError):
        engine.new(1, 1, 3, 4, 1, 100, 5, colour=1)


def test_events_are_those_of_the_last_call(engine):
    assert len(engine.events()) == 0
    assert engine.events().dtype == EVENT
    engine.new(1, 1, 3, 4, Side.SELL, 100, 5)
    first = engine.events()
    with pytest.raises(ValueError, match="read-only"):
        first["price"] = 0
    engine.submit(op=Op.REDUCE, instrument=1, order_id=1, quantity=1)
    assert engine.events()["kind"].tolist() == [EventKind.REDUCED]
    out = np.zeros(4, EVENT)
    told = engine.submit_batch(np.zeros(3, COMMAND), out)
    assert engine.events().tobytes() == told.tobytes()
    assert not np.shares_memory(engine.events(), out)
    engine.best(1)
    engine.restore(engine.snapshot())
    assert len(engine.events()) == 3
    engine.submit_batch(b"")
    assert len(engine.events()) == 0


def test_memory_counts_the_orders_that_live(engine):
    empty = engine.memory()
    assert isinstance(empty, Memory)
    assert empty.live_orders == 0
    for number in range(1, 1001):
        engine.new(1, number, 3, 4, Side.SELL, 100 + number % 7, 5)
    full = engine.memory()
    assert full.live_orders == 1000
    assert 1000 * 32 <= full.order_bytes <= full.mapped_bytes
    engine.cancel(1, 1)
    assert engine.memory().live_orders == 999


@pytest.mark.parametrize("odd", [1.0, "1", None])
def test_questions_take_integers(engine, odd):
    for ask in (engine.best, engine.order, engine.instrument, lambda number: engine.depth(number, 1)):
        with pytest.raises(TypeError):
            ask(odd)
    with pytest.raises(TypeError):
        engine.depth(1, odd)
    for number in (-1, 2**32, 2**64):
        with pytest.raises(LookupError, match=f"instrument {number} is not open"):
            engine.best(number)
        assert engine.order(number) is None
    assert len(engine.depth(1, 2**70).bids) == 0
