"""Five hours of a real exchange's order flow, and the trades that every correct engine finds in it."""

import csv
import lzma
from pathlib import Path

import numpy as np
import pytest

from matching import COMMAND, Engine, EventKind, Op, Reason, Side
from tests.matching import compared

FLOW = Path(__file__).parents[2] / ".." / "shared" / "data" / "bitstamp_2015-05-01" / "orders.csv.xz"
TRADES, LOTS, COMMANDS = 515, 7_090_821, 49_078
SATOSHI_PER_LOT = 10_000  # a lot is 0.0001 BTC; volumes are in 0.00000001 BTC
SIDES = {"bid": Side.BUY, "ask": Side.SELL}


def cents(price):
    whole, _, fraction = price.partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


@pytest.fixture(scope="module")
def flow():
    """One NEW per order created and one CANCEL per order deleted, in the file's order."""
    if not FLOW.exists():
        pytest.skip("the recorded flow lies beside the checkout in shared/data, which is not here")
    with lzma.open(FLOW, "rt", encoding="ascii") as file:
        rows = [row for row in csv.DictReader(file) if row["action"] != "changed"]
    commands = np.zeros(len(rows), COMMAND)
    commands["sequence"], commands["instrument"] = np.arange(1, len(rows) + 1), 1
    numbers: dict[str, int] = {}
    for record, row in zip(commands, rows, strict=True):
        if row["action"] == "created":
            record["op"], record["side"] = Op.NEW, SIDES[row["direction"]]
            record["order_id"] = numbers[row["id"]] = len(numbers) + 1
            record["price"], record["quantity"] = cents(row["price"]), int(row["volume"]) // SATOSHI_PER_LOT
        else:
            record["op"], record["order_id"] = Op.CANCEL, numbers.get(row["id"], 0)
    return commands


def traded(events):
    trades = events[events["kind"] == EventKind.TRADE]
    return len(trades), int(trades["quantity"].sum())


@pytest.mark.spec("MAT-1")
def test_the_real_flow_trades_what_it_must(engine_name, flow):
    """An order deleted after the engine filled it, or before it was created, has nothing left to cancel."""
    engine = Engine(engine_name)
    engine.open_instrument(1)
    events = engine.submit_batch(flow).copy()
    assert traded(events) == (TRADES, LOTS)
    refused = events[events["kind"] == EventKind.REJECTED]
    assert set(refused["reason"]) == {Reason.UNKNOWN_ORDER}
    carried_out = flow[~np.isin(flow["sequence"], refused["sequence"])]
    assert len(carried_out) == COMMANDS

    again = Engine(engine_name)
    again.open_instrument(1)
    pieces = [again.submit_batch(carried_out[at : at + 1000]).copy() for at in range(0, COMMANDS, 1000)]
    assert traded(np.concatenate(pieces)) == (TRADES, LOTS)
    assert again.state_hash() == engine.state_hash()


@pytest.mark.spec("MAT-1", "MAT-7")
def test_the_engines_answer_the_real_flow_alike(flow):
    """In one batch, and with the compiled engine going on where the reference stopped."""
    compared.skip_without_compiled()
    engines = [Engine("reference"), Engine("compiled")]
    for engine in engines:
        engine.open_instrument(1)
    expected = engines[0].submit_batch(flow[:30_000]).copy()
    compared.same_events(flow[:30_000], expected, engines[1].submit_batch(flow[:30_000]))
    restored = compared.restored("compiled", engines[0].snapshot())
    expected = engines[0].submit_batch(flow[30_000:]).copy()
    for engine in (engines[1], restored):
        compared.same_events(flow[30_000:], expected, engine.submit_batch(flow[30_000:]))
        compared.same_state(engines[0], engine, compared.dice(1))
