"""Streams of commands: what was answered, replayed, must be answered again, byte for byte."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from matching import Engine, EventKind, Reason
from tests.matching import streams
from tests.matching.observer import Observer

CHECKOUT = Path(__file__).parents[2]
ECHOED = ("order_id", "account", "side", "price", "quantity")
DIGEST_OF_RUN = """
from tests.matching import streams, test_streams
print(test_streams.digest_of_run("{name}", {seed}))
"""


def fresh(name, *instruments):
    engine = Engine(name)
    for instrument in instruments or (1,):
        engine.open_instrument(instrument)
    return engine


def digest_of_run(name, seed):
    engine = fresh(name)
    events = engine.submit_batch(streams.market(seed, 2000)).tobytes()
    return hashlib.sha256(events + engine.state_hash()).hexdigest()


@pytest.mark.spec("MAT-1", "MAT-2", "MAT-3", "ORD-2", "RISK-1")
def test_events_tell_the_whole_book(engine_name):
    kinds: set[int] = set()
    reasons: set[int] = set()
    traded = 0
    for seed in range(5):
        engine, observer = fresh(engine_name), Observer()
        for number, record in enumerate(streams.market(seed, 5000)):
            observer.see(streams.by_name(record), engine.submit(record))
            if number % 50 == 0:
                observer.compare(engine)
        observer.compare(engine)
        kinds, reasons, traded = kinds | observer.kinds, reasons | observer.reasons, traded + observer.traded
    assert traded > 20_000, "streams that hardly trade show little"
    new = {EventKind.TRIGGERED, EventKind.REFILLED, EventKind.AUCTION, EventKind.AUCTION_OPENED}
    assert kinds == set(EventKind) - new
    assert {reason for reason in Reason if reason >= 400} - reasons == {
        Reason.OPEN_QUANTITY_LIMIT,
        Reason.BOOK_FULL,
        Reason.OCO_OTHER_LEG,
        Reason.OP_NOT_SUPPORTED,
        Reason.ORDER_TYPE_NOT_SUPPORTED,
        Reason.FLAG_NOT_SUPPORTED,
    }


@pytest.mark.spec("MAT-1", "MAT-6")
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_batch_size_changes_nothing(engine_name, size):
    commands = streams.market(11, 4000)
    whole, cut = fresh(engine_name), fresh(engine_name)
    expected = whole.submit_batch(commands).tobytes()
    pieces = [cut.submit_batch(commands[at : at + size]).tobytes() for at in range(0, len(commands), size)]
    assert b"".join(pieces) == expected
    assert cut.snapshot() == whole.snapshot()


@pytest.mark.spec("MAT-1", "MAT-7")
@pytest.mark.parametrize("cut", [0, 1, 1234, 3999, 4000])
def test_a_restored_engine_goes_on_as_the_first(engine_name, cut):
    commands = streams.market(12, 4000)
    whole = fresh(engine_name)
    whole.submit_batch(commands[:cut])
    restored = Engine(engine_name)
    restored.restore(whole.snapshot())
    assert restored.state_hash() == whole.state_hash()
    assert restored.submit_batch(commands[cut:]).tobytes() == whole.submit_batch(commands[cut:]).tobytes()
    assert restored.snapshot() == whole.snapshot()


@pytest.mark.spec("MAT-1")
def test_another_process_with_another_hash_seed_answers_the_same(engine_name):
    digests = {digest_of_run(engine_name, 5)}
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST_OF_RUN.format(name=engine_name, seed=5)],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


@pytest.mark.spec("MAT-1", "MAT-7")
def test_instruments_do_not_disturb_each_other(engine_name):
    """A book answers, and hashes, the same whether or not its engine keeps another book too."""
    commands = streams.market(21, 4000, instruments=(1, 9), late=0)
    both = fresh(engine_name, 1, 9)
    answered = both.submit_batch(commands)
    for instrument in (1, 9):
        alone = fresh(engine_name, instrument)
        expected = alone.submit_batch(commands[commands["instrument"] == instrument])
        assert answered[answered["instrument"] == instrument].tobytes() == expected.tobytes()
        assert both.state_hash(instrument) == alone.state_hash(instrument) == alone.state_hash()


@pytest.mark.spec("MAT-1")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make", [streams.any_bits, streams.damaged])
def test_any_bits_are_answered_and_corrupt_nothing(engine, make, seed):
    observer = Observer()
    for number, record in enumerate(make(seed, 3000)):
        before = engine.state_hash() if number % 5 == 0 else b""
        events = engine.submit(record)
        refused = events[0]["kind"] == EventKind.REJECTED
        if refused and before:
            assert engine.state_hash() == before
        command = streams.by_name(record)
        observer.see(command, events)
        if refused:
            assert [
                int(events[0][name]) for name in ("order_id", "account", "side", "price", "quantity")
            ] == [command[name] for name in ("order_id", "account", "side", "price", "quantity")]
        if number % 100 == 0:
            observer.compare(engine)
    observer.compare(engine)
    assert make is streams.any_bits or observer.traded > 100
    Engine(engine.name).restore(engine.snapshot())
