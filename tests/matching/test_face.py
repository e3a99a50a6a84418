"""The public face: records, engines, buffers, questions."""

import numpy as np
import pytest

import matching
from matching import COMMAND, EVENT, LEVEL, Engine, EngineUnavailableError, EventKind, Op, Side
from matching.records import Command, Event
from tests.matching import streams

NEW = {"op": Op.NEW, "instrument": 1, "order_id": 1, "account": 3, "owner": 4, "side": Side.BUY}


def batch(count, **fields):
    commands = np.zeros(count, COMMAND)
    commands["op"], commands["instrument"], commands["side"] = Op.NEW, 1, Side.BUY
    commands["order_id"] = np.arange(1, count + 1)
    commands["price"], commands["quantity"] = 100, 5
    for name, value in fields.items():
        commands[name] = value
    return commands


@pytest.mark.spec("MAT-1")
def test_records_are_packed_little_endian_and_as_long_as_promised():
    assert COMMAND.itemsize == 80
    assert EVENT.itemsize == 64
    for dtype in (COMMAND, EVENT, LEVEL):
        offset = 0
        for name, letters, *_ in dtype.descr:
            field = np.dtype(letters)
            assert letters[0] in "<|"
            assert dtype[name] == field
            assert offset % field.itemsize == 0, "naturally aligned"
            offset += field.itemsize
        assert offset == dtype.itemsize, "no unnamed bytes"
    assert Command._fields == COMMAND.names
    assert Event._fields == EVENT.names


@pytest.mark.spec("MAT-1")
def test_a_record_is_these_bytes():
    record = np.zeros(1, COMMAND)
    for number, name in enumerate(Command._fields, 1):
        record[name] = number
    assert record.tobytes().hex() == (
        "0100000000000000" "02000000" "03000000" "04000000" "05000000" "0600000000000000"
        "0708090a" "0b000000" "0c00000000000000" "0d00000000000000" "0e00000000000000"
        "0f00000000000000" "1000000000000000"
    )  # fmt: skip


@pytest.mark.spec("OPS-1")
def test_the_engine_in_use_is_named():
    told = matching.info()
    assert told["engine"] in told["available"]
    assert Engine().info() == told
    assert Engine(engine="reference").info()["engine"] == "reference"
    assert ("compiled" in told["available"]) == (told["compiled_missing"] is None)
    assert told["engine"] == ("compiled" if "compiled" in told["available"] else "reference")


@pytest.mark.skipif("compiled" in matching.info()["available"], reason="the compiled engine is here")
def test_a_missing_engine_is_said_to_be_missing():
    with pytest.raises(EngineUnavailableError, match="compiled engine is not available here: "):
        Engine(engine="compiled")


def test_an_engine_that_does_not_exist():
    with pytest.raises(ValueError, match="no engine is called 'quantum'"):
        Engine(engine="quantum")


def test_a_new_engine_is_empty(engine_name):
    engine = Engine(engine_name)
    assert isinstance(engine, Engine)
    assert engine.instruments() == []
    assert engine.order(1) is None


def test_one_command_by_fields_or_as_a_record(engine_name):
    told = []
    for make in (
        lambda command: {name: int(command[name]) for name in Command._fields},
        lambda command: command,
        np.array,
        lambda command: np.array([command]),
    ):
        engine = Engine(engine_name)
        engine.open_instrument(1)
        given = make(batch(1)[0])
        told.append((engine.submit(**given) if isinstance(given, dict) else engine.submit(given)).tobytes())
    assert len(set(told)) == 1
    assert len(told[0]) == EVENT.itemsize


@pytest.mark.parametrize(
    ("positional", "named", "error"),
    [
        ((), {}, TypeError),
        ((batch(1),), NEW, TypeError),
        ((b"x" * 80,), {}, TypeError),
        ((np.zeros(1, EVENT),), {}, TypeError),
        ((batch(2),), {}, ValueError),
        ((batch(0),), {}, ValueError),
        ((), {**NEW, "colour": 1}, TypeError),
        ((), {**NEW, "price": 1.5}, TypeError),
        ((), {**NEW, "price": "1"}, TypeError),
        ((), {**NEW, "price": None}, TypeError),
        ((), {**NEW, "price": 2**63}, OverflowError),
        ((), {**NEW, "order_id": -1}, OverflowError),
        ((), {**NEW, "side": 256}, OverflowError),
    ],
)
def test_what_is_not_a_command_raises_and_changes_nothing(engine, positional, named, error):
    before = engine.snapshot()
    with pytest.raises(error):
        engine.submit(*positional, **named)
    assert engine.snapshot() == before


@pytest.mark.parametrize(
    ("buffer", "error"),
    [
        ([(1,) * 16], TypeError),
        (None, TypeError),
        ("x" * 80, TypeError),
        (np.zeros(3, EVENT), TypeError),
        (np.zeros(3, COMMAND.newbyteorder(">")), TypeError),
        (np.zeros(240, "u1"), TypeError),
        (batch(4).reshape(2, 2), ValueError),
        (batch(1)[0:1].reshape(()), ValueError),
        (batch(4)[::2], ValueError),
        (bytes(81), ValueError),
    ],
)
def test_what_is_not_a_batch_raises_and_changes_nothing(engine, buffer, error):
    before = engine.snapshot()
    with pytest.raises(error):
        engine.submit_batch(buffer)
    assert engine.snapshot() == before


def test_a_batch_may_be_bytes_or_read_only_or_empty(engine_name):
    commands = streams.market(1, 200)
    frozen = commands.copy()
    frozen.flags.writeable = False
    raw: bytes = commands.tobytes()
    told = set()
    for buffer in (commands, frozen, raw, bytearray(raw), memoryview(raw)):
        engine = Engine(engine_name)
        engine.open_instrument(1)
        told.add(engine.submit_batch(buffer).tobytes())
    assert len(told) == 1
    empty = engine.submit_batch(commands[:0])
    assert (empty.dtype, empty.shape) == (EVENT, (0,))
    assert len(engine.submit_batch(b"")) == 0


def test_events_lie_in_the_engines_own_buffer_until_the_next_call(engine):
    first = engine.submit_batch(batch(3))
    assert first.dtype == EVENT
    assert first["order_id"].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        first["price"] = 0
    kept = first.copy()
    for size in (1, 5000):  # the buffer grows, and is used again
        ids = np.arange(size, dtype="u8") + int(engine.instrument(1).last_order_id) + 1
        assert len(engine.submit_batch(batch(size, order_id=ids))) == size
    assert kept["order_id"].tolist() == [1, 2, 3]


def test_events_are_written_where_asked(engine):
    out = np.zeros(5, EVENT)
    told = engine.submit_batch(batch(3), out)
    assert np.shares_memory(told, out)
    assert told["order_id"].tolist() == [1, 2, 3]
    assert out["order_id"].tolist() == [1, 2, 3, 0, 0]
    engine.submit(op=Op.CANCEL, instrument=1, order_id=1)
    assert told["order_id"].tolist() == [1, 2, 3], "no later call touches it"


def test_no_event_is_lost_when_out_is_too_small(engine):
    assert np.shares_memory(engine.submit_batch(batch(3, price=0), out := np.zeros(3, EVENT)), out), (
        "a full out"
    )
    out = np.zeros(2, EVENT)
    told = engine.submit_batch(batch(3), out)
    assert told["order_id"].tolist() == [1, 2, 3]
    assert not np.shares_memory(told, out)
    assert not out.view("u1").any()
    assert engine.order(3) is not None


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.zeros(9, COMMAND), TypeError),
        (bytearray(640), TypeError),
        (np.zeros((3, 3), EVENT), ValueError),
        (np.zeros(9, EVENT)[::2], ValueError),
        (np.frombuffer(bytes(640), EVENT), ValueError),
    ],
)
def test_a_bad_out_raises_before_anything_happens(engine, out, error):
    before = engine.snapshot()
    with pytest.raises(error):
        engine.submit_batch(batch(3), out)
    assert engine.snapshot() == before


def test_out_may_not_be_the_batch_itself(engine):
    memory = np.zeros(320, "u1")
    commands = memory.view(COMMAND)
    commands[:] = batch(4)
    with pytest.raises(ValueError, match="overlaps"):
        engine.submit_batch(commands, memory.view(EVENT))


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"instrument": -1}, ValueError),
        ({"instrument": 2**32}, ValueError),
        ({"instrument": 1.0}, TypeError),
        ({"instrument": "7"}, TypeError),
        ({"instrument": 1}, ValueError),  # already open
        ({"instrument": 7, "tick": 0}, ValueError),
        ({"instrument": 7, "lot": 0}, ValueError),
        ({"instrument": 7, "lot": 2**63}, ValueError),
        ({"instrument": 7, "tick": 0.5}, TypeError),
        ({"instrument": 7, "collar": (-1, 5)}, ValueError),
        ({"instrument": 7, "collar": (6, 5)}, ValueError),
    ],
)
def test_an_instrument_that_cannot_be_opened(engine, settings, error):
    before = engine.snapshot()
    with pytest.raises(error):
        engine.open_instrument(**settings)
    assert engine.snapshot() == before


@pytest.mark.spec("MAT-1", "RISK-1")
def test_an_instrument_tells_its_settings(engine):
    engine.open_instrument(2**32 - 1, tick=5, lot=10, collar=(90, 0))
    assert engine.instruments() == [1, 2**32 - 1]
    told = engine.instrument(2**32 - 1)
    assert (told.tick, told.lot, told.lowest, told.highest) == (5, 10, 90, 0)
    assert (told.phase, told.last_order_id, told.last_price) == (matching.Phase.CONTINUOUS, 0, 0)
    engine.open_instrument(0)
    assert engine.instrument(0) == matching.Instrument(0, 1, 1, 0, 0, matching.Phase.CONTINUOUS, 0, 0)


@pytest.mark.parametrize("ask", ["auction", "best", "instrument", "state_hash", "depth"])
def test_asking_about_an_instrument_that_is_not_open(engine, ask):
    with pytest.raises(LookupError, match="instrument 5 is not open"):
        getattr(engine, ask)(5, *([1] if ask == "depth" else []))


@pytest.mark.spec("MKT-1")
def test_depth_sums_the_levels_best_first(engine):
    prices = [99, 100, 100, 103, 102, 103]
    engine.submit_batch(batch(6, side=[1, 1, 1, 2, 2, 2], price=prices, quantity=[1, 2, 3, 4, 5, 6]))
    depth = engine.depth(1, 10)
    assert depth.bids.tolist() == [(100, 5, 2), (99, 1, 1)]
    assert depth.asks.tolist() == [(102, 5, 1), (103, 10, 2)]
    assert engine.best(1) == (100, 102)
    out = np.zeros((2, 4), LEVEL)
    bids, asks = engine.depth(1, 1, out)
    assert (bids.tolist(), asks.tolist()) == ([(100, 5, 2)], [(102, 5, 1)])
    assert np.shares_memory(bids, out)
    assert np.shares_memory(asks, out)
    assert len(engine.depth(1, 0).bids) == 0
    assert len(engine.depth(1, 4, out).bids) == 2
    with pytest.raises(ValueError, match="not negative"):
        engine.depth(1, -1)
    with pytest.raises(ValueError, match="holds 4 levels"):
        engine.depth(1, 5, out)
    with pytest.raises(ValueError, match="shape"):
        engine.depth(1, 1, np.zeros(4, LEVEL))
    with pytest.raises(ValueError, match="shape"):
        engine.depth(1, 1, np.zeros((3, 4), LEVEL))
    with pytest.raises(TypeError):
        engine.depth(1, 1, np.zeros((2, 4), EVENT))


@pytest.mark.spec("MAT-1")
def test_the_fields_of_every_kind_of_event(engine):
    """Spelled out once, field by field: this is what other parts of the house read."""
    mine = {"instrument": 1, "order_id": 1, "account": 3}
    seller = {"order_id": 2, "account": 5, "owner": 6, "side": Side.SELL}
    venue = {"instrument": 1, "account": 8}
    told = [
        engine.submit(sequence=1, **NEW, price=100, quantity=9)[0].item(),
        engine.submit(sequence=2, op=Op.REDUCE, **mine, quantity=2)[0].item(),
        engine.submit(sequence=3, op=Op.REPLACE, **mine, quantity=6, price=101)[0].item(),
        engine.submit(sequence=4, **{**NEW, **seller}, price=99, quantity=4)[1].item(),
        engine.submit(sequence=5, op=Op.CANCEL, instrument=1, order_id=1)[0].item(),
        engine.submit(sequence=6, op=Op.SET_COLLAR, **venue, price=90, stop_price=110)[0].item(),
        engine.submit(sequence=7, op=Op.HALT, **venue)[0].item(),
        engine.submit(sequence=8, **{**NEW, **seller}, price=99, quantity=4)[0].item(),
        engine.submit(sequence=9, op=Op.RESUME, **venue)[0].item(),
    ]
    limits, iceberg = {"price": 100, "quantity": 9}, matching.OrderType.ICEBERG
    stop = {"order_id": 5, "quantity": 3, "order_type": matching.OrderType.STOP_LIMIT}
    engine.submit(**{**NEW, **seller, "order_id": 3}, **limits, order_type=iceberg, display_quantity=2)
    told += [event.item() for event in engine.submit(sequence=10, **{**NEW, "order_id": 4}, **limits)[1:3]]
    told += [engine.submit(sequence=11, **{**NEW, **stop}, stop_price=100, price=90)[1].item()]
    told += [engine.submit(sequence=12, op=Op.CANCEL_ALL, **venue)[0].item()]
    told += [engine.submit(sequence=13, op=Op.OPEN_AUCTION, **venue)[0].item()]
    engine.submit(**{**NEW, "order_id": 6}, **limits)
    engine.submit(**{**NEW, **seller, "order_id": 7}, price=99, quantity=5)
    told += [event.item() for event in engine.submit(sequence=14, op=Op.UNCROSS, **venue)]
    told += [engine.submit(sequence=15, op=Op.CANCEL_ALL, instrument=1)[0].item()]
    kind = EventKind
    assert [Event(*event) for event in told] == [
        Event(1, kind.ACCEPTED, 1, 0, 1, 1, 0, 3, 0, 100, 9, 9),
        Event(2, kind.REDUCED, 1, 0, 1, 1, 0, 3, 0, 100, 2, 7),
        Event(3, kind.REPLACED, 1, 0, 1, 1, 0, 3, 0, 101, 6, 6),
        Event(4, kind.TRADE, 2, 0, 1, 2, 1, 5, 3, 101, 4, 0),
        Event(5, kind.CANCELLED, 1, 0, 1, 1, 0, 3, 0, 101, 2, 0),
        Event(6, kind.COLLAR_SET, 0, 0, 1, 0, 0, 8, 0, 90, 110, 0),
        Event(7, kind.HALTED, 0, 0, 1, 0, 0, 8, 0, 0, 0, 0),
        Event(8, kind.REJECTED, 2, matching.Reason.INSTRUMENT_HALTED, 1, 2, 0, 5, 0, 99, 4, 0),
        Event(9, kind.RESUMED, 0, 0, 1, 0, 0, 8, 0, 0, 0, 0),
        Event(10, kind.TRADE, 1, 0, 1, 4, 3, 3, 5, 100, 2, 7),
        Event(10, kind.REFILLED, 2, 0, 1, 3, 0, 5, 0, 100, 2, 7),
        Event(11, kind.TRIGGERED, 1, 0, 1, 5, 0, 3, 0, 90, 3, 3),
        Event(12, kind.ALL_CANCELLED, 0, 0, 1, 0, 0, 8, 0, 0, 0, 0),
        Event(13, kind.AUCTION_OPENED, 0, 0, 1, 0, 0, 8, 0, 0, 0, 0),
        Event(14, kind.AUCTION, 1, 0, 1, 0, 0, 8, 0, 100, 5, 4),
        Event(14, kind.TRADE, 2, 0, 1, 7, 6, 5, 3, 100, 5, 0),
        Event(15, kind.ALL_CANCELLED, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0),
    ]
