"""What the engine is to reach, so that a run can say how far it is from it.

The goals are for a machine with 2 cores; L2 4-5 ns, L3 14-21 ns, main memory 130-170 ns for a dependent load;
with every feature compiled in and all events written. On another one only ratios mean something.
"""

from typing import Any

from bench.engine.measure import Findings

MILLION = 1e6


# Million commands a second of the core, and what would be better still.
RATES = {"normal": (35.0, 45.0), "trade-heavy": (25.0, 35.0), "deep": (10.0, 17.0)}
P99_NS = 150.0  # of one command of the normal flow
BYTES_PER_ORDER = (64.0, 48.0)  # of a resting order, where there are a million
BATCH_OF_CORE = 0.8  # what batches from Python keep of the core's rate
ONE_BY_ONE = 8.0  # million calls a second from Python


def goals(found: Findings) -> list[dict[str, Any]]:
    """Return each goal with what was measured; `met` is None where nothing was."""
    core, batch, single = (found.figures.get(name, {}) for name in ("core", "compiled", "one-by-one"))
    made = []
    for flow, (goal, stretch) in RATES.items():
        rate = _millions(core.get(flow, {}))
        made.append(_goal(f"{flow}: million commands a second", goal, rate, stretch))
    p99 = core.get("normal", {}).get("p99_ns")
    made.append(_goal("normal: p99 of one command, ns", P99_NS, p99, most=True))
    goal, stretch = BYTES_PER_ORDER
    each = found.memory.get("deep", {}).get("bytes_per_order")
    made.append(_goal("deep: bytes per resting order", goal, each, stretch, most=True))
    floors = [told["at_floor"] for told in found.memory.values()]
    back = sum(floors) if floors else None
    made.append(_goal("flows after which an empty book is back at its floor", len(floors), back))
    for flow in RATES:
        told = batch.get(flow, {})
        ratio = told.get("undisturbed_ratio", told.get("ratio_to_core"))
        made.append(_goal(f"{flow}: batches from Python, of the core's rate", BATCH_OF_CORE, ratio))
    rate = _millions(single.get("calm", {}))
    made.append(_goal("calm, one by one from Python: million commands a second", ONE_BY_ONE, rate))
    return made


def _millions(figures: dict[str, Any]) -> float | None:
    """Return a rate in millions: of undisturbed rounds, where there were any."""
    rate = figures.get("undisturbed_per_second", figures.get("per_second"))
    return None if rate is None else float(rate) / MILLION


def _goal(
    what: str, goal: float, value: float | None, stretch: float | None = None, *, most: bool = False
) -> dict[str, Any]:
    met = None if value is None else (value <= goal if most else value >= goal)
    return {
        "what": what,
        "goal": f"{'at most' if most else 'at least'} {goal:g}",
        "stretch": stretch,
        "measured": None if value is None else round(value, 2),
        "met": met,
    }
