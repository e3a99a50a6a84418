"""What the core is to reach, and what others reach, so that a run can say how far it is from both.

The figures of others are those of one machine (2 cores, L2 4-5 ns, L3 14-21 ns, main memory 130-170 ns for a
dependent load); on another one only ratios mean something. `limit` is a study of what one core can do at all
with 32-bit quantities, a fixed ladder of prices, and no stops, auctions, icebergs or budgets; `peer` the best
open C++ engine.
"""

from dataclasses import dataclass
from typing import Any

from bench.engine.measure import Findings

MILLION = 1e6


@dataclass(frozen=True)
class Field:
    """Figures of others for one flow: commands a second, in millions."""

    limit: float
    peer: float


FIELD = {
    "calm": Field(69.5, 43.6),
    "normal": Field(59.7, 39.1),
    "trade-heavy": Field(46.6, 28.7),
    "deep": Field(17.0, 7.4),
}
P99_NS = 110.0  # the best open C++ peer
BYTES_PER_ORDER = 60.0  # the limit study has 46, the best peer 99
ONE_BY_ONE = 8.0  # million calls a second from Python


def goals(found: Findings) -> list[dict[str, Any]]:
    """Return each goal with what was measured; `met` is None where nothing was."""
    core = found.figures.get("core", {})
    made = []
    for flow, others in FIELD.items():
        rate = core.get(flow, {}).get("per_second")
        made.append(_goal(f"{flow}: million commands a second", others.peer, rate and rate / MILLION))
    made.append(
        _goal("normal: p99 of one command, ns", P99_NS, core.get("normal", {}).get("p99_ns"), most=True)
    )
    each = found.memory.get("deep", {}).get("resident_per_order")
    made.append(_goal("deep: resident bytes per resting order", BYTES_PER_ORDER, each, most=True))
    floors = [told["at_floor"] for told in found.memory.values()]
    back = sum(floors) if floors else None
    made.append(_goal("flows after which an empty book is back at its floor", len(floors), back))
    rate = found.figures.get("one-by-one", {}).get("calm", {}).get("per_second")
    what = "calm, one by one from Python: million commands a second"
    made.append(_goal(what, ONE_BY_ONE, rate and rate / MILLION))
    return made


def _goal(what: str, goal: float, value: float | None, *, most: bool = False) -> dict[str, Any]:
    met = None if value is None else (value <= goal if most else value >= goal)
    return {
        "what": what,
        "goal": f"{'at most' if most else 'at least'} {goal:g}",
        "measured": None if value is None else round(value, 2),
        "met": met,
    }
