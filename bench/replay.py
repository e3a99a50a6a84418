"""A real exchange's orders through a running sequencer: how fast, and if they do exactly what they must."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bench.scratch import ROOT, place

COMMANDS = 49_812
KNOWN = {"trades": 515, "lots": 7_090_821, "refused": 734}  # of the whole flow, as six engines agree
PEOPLE = 100  # on each side
CASH, TOKENS = 10**16, 10**15  # smallest units each


def run(*, quiet: bool, scale: float) -> int:
    """Feed, compare, and print one JSON object last; return 1 on any difference."""
    with place() as folder:
        from bench import flow

        if not flow.FILE.exists():
            raise SystemExit(f"bench: {flow.FILE} isn't there: the recorded flow lies beside the checkout.")
        result = measure(folder, round(COMMANDS * scale))
    if not quiet:
        print(f"{result['commands']} commands, {result['commands_per_second']:.0f}/s")
        print("\n".join(result["differences"]) or "trades, lots, books, ledger and holds are as they must be")
    print(json.dumps({"bench": "replay", **result}))
    return 1 if result["differences"] else 0


def measure(folder: Path, most: int) -> dict[str, Any]:
    """Return the figures, and every difference from what must be."""
    from bench import flow

    fed = _feed(folder, most)
    trades, lots, refused, state = flow.expected(fed.feeder.commands[: fed.commands])
    alone = {"trades": trades, "lots": lots, "refused": refused}
    wanted = KNOWN if fed.commands == COMMANDS else alone
    must = {
        "commands": (fed.commands, most),
        "what the engine alone finds": (alone, wanted),
        "what was answered": (fed.answered, wanted),
        **_afterwards(fed, state, wanted),
    }
    return {
        "commands": fed.commands,
        "commands_per_second": round(fed.commands / fed.seconds, 1),
        "seconds": round(fed.seconds, 2),
        **fed.answered,
        "expected": wanted,
        "cancelled_at_the_end": len(fed.feeder.commands) - fed.commands,
        "holds_left": must["holds at the end"][0],
        "differences": [
            f"{what}: {found}, not {ought}" for what, (found, ought) in must.items() if found != ought
        ],
    }


@dataclass(frozen=True)
class Fed:
    """What was sent, what was answered, and how long the flow took until its last answer."""

    feeder: Any
    commands: int
    answered: dict[str, int]
    seconds: float


def _feed(folder: Path, most: int) -> Fed:
    """Send the flow to a sequencer of its own process, then cancel what is open, and end the sequencer."""
    from apps.trading import models
    from bench import flow
    from bench.market import is_sequenced
    from bench.processes import Processes

    feeder = flow.opened(PEOPLE, cash=CASH, tokens=TOKENS)
    with Processes(folder) as processes:
        processes.start("sequencer")
        processes.await_true(lambda: is_sequenced(feeder.instrument), "a sequencer at its desk")
        start = time.perf_counter()
        feeder.feed(islice(flow.steps(), most))
        seconds, commands, answered = time.perf_counter() - start, len(feeder.commands), feeder.answered()
        rest = models.Order.objects.filter(is_live=True).order_by("number")
        numbers = rest.values_list("number", "account_id")
        feeder.cancel([(number, account) for number, account in numbers if number is not None])
        processes.end("sequencer")
    return Fed(feeder, commands, answered, seconds)


def _afterwards(fed: Fed, state: str, wanted: dict[str, int]) -> dict[str, tuple[Any, Any]]:
    """Return what stands in the database now, each beside what must."""
    from apps.common.db import rows
    from apps.trading import models, recording
    from bench import flow
    from bench.market import is_sound

    instrument = fed.feeder.instrument
    lots = [
        quantity // instrument.lot for quantity in models.Trade.objects.values_list("quantity", flat=True)
    ]
    replay = [sys.executable, "manage.py", "replay", instrument.symbol]
    told = subprocess.run(replay, cwd=ROOT, capture_output=True, text=True, check=False)
    final = flow.expected(fed.feeder.commands)[3]
    return {
        "trades recorded": ((len(lots), sum(lots)), (wanted["trades"], wanted["lots"])),
        "the book after the flow": (recording.replay(instrument.number, to=fed.commands).state_hash, state),
        "manage.py replay": ((told.returncode, told.stdout.split()[-1:]), (0, [final])),
        "open orders at the end": (models.Order.objects.filter(is_live=True).count(), 0),
        "holds at the end": (rows("SELECT count(*) FROM ledger_hold WHERE state = 'active'")[0][0], 0),
        "held at the end": (rows("SELECT coalesce(sum(held), 0)::bigint FROM ledger_balance")[0][0], 0),
        "the ledger is sound": (is_sound(), True),
    }
