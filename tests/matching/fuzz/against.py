"""Change streams at random and give them to both engines; they must not part."""

import time

import numpy as np

from matching import COMMAND, Engine, Op
from matching.records import Command
from tests.matching import compared, flow
from tests.matching.flow import ODD
from tests.matching.fuzz.inputs import Input, shrink, write
from tests.matching.profiles import PROFILES

LENGTH = 800  # commands of a stream before it is changed


def run(seconds, seed, folder):
    """Fuzz for some seconds; return what was counted, and the reproducing file of a finding, if any."""
    dice, names = np.random.default_rng(seed), list(PROFILES)
    streams = [_recorded(name, seed * 1000 + number) for number in range(2) for name in names]
    done = {"seed": seed, "executions": 0, "commands": 0, "finding": None}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        at, other = dice.integers(0, len(streams), 2)
        changed = Input(streams[at].settings, mutate(dice, streams[at].commands, streams[other].commands))
        cut = int(dice.integers(0, len(changed.commands) + 1))
        why = differs(changed, cut)
        if why:
            smaller = shrink(changed, lambda one, cut=cut: differs(one, min(cut, len(one.commands))))
            file = folder / f"finding-{seed}-{done['executions']}.bin"
            file.write_bytes(write(smaller))
            return {**done, "finding": str(file), "said": differs(smaller, min(cut, len(smaller.commands)))}
        done["executions"] += 1
        done["commands"] += len(changed.commands)
        if dice.random() < 0.05:
            streams[at] = _recorded(names[int(dice.integers(0, len(names)))], int(dice.integers(0, 2**31)))
    return done


def differs(given, cut):
    """Say where the engines part, or None. At `cut` each goes on from the other's snapshot."""
    reference, compiled = given.open(Engine("reference")), given.open(Engine("compiled"))
    try:
        for part in (given.commands[:cut], given.commands[cut:]):
            expected = reference.submit_batch(part).copy()
            compared.same_events(part, expected, compiled.submit_batch(part))
            compared.same_state(reference, compiled, np.random.default_rng(cut))
            snapshots = reference.snapshot(), compiled.snapshot()
            reference = compared.restored("reference", snapshots[1])
            compiled = compared.restored("compiled", snapshots[0])
    except AssertionError as error:
        return str(error) or "the states differ"
    return None


def mutate(dice, commands, other):
    """Return a part of a stream with parts left out, doubled, taken from another one, and fields changed."""
    start = int(dice.integers(0, max(len(commands) // 2, 1)))
    parts = commands[start : start + int(dice.integers(1, LENGTH // 2))].copy()
    for _ in range(int(dice.integers(1, 8))):
        at = int(dice.integers(0, len(parts) + 1))
        piece = parts[at : at + int(dice.integers(0, 30))]
        match int(dice.integers(0, 5)):
            case 0:
                parts = np.delete(parts, slice(at, at + len(piece)))
            case 1:
                place = int(dice.integers(0, len(parts) + 1))
                parts = np.concatenate([parts[:place], piece, parts[place:]])
            case 2:
                begin = int(dice.integers(0, len(other)))
                strange = other[begin : begin + int(dice.integers(1, 60))].copy()
                strange["instrument"] = parts["instrument"][0] if len(parts) else 1
                parts = np.concatenate([parts[:at], strange, parts[at:]])
            case _:
                for row in parts[dice.integers(0, len(parts), 3)] if len(parts) else ():
                    _change(dice, parts, row)
    parts["sequence"] = np.arange(1, len(parts) + 1)
    return _renumbered(parts) if dice.random() < 0.8 else parts


def _change(dice, parts, row):
    at = int(np.flatnonzero(parts["sequence"] == row["sequence"])[0])
    name = str(dice.choice(Command._fields[1:]))
    limits = np.iinfo(COMMAND[name])
    if dice.random() < 0.6:
        changed = int(parts[at][name]) + int(dice.integers(-2, 3))
    else:
        changed = int(ODD[int(dice.integers(0, len(ODD)))])
    parts[at][name] = min(max(changed, int(limits.min)), int(limits.max))


def _renumbered(commands):
    """Number all NEW commands anew, rising, and what names them likewise."""
    numbers: dict[int, int] = {}
    ids = commands["order_id"].tolist()
    for at, op in enumerate(commands["op"].tolist()):
        if op == Op.NEW:
            numbers[ids[at]] = len(numbers) + 1 + (ids[at] in numbers)
        ids[at] = numbers.get(ids[at], ids[at])
    commands["order_id"] = ids
    return commands


def _recorded(profile, seed):
    commands, _, market = flow.record(profile, seed, LENGTH, "compiled")
    return Input(market.profile.settings, commands)
