"""ps: the processes that really run, each checked against its start time."""

import json
import os
import time
from typing import Any

from launcher import roster
from launcher.arguments import Arguments
from launcher.console import BOLD, paint, say
from launcher.locks import holder_of
from launcher.paths import locate
from launcher.roster import Row

NOTHING_RUNS = 1


def run(arguments: list[str]) -> int:
    """Print the list; exit 1 when nothing runs."""
    parser = Arguments("ps", "List the running processes.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    state = locate(os.environ)
    rows = roster.running(state.processes)
    is_up = holder_of(state.lock) is not None
    if options.json:
        say(json.dumps(_as_json(rows, is_up=is_up)))
    elif rows:
        _print(rows)
    else:
        say("Nothing runs here. ./alef.sh up starts it.")
    return 0 if rows else NOTHING_RUNS


def _as_json(rows: list[Row], *, is_up: bool) -> dict[str, Any]:
    supervisor = next((row.as_json() for row in rows if row.kind == "supervisor"), None)
    others = [row.as_json() for row in rows if row.kind != "supervisor"]
    return {"up": is_up, "supervisor": supervisor, "processes": others}


def _print(rows: list[Row]) -> None:
    width = max(len(row.name) for row in rows) + 2
    say(paint(f"{'name'.ljust(width)}{'pid':>8}  {'since':<10}{'for':>8}{'restarts':>10}", BOLD))
    for row in rows:
        clock = time.strftime("%H:%M:%S", time.localtime(row.since))
        age = _age(time.time() - row.since)
        say(f"{row.name.ljust(width)}{row.process.pid:>8}  {clock:<10}{age:>8}{row.restarts:>10}")


def _age(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
