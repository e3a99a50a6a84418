"""Every reason there is, shown once; and what happens at the ends of the number line."""

from pathlib import Path

import pytest

from matching import Engine, EventKind, Flag, Op, OrderType, Phase, Reason, SelfTrade, Side, TimeInForce
from tests.matching import drawn

TOP = 2**63 - 1
ORDER = {"op": Op.NEW, "instrument": 1, "order_id": 10, "account": 1, "owner": 1, "side": Side.BUY}
LIMIT = {**ORDER, "price": 100, "quantity": 5}
MARKET = {**ORDER, "order_type": OrderType.MARKET, "quantity": 5}
OTHER = {"instrument": 1, "order_id": 1, "price": 100, "quantity": 5}
STOP = {**ORDER, "order_type": OrderType.STOP_LOSS, "quantity": 5, "stop_price": 110}
STOP_LIMIT = {**STOP, "order_type": OrderType.STOP_LIMIT, "price": 112}
TRAILING = {**STOP, "order_type": OrderType.TRAILING_STOP, "stop_price": 3}
PERCENT = {**TRAILING, "flags": Flag.TRAIL_PERCENT}
ICEBERG = {**LIMIT, "order_type": OrderType.ICEBERG, "display_quantity": 2}
NEVER_AT_ONCE = (STOP, STOP_LIMIT, TRAILING, PERCENT, ICEBERG)

# What is refused on its own face: (reason, command).
MALFORMED = [
    (Reason.UNKNOWN_OP, {**LIMIT, "op": 0}),
    (Reason.UNKNOWN_OP, {**LIMIT, "op": 12}),
    (Reason.UNKNOWN_OP, {**LIMIT, "op": 2**32 - 1}),
    (Reason.INVALID_SIDE, {**LIMIT, "side": 0}),
    (Reason.INVALID_SIDE, {**LIMIT, "side": 3}),
    (Reason.INVALID_ORDER_TYPE, {**LIMIT, "order_type": 6}),
    (Reason.INVALID_TIME_IN_FORCE, {**LIMIT, "time_in_force": 5}),
    (Reason.INVALID_SELF_TRADE, {**LIMIT, "self_trade": 5}),
    (Reason.INVALID_FLAGS, {**LIMIT, "flags": 8}),
    (Reason.INVALID_FLAGS, {**LIMIT, "flags": 2**31}),
    (Reason.INVALID_ORDER_ID, {**LIMIT, "order_id": 0}),
    (Reason.INVALID_ORDER_ID, {**LIMIT, "order_id": 2**63}),
    (Reason.INVALID_QUANTITY, {**LIMIT, "quantity": 0}),
    (Reason.INVALID_QUANTITY, {**LIMIT, "quantity": -1}),
    (Reason.INVALID_QUANTITY, {**LIMIT, "quantity": -(2**63)}),
    (Reason.INVALID_QUANTITY, {**OTHER, "op": Op.REDUCE, "quantity": 0}),
    (Reason.INVALID_QUANTITY, {**OTHER, "op": Op.REDUCE, "quantity": -5}),
    (Reason.INVALID_QUANTITY, {**OTHER, "op": Op.REPLACE, "quantity": 0}),
    (Reason.INVALID_PRICE, {**LIMIT, "price": 0}),
    (Reason.INVALID_PRICE, {**LIMIT, "price": -1}),
    (Reason.INVALID_PRICE, {**OTHER, "op": Op.REPLACE, "price": -(2**63)}),
    (Reason.PRICE_NOT_ALLOWED, {**MARKET, "price": 1}),
    (Reason.INVALID_BUDGET, {**MARKET, "budget": -1}),
    (Reason.BUDGET_NOT_ALLOWED, {**LIMIT, "budget": 1}),
    (Reason.BUDGET_NOT_ALLOWED, {**MARKET, "side": Side.SELL, "budget": 1}),
    (Reason.STOP_PRICE_NOT_ALLOWED, {**LIMIT, "stop_price": 1}),
    (Reason.STOP_PRICE_NOT_ALLOWED, {**MARKET, "stop_price": -1}),
    (Reason.DISPLAY_QUANTITY_NOT_ALLOWED, {**LIMIT, "display_quantity": 1}),
    (Reason.CONFLICTING_TERMS, {**LIMIT, "flags": Flag.POST_ONLY, "time_in_force": TimeInForce.IOC}),
    (Reason.INVALID_COLLAR, {"op": Op.SET_COLLAR, "instrument": 1, "price": -1}),
    (Reason.INVALID_COLLAR, {"op": Op.SET_COLLAR, "instrument": 1, "stop_price": -1}),
    (Reason.UNKNOWN_INSTRUMENT, {**LIMIT, "instrument": 2}),
    (Reason.UNKNOWN_INSTRUMENT, {"op": Op.HALT, "instrument": 0}),
    (Reason.ORDER_ID_NOT_INCREASING, {**LIMIT, "order_id": 1}),
    (Reason.UNKNOWN_ORDER, {**OTHER, "op": Op.CANCEL, "order_id": 2}),
    (Reason.UNKNOWN_ORDER, {**OTHER, "op": Op.CANCEL, "order_id": 2**64 - 1}),
    (Reason.PRICE_NOT_ALLOWED, {**STOP, "price": 100}),
    (Reason.PRICE_NOT_ALLOWED, {**TRAILING, "price": 100}),
    (Reason.INVALID_PRICE, {**STOP_LIMIT, "price": 0}),
    (Reason.INVALID_PRICE, {**ICEBERG, "price": 0}),
    (Reason.INVALID_PRICE, {"op": Op.UNCROSS, "instrument": 1, "price": -1}),
    (Reason.INVALID_STOP_PRICE, {**STOP, "stop_price": 0}),
    (Reason.INVALID_STOP_PRICE, {**STOP_LIMIT, "stop_price": -1}),
    (Reason.INVALID_STOP_PRICE, {**TRAILING, "stop_price": 0}),
    (Reason.INVALID_STOP_PRICE, {**PERCENT, "stop_price": 0}),
    (Reason.INVALID_STOP_PRICE, {**PERCENT, "stop_price": 10_000}),
    (Reason.STOP_PRICE_NOT_ALLOWED, {**ICEBERG, "stop_price": 1}),
    (Reason.INVALID_DISPLAY_QUANTITY, {**ICEBERG, "display_quantity": 0}),
    (Reason.INVALID_DISPLAY_QUANTITY, {**ICEBERG, "display_quantity": -1}),
    (Reason.INVALID_DISPLAY_QUANTITY, {**ICEBERG, "quantity": 2001}),
    (Reason.DISPLAY_QUANTITY_NOT_ALLOWED, {**STOP, "display_quantity": 1}),
    (Reason.INVALID_BUDGET, {**STOP, "budget": -1}),
    (Reason.BUDGET_NOT_ALLOWED, {**STOP, "budget": 1, "side": Side.SELL}),
    (Reason.BUDGET_NOT_ALLOWED, {**STOP_LIMIT, "budget": 1}),
    (Reason.BUDGET_NOT_ALLOWED, {**ICEBERG, "budget": 1}),
    *[(Reason.CONFLICTING_TERMS, {**order, "time_in_force": TimeInForce.FOK}) for order in NEVER_AT_ONCE],
    *[
        (Reason.CONFLICTING_TERMS, {**order, "flags": Flag.POST_ONLY})
        for order in (STOP, STOP_LIMIT, TRAILING)
    ],
    *[(Reason.CONFLICTING_TERMS, {**order, "flags": Flag.OCO}) for order in (LIMIT, MARKET, ICEBERG)],
    *[(Reason.CONFLICTING_TERMS, {**order, "flags": Flag.TRAIL_PERCENT}) for order in (LIMIT, STOP)],
    (Reason.NOT_IN_AUCTION, {"op": Op.UNCROSS, "instrument": 1, "price": 100}),
    (Reason.NO_LAST_PRICE, TRAILING),
    (Reason.OCO_PARTNER, {**STOP, "flags": Flag.OCO}),
    # Several things wrong at once: the first check in the documented order names the reason.
    (Reason.UNKNOWN_OP, {**LIMIT, "op": 99, "instrument": 99, "side": 99}),
    (Reason.UNKNOWN_INSTRUMENT, {**LIMIT, "op": Op.UNCROSS, "instrument": 99, "price": -1}),
    (Reason.UNKNOWN_INSTRUMENT, {**LIMIT, "instrument": 99, "side": 99}),
    (Reason.INVALID_SIDE, {**LIMIT, "side": 99, "order_type": 99, "quantity": -1}),
    (Reason.INVALID_FLAGS, {**LIMIT, "flags": 99, "order_type": OrderType.ICEBERG}),
    (Reason.INVALID_ORDER_ID, {**LIMIT, "order_type": OrderType.ICEBERG, "order_id": 0}),
    (Reason.INVALID_ORDER_ID, {**LIMIT, "order_id": 0, "quantity": 0}),
    (Reason.INVALID_QUANTITY, {**LIMIT, "quantity": 0, "price": 0}),
    (Reason.INVALID_PRICE, {**LIMIT, "price": 0, "budget": -1}),
]
SHOWN_HERE = {reason for reason, _ in MALFORMED} | {Reason.OPEN_QUANTITY_LIMIT}
NOT_GIVEN = {Reason.OP_NOT_SUPPORTED, Reason.ORDER_TYPE_NOT_SUPPORTED, Reason.FLAG_NOT_SUPPORTED}
OF_THE_COMPILED_ENGINE = {Reason.BOOK_FULL}


def resting(engine, order_id, side, price, quantity, **terms):
    fields = {"instrument": 1, "order_id": order_id, "account": 9, "owner": 9, "side": side}
    events = engine.submit(op=Op.NEW, price=price, quantity=quantity, **fields, **terms)
    assert [int(event["kind"]) for event in events] == [EventKind.ACCEPTED]


@pytest.mark.spec("MAT-1", "ORD-2")
@pytest.mark.parametrize(("reason", "command"), MALFORMED, ids=lambda value: getattr(value, "name", ""))
def test_refused_with_a_reason_and_nothing_changed(engine, reason, command):
    resting(engine, 1, Side.SELL, 105, 5)
    before = engine.snapshot()
    (event,) = engine.submit(sequence=77, **command)
    assert Reason(event["reason"]) == reason
    assert event["kind"] == EventKind.REJECTED
    assert event["sequence"] == 77
    assert event["instrument"] == command["instrument"]
    assert event["order_id"] == command.get("order_id", 0)
    assert engine.snapshot() == before


def test_every_reason_is_shown_somewhere():
    books = (Path(__file__).parent / "books").glob("*.txt")
    text = "".join(path.read_text(encoding="ascii") for path in books)
    drawn_there = {reason for reason in Reason if f"({reason.name})" in text}
    assert set(Reason) - SHOWN_HERE - drawn_there == {Reason.NONE} | NOT_GIVEN | OF_THE_COMPILED_ENGINE


@pytest.mark.parametrize("family", [1, 2, 3, 4, 5, 6, 7])
def test_reasons_stand_in_numbered_families(family):
    numbers = [int(reason) for reason in Reason if reason // 100 == family]
    assert numbers == list(range(family * 100 + 1, family * 100 + 1 + len(numbers)))
    assert numbers


@pytest.mark.spec("MAT-1")
def test_the_highest_price_and_quantity_trade_exactly(engine):
    resting(engine, 1, Side.SELL, TOP, TOP)
    events = engine.submit(**{**LIMIT, "price": TOP, "quantity": TOP, "self_trade": SelfTrade.CANCEL_BOTH})
    assert [int(event["kind"]) for event in events] == [EventKind.ACCEPTED, EventKind.TRADE]
    assert (events[1]["price"], events[1]["quantity"], events[1]["remaining"]) == (TOP, TOP, 0)
    assert engine.best(1) == (None, None)
    assert engine.instrument(1).last_price == TOP


@pytest.mark.spec("MAT-1", "ORD-2")
@pytest.mark.parametrize(
    ("price", "bought"), [(TOP, 1), (TOP // 2, 2), (TOP // 2 + 1, 1), (1, TOP), (2, TOP // 2)]
)
def test_the_highest_budget_is_spent_exactly(engine, price, bought):
    resting(engine, 1, Side.SELL, price, TOP)
    events = engine.submit(
        op=Op.NEW,
        instrument=1,
        order_id=2,
        owner=1,
        side=Side.BUY,
        order_type=OrderType.MARKET,
        quantity=TOP,
        budget=TOP,
    )
    assert events[1]["quantity"] == bought
    assert int(events[1]["quantity"]) * int(events[1]["price"]) <= TOP


@pytest.mark.spec("MAT-3")
def test_fill_or_kill_sums_beyond_64_bits(engine):
    """Two resting orders whose cost together needs more than 64 bits, met with a budget that does not."""
    resting(engine, 1, Side.SELL, TOP, TOP - 1)
    resting(engine, 2, Side.SELL, TOP, 1)
    order = {"op": Op.NEW, "instrument": 1, "side": Side.BUY, "order_type": OrderType.MARKET}
    terms = {"time_in_force": TimeInForce.FOK, "quantity": TOP}
    (refused,) = engine.submit(**order, **terms, order_id=3, budget=TOP)
    assert refused["reason"] == Reason.FOK_NOT_FILLABLE
    events = engine.submit(**order, **terms, order_id=3)
    assert [int(event["remaining"]) for event in events] == [TOP, 1, 0]


@pytest.mark.spec("MAT-1")
def test_one_side_never_holds_more_than_its_sum_can_say(engine):
    resting(engine, 1, Side.BUY, 100, TOP - 5)
    order = {"op": Op.NEW, "instrument": 1, "order_id": 2, "account": 1, "owner": 1, "side": Side.BUY}
    (refused,) = engine.submit(**order, price=99, quantity=6)
    assert refused["reason"] == Reason.OPEN_QUANTITY_LIMIT
    (passing,) = engine.submit(**order, price=99, quantity=5)
    assert passing["kind"] == EventKind.ACCEPTED
    replace = {"op": Op.REPLACE, "instrument": 1, "order_id": 2, "price": 99}
    (refused,) = engine.submit(**replace, quantity=6)
    assert refused["reason"] == Reason.OPEN_QUANTITY_LIMIT
    (passing,) = engine.submit(**replace, quantity=4)
    assert passing["kind"] == EventKind.REPLACED
    ioc = {**order, "order_id": 3, "time_in_force": TimeInForce.IOC}
    assert engine.submit(**ioc, price=1, quantity=TOP)[0]["kind"] == EventKind.ACCEPTED
    assert engine.depth(1, 9).bids["quantity"].tolist() == [TOP - 5, 4]


@pytest.mark.spec("MAT-1")
@pytest.mark.parametrize(
    "free",
    [
        {"op": Op.CANCEL, "order_id": 1},
        {"op": Op.REDUCE, "order_id": 1, "quantity": 5},
        {"op": Op.REPLACE, "order_id": 1, "quantity": TOP - 5, "price": 100},
        {"op": Op.NEW, "order_id": 2, "side": Side.SELL, "quantity": 5, "price": 100},
    ],
    ids=lambda command: command["op"].name,
)
def test_room_on_a_side_comes_back(engine, free):
    """What is cancelled, reduced, replaced or traded away makes exactly as much room."""
    resting(engine, 1, Side.BUY, 100, TOP)
    room = TOP if free["op"] == Op.CANCEL else 5
    (full,) = engine.submit(**{**LIMIT, "quantity": 1})
    assert full["reason"] == Reason.OPEN_QUANTITY_LIMIT
    assert engine.submit(**free, instrument=1)[0]["reason"] == Reason.NONE
    (filling,) = engine.submit(**{**LIMIT, "quantity": room})
    assert filling["kind"] == EventKind.ACCEPTED
    (full,) = engine.submit(**{**LIMIT, "order_id": 11, "quantity": 1})
    assert full["reason"] == Reason.OPEN_QUANTITY_LIMIT


@pytest.mark.spec("MAT-1")
def test_a_million_apart_costs_nothing(engine):
    """Wild prices rest like any other, and leave nothing behind."""
    empty = len(engine.snapshot())
    for number, price in enumerate((1, TOP, 2**40, 3, TOP - 1), 1):
        resting(engine, number, Side.SELL, price, 1)
    assert engine.depth(1, 9).asks["price"].tolist() == [1, 3, 2**40, TOP - 1, TOP]
    for number in range(1, 6):
        engine.submit(op=Op.CANCEL, instrument=1, order_id=number)
    assert len(engine.snapshot()) == empty


@pytest.mark.spec("MAT-1")
def test_the_highest_order_id_is_the_last(engine):
    resting(engine, TOP, Side.BUY, 1, 1)
    (event,) = engine.submit(**{**LIMIT, "order_id": TOP})
    assert event["reason"] == Reason.ORDER_ID_NOT_INCREASING
    assert engine.order(TOP).quantity == 1


@pytest.mark.spec("MAT-1", "MAT-8")
def test_order_ids_rise_over_the_whole_engine(engine):
    engine.open_instrument(2)
    resting(engine, 5, Side.BUY, 100, 5)
    (event,) = engine.submit(**{**LIMIT, "instrument": 2, "order_id": 5})
    assert event["reason"] == Reason.ORDER_ID_NOT_INCREASING
    assert engine.submit(**{**LIMIT, "instrument": 2, "order_id": 6})[0]["kind"] == EventKind.ACCEPTED
    (event,) = engine.submit(op=Op.CANCEL, instrument=2, order_id=5)
    assert event["reason"] == Reason.UNKNOWN_ORDER
    assert (engine.instrument(1).last_order_id, engine.instrument(2).last_order_id) == (5, 6)


@pytest.mark.spec("RISK-1")
def test_a_halt_is_of_one_instrument(engine):
    engine.open_instrument(2)
    engine.submit(op=Op.HALT, instrument=2)
    assert engine.submit(**LIMIT)[0]["kind"] == EventKind.ACCEPTED
    assert (engine.instrument(1).phase, engine.instrument(2).phase) == (Phase.CONTINUOUS, Phase.HALTED)


def test_drawn_books_ask_for_the_whole_book():
    """A scenario whose last section forgets an order must fail."""
    before = "## MAT-1 x\nbefore\n buy 100: #1 ann 5\n"
    command = "command\n NEW #2 bob BUY 1 @ 99\n"
    (scenario,) = drawn.read(before + command + "events\nafter\n buy 100: #1 ann 5\n")
    events, after = drawn.play(scenario, Engine("reference"))
    assert events != scenario.events
    assert after != scenario.after
