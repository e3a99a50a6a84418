"""The compiled engine's own dangers: memory that is shared and freed, threads, and odd buffers."""

import copy
import gc
import pickle
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import matching
from matching import COMMAND, EVENT, LEVEL, Engine, EventKind, Op, Side
from tests.matching import streams

pytestmark = pytest.mark.skipif(
    "compiled" not in matching.info()["available"], reason="the compiled engine is not here"
)
MANY = 1_000_000


@pytest.fixture
def engine():
    made = Engine("compiled")
    made.open_instrument(1)
    return made


def refusals(count):
    """Return that many commands, each of which answers one event."""
    commands = np.zeros(count, COMMAND)
    commands["sequence"] = np.arange(count)
    return commands


def alone(script, *arguments):
    """Run a script in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_events_outlive_their_engine():
    engine = Engine("compiled")
    told = engine.submit_batch(refusals(1000))
    part = told["sequence"][10:20]
    del engine, told
    gc.collect()
    for _ in range(20):  # whatever was freed is used again
        Engine("compiled").submit_batch(refusals(5000))
    assert part.tolist() == list(range(10, 20))


def test_a_view_that_outlives_the_next_call_reads_memory_that_is_there(engine):
    views = [engine.submit_batch(refusals(count)) for count in (1, 2_000_000, 10, 300_000, 0, 3)]
    assert [len(view) for view in views] == [1, 2_000_000, 10, 300_000, 0, 3]
    assert sum(int(view["kind"].sum(dtype="u8")) for view in views) > 0
    assert views[-1]["sequence"].tolist() == [0, 1, 2]


def test_events_are_not_copied_and_cannot_be_made_writeable(engine):
    first, second = engine.submit_batch(refusals(3)), engine.submit_batch(refusals(5))
    assert np.shares_memory(first, second)
    with pytest.raises(ValueError, match="WRITEABLE"):
        second.flags.writeable = True
    with pytest.raises(ValueError, match="WRITEABLE"):
        second.base.flags.writeable = True
    with pytest.raises((BufferError, TypeError)):
        memoryview(second.base.base).cast("B")[0] = 1


@pytest.mark.parametrize("shift", range(8))
def test_a_batch_may_lie_anywhere(shift):
    commands = streams.market(5, 300)
    expected, engine = Engine("compiled"), Engine("compiled")
    for made in (expected, engine):
        made.open_instrument(1)
    memory = np.zeros(commands.nbytes + shift, "u1")
    moved = memory[shift:].view(COMMAND)
    moved[:] = commands
    out = np.zeros(64 * 2000 + shift, "u1")[shift:].view(EVENT)
    told = expected.submit_batch(commands).tobytes()
    assert engine.submit_batch(moved, out).tobytes() == told
    engine = Engine("compiled")
    engine.open_instrument(1)
    assert engine.submit_batch(memoryview(bytes(shift) + commands.tobytes())[shift:]).tobytes() == told
    table = np.zeros(48 * 8 + shift, "u1")[shift:].view(LEVEL).reshape(2, 8)
    assert engine.depth(1, 8, table).bids.tolist() == engine.depth(1, 8).bids.tolist()


def test_the_events_themselves_may_be_the_next_batch():
    first, second = Engine("compiled"), Engine("compiled")
    for engine in (first, second):
        engine.submit_batch(refusals(5))
    commands = first.events().view("u1").view(COMMAND)
    assert len(commands) == 4
    kept = commands.copy()
    assert first.submit_batch(commands).tobytes() == second.submit_batch(kept).tobytes()


def test_a_second_thread_is_refused_and_disturbs_nothing(engine):
    before = engine.snapshot()
    asked = {
        "new": lambda: engine.new(1, 1, 3, 4, Side.BUY, 100, 5),
        "cancel": lambda: engine.cancel(1, 1),
        "submit": lambda: engine.submit(op=Op.HALT, instrument=1),
        "submit_batch": lambda: engine.submit_batch(refusals(1)),
        "out": lambda: engine.submit_batch(refusals(1), np.zeros(1, EVENT)),
        "events": engine.events,
        "open_instrument": lambda: engine.open_instrument(2),
        "depth": lambda: engine.depth(1, 1),
        "best": lambda: engine.best(1),
        "auction": lambda: engine.auction(1),
        "order": lambda: engine.order(1),
        "instrument": lambda: engine.instrument(1),
        "instruments": engine.instruments,
        "snapshot": engine.snapshot,
        "restore": lambda: engine.restore(before),
        "state_hash": engine.state_hash,
        "memory": engine.memory,
    }
    commands, told, refused = refusals(MANY), [], {}
    for _ in range(50):
        thread = threading.Thread(target=lambda: told.append(len(engine.submit_batch(commands))))
        thread.start()
        while thread.is_alive() and len(refused) < len(asked):
            try:
                engine.best(1)
            except RuntimeError:  # it is inside: now for everything
                for name, ask in asked.items():
                    try:
                        ask()
                        break  # it came out again
                    except RuntimeError as error:
                        refused[name] = str(error)
        thread.join()
        engine.restore(before)
        if len(refused) == len(asked):
            break
    assert refused.keys() == asked.keys()
    assert all("another thread" in why for why in refused.values())
    assert set(told) == {MANY}
    assert engine.snapshot() == before


def test_engines_in_threads_of_their_own_do_not_meet():
    commands = streams.market(11, 3000)
    hashes = set()

    def trade():
        for _ in range(20):
            engine = Engine("compiled")
            engine.open_instrument(1)
            engine.submit_batch(commands)
            hashes.add(engine.state_hash())

    threads = [threading.Thread(target=trade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hashes) == 1


def test_a_fork_has_a_book_of_its_own():
    told = alone("""
        import os
        from matching import Engine, Side
        engine = Engine("compiled")
        engine.open_instrument(1)
        engine.new(1, 1, 3, 4, Side.BUY, 100, 5)
        child = os.fork()
        if child == 0:
            engine.cancel(1, 1)
            engine.new(1, 2, 3, 4, Side.BUY, 90, 5)
            os._exit(0 if engine.best(1).bid == 90 and engine.order(1) is None else 1)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), engine.best(1).bid, engine.events()["order_id"].tolist())
    """)
    assert told == "0 100 [1]"


def test_where_address_space_is_short_events_move_and_old_ones_stay():
    told = alone("""
        import resource
        import numpy as np
        from matching import COMMAND, Engine

        def squeezed():
            with open("/proc/self/statm") as sizes:
                used = int(sizes.read().split()[0]) * resource.getpagesize()
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            for room in range(8, 400, 4):
                resource.setrlimit(resource.RLIMIT_AS, (used + room * 2**20, hard))
                try:
                    return Engine("compiled")
                except MemoryError:
                    continue
                finally:
                    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))

        engine = squeezed()
        commands = np.zeros(100, COMMAND)
        commands["sequence"] = range(100)
        first = engine.submit_batch(commands)
        room = len(first.base)
        many = engine.submit_batch(np.zeros(room + 1000, COMMAND))
        del engine
        print(room < 2**23, len(many) - room, int(many["kind"].min()), int(many["kind"].max()))
        print(np.shares_memory(first, many), int(first["sequence"].sum()) in (0, 4950))
    """)
    refused = int(EventKind.REJECTED)
    assert told.splitlines() == [f"True 1000 {refused} {refused}", "False True"]


def test_engines_come_and_go():
    for _ in range(300):
        Engine("compiled").submit_batch(refusals(10))
    assert len({id(engine) for engine in [Engine("compiled") for _ in range(50)]}) == 50


def test_it_is_an_engine_that_can_be_inherited_from_but_not_copied(engine):
    class Louder(type(engine)):
        def cancel(self, *terms):
            return -super().cancel(*terms)

    made = Louder()
    assert isinstance(made, Engine)
    assert made.cancel(1, 1) == -1
    assert type(Engine("compiled")) is type(engine)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            attempt(engine)


def test_what_the_face_documents_every_engine_has(engine):
    for name, told in vars(Engine).items():
        if not name.startswith("_") and name != "info" and callable(told):
            own = getattr(type(engine), name)
            assert own is not told, name
            assert own.__doc__, name
