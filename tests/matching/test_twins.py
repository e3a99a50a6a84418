"""The compiled core and the reference are one engine: the same events and states, byte for byte."""

import functools
from dataclasses import replace

import numpy as np
import pytest

import matching
from matching import Engine
from tests.matching import compared, flow, streams
from tests.matching.coverage_table import wanted
from tests.matching.observer import Observer
from tests.matching.profiles import PROFILES

SEEDS, COMMANDS = 8, 20_000  # of each profile: more than a hundred streams
SHORT = 2_500
WATCHED = 2_000
REACHED = 8_000  # commands of each profile that are to reach every rule


@pytest.mark.spec("MAT-1", "MAT-4", "MAT-5", "MAT-7")
@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("profile", PROFILES)
def test_both_engines_answer_alike(profile, seed):
    """Each goes on from the other's snapshot now and then: what was not seen before comes out later."""
    compared.skip_without_compiled()
    market, dice = flow.Flow(profile, seed), compared.dice(seed)
    reference, compiled = market.open(Engine("reference")), market.open(Engine("compiled"))
    commands, answers = [], []
    for number, chunk in enumerate(flow.chunks(market, COMMANDS)):
        expected = reference.submit_batch(chunk).copy()
        compared.same_events(chunk, expected, compiled.submit_batch(chunk))
        market.learn(chunk, expected)
        commands.append(chunk)
        answers.append(expected)
        if number % 4 == 0:
            compared.same_state(reference, compiled, dice)
            for order_id in [*list(market.live)[-20:], *list(market.dead)[-5:]]:
                assert reference.order(order_id) == compiled.order(order_id)
        if dice.random() < 0.1:
            snapshots = reference.snapshot(), compiled.snapshot()
            assert snapshots[0] == snapshots[1]
            reference = compared.restored("reference", snapshots[1])
            compiled = compared.restored("compiled", snapshots[0])
    compared.same_state(reference, compiled, dice)
    together = np.concatenate(commands)
    expected = b"".join(piece.tobytes() for piece in answers)
    for size in (1, 7, 1000, COMMANDS):
        again = market.open(Engine("compiled"))
        assert compared.in_pieces(again, together, size) == expected
        assert again.snapshot() == reference.snapshot()


@functools.cache
def recorded(profile):
    return flow.record(profile, 77, SHORT, matching.info()["engine"])


@pytest.mark.spec("MAT-1", "MAT-7")
@pytest.mark.parametrize("profile", PROFILES)
def test_a_stream_replayed_answers_the_same(engine_name, profile):
    """In batches of any size, and across restarts from a snapshot."""
    commands, events, market = recorded(profile)
    whole = market.open(Engine(engine_name))
    assert whole.submit_batch(commands).tobytes() == events.tobytes()
    for size in (1, 7, 1000):
        cut = market.open(Engine(engine_name))
        assert compared.in_pieces(cut, commands, size) == events.tobytes()
        assert cut.snapshot() == whole.snapshot()
    going, answered = market.open(Engine(engine_name)), b""
    for at in range(0, SHORT, SHORT // 5):
        answered += going.submit_batch(commands[at : at + SHORT // 5]).tobytes()
        going = compared.restored(engine_name, going.snapshot())
    assert answered == events.tobytes()
    assert going.snapshot() == whole.snapshot()


@pytest.mark.spec("MAT-1", "MAT-2", "MAT-3", "MAT-4", "MAT-5")
@pytest.mark.parametrize("profile", ["pairs", "trailing", "icebergs", "auctions"])
def test_an_observer_of_the_events_knows_the_books(engine_name, profile):
    """The events alone are enough to keep the book, by rules written down a second time."""
    setting = PROFILES[profile].settings[0]
    market = flow.Flow(replace(PROFILES[profile], settings=(setting,)), 8)
    engine, observer = market.open(Engine(engine_name)), Observer()
    for chunk in flow.chunks(market, WATCHED):
        told = engine.submit_batch(chunk).copy()
        market.learn(chunk, told)
        ends = np.searchsorted(told["sequence"], chunk["sequence"], side="right").tolist()
        for record, start, end in zip(chunk, [0, *ends], ends, strict=False):
            if record["instrument"] == setting.id:
                observer.see(streams.by_name(record), told[start:end])
        observer.compare(engine)
    assert observer.traded > 500


@pytest.mark.spec("MAT-1", "MAT-7")
@pytest.mark.parametrize("profile", PROFILES)
def test_any_engine_goes_on_where_another_stopped(engine_name, profile):
    commands, events, market = recorded(profile)
    dice = compared.dice(sum(map(ord, profile)))
    for other in matching.info()["available"]:
        at = int(dice.integers(1, SHORT))
        first = market.open(Engine(other))
        answered = first.submit_batch(commands[:at]).tobytes()
        second = compared.restored(engine_name, first.snapshot())
        assert second.state_hash() == first.state_hash()
        assert answered + second.submit_batch(commands[at:]).tobytes() == events.tobytes()


@pytest.mark.spec("MAT-1")
def test_the_streams_reach_every_rule():
    """Every event, every reason, every type triggered: else the tests above would show little."""
    kind = matching.info()["engine"]
    seen = flow.total(flow.record(profile, 5, REACHED, kind)[2] for profile in PROFILES)
    assert sorted(wanted() - set(seen)) == []


@pytest.mark.spec("MAT-1")
def test_the_same_seed_draws_the_same_bytes():
    first, second = (flow.record("busy", 3, 1000)[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert flow.record("busy", 4, 1000)[0].tobytes() != first.tobytes()
