"""Compare two engines, and say in words where they part."""

import numpy as np
import pytest

import matching
from matching import Engine, EventKind, Op, OrderType, Reason
from matching.records import Command


def skip_without_compiled():
    """Skip a test of both engines where only the reference is there."""
    missing = matching.info()["compiled_missing"]
    if "compiled" not in matching.info()["available"]:
        pytest.skip(f"the compiled engine is not available here: {missing}")


def same_events(commands, expected, given):
    """Assert that two engines answered alike; if not, show the first command where they part."""
    if expected.tobytes() == given.tobytes():
        return
    for command in commands:
        pair = [events[events["sequence"] == command["sequence"]] for events in (expected, given)]
        if pair[0].tobytes() != pair[1].tobytes():
            lines = [sentence(command), "reference:", *map(tell, pair[0]), "compiled:", *map(tell, pair[1])]
            raise AssertionError("\n".join(lines))
    raise AssertionError("the same events, in another order")


def same_state(first, second, rng):
    """Assert that two engines hold the same state, by its hash and by every question there is."""
    assert first.instruments() == second.instruments()
    assert first.state_hash() == second.state_hash()
    instruments = first.instruments()
    if not instruments:
        return
    number = instruments[int(rng.integers(0, len(instruments)))]
    assert first.instrument(number) == second.instrument(number)
    assert first.best(number) == second.best(number)
    assert first.state_hash(number) == second.state_hash(number)
    levels = int(rng.choice([0, 1, 5, 10_000]))
    for left, right in zip(first.depth(number, levels), second.depth(number, levels), strict=True):
        assert left.tobytes() == right.tobytes()
    settings = first.instrument(number)
    for reference in (0, settings.tick, settings.last_price):
        assert first.auction(number, reference) == second.auction(number, reference)


def restored(kind, snapshot):
    """Return a new engine of a kind with a snapshot's state."""
    engine = Engine(kind)
    engine.restore(snapshot)
    return engine


def in_pieces(engine, commands, size):
    """Give commands in batches of one size; return the bytes of all events."""
    pieces = [engine.submit_batch(commands[at : at + size]).tobytes() for at in range(0, len(commands), size)]
    return b"".join(pieces)


def sentence(command):
    """Write a command so that it can be read: what is 0 is left out."""
    fields = Command(*command.item())._asdict()
    op, order_type = _name(Op, fields.pop("op")), _name(OrderType, fields.pop("order_type"))
    return " ".join([op, order_type, *(f"{name}={value}" for name, value in fields.items() if value)])


def tell(event):
    """Write an event so that it can be read."""
    names = event.dtype.names
    words = [f"{name}={event[name]}" for name in names[3:] if event[name]]
    why = f" ({_name(Reason, int(event['reason']))})" if event["reason"] else ""
    return f"    {_name(EventKind, int(event['kind']))} side={event['side']} {' '.join(words)}{why}"


def _name(kind, number):
    return kind(number).name if number in set(kind) else f"{kind.__name__} {number}"


def dice(seed):
    """Return numpy dice that fall the same way for the same seed."""
    return np.random.default_rng(seed)
