"""The matching engine's speed and memory, beside other engines, on generated flows: `bench engine`.

See `bench/README.md` for what is measured, and `docs/engine.md` for how and with what result.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from bench.engine import goals, machine, report
from bench.engine.flows import RECIPES
from bench.engine.measure import Findings, Measuring, Plan
from bench.engine.processes import Contender, EngineFailed, contenders


def run(*, quiet: bool, scale: float, rounds: int | None = None) -> int:
    """Measure, and print one JSON object last; return 1 if engines disagree or one failed."""
    document = measured(Plan.of(quick=scale < 1, rounds=rounds), quiet=quiet)
    if not quiet:
        print("\n".join(report.lines(document)))
    print(json.dumps(document))
    agree = all(answer["agree"] for answer in document["agreement"])
    return 0 if agree and not document["failures"] else 1


def measured(plan: Plan, *, quiet: bool) -> dict[str, Any]:
    """Return everything that was found, as one document."""
    begun = time.monotonic()

    def say(text: str) -> None:
        if not quiet:
            print(f"{time.monotonic() - begun:5.0f} s  {text}", file=sys.stderr, flush=True)

    everybody = contenders()
    measuring = Measuring([each for each in everybody if not each.missing], plan, say)
    steps: dict[str, Callable[[], None]] = {name: partial(measuring.flow, name) for name in RECIPES}
    steps["features"] = measuring.features
    if measuring.has_core:
        steps |= {
            "undisturbed": measuring.undisturbed,
            "memory": measuring.memory,
            "chase": partial(measuring.chase, machine.caches()),
        }
    for what, step in steps.items():
        try:
            step()
        except EngineFailed as failure:  # noted, and on to what is next
            measuring.found.failures.append(f"{what}: {failure}")
    return _document(plan, everybody, measuring.found, time.monotonic() - begun)


def _document(plan: Plan, everybody: list[Contender], found: Findings, seconds: float) -> dict[str, Any]:
    return {
        "bench": "engine",
        "machine": machine.describe(),
        "versions": machine.versions(),
        "rounds": plan.rounds,
        "commands": plan.commands,
        "seconds": round(seconds, 1),
        "flows": found.flows,
        "engines": {
            each.name: {
                "what": each.what,
                "version": each.version,
                "missing": each.missing,
                "flows": found.figures.get(each.name, {}),
            }
            for each in everybody
        },
        "memory": found.memory,
        "chase": found.chase,
        "agreement": found.agreement,
        "goals": goals.goals(found),
        "failures": found.failures,
    }
