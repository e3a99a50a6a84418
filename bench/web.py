"""Orders over HTTP: the web and the sequencer of the Procfile, and clients in a process of their own."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench.market import Market, is_sequenced
from bench.people import make_room, traders
from bench.processes import Processes
from bench.scratch import ROOT
from bench.timing import percentiles, processor_seconds
from launcher import ports

CONNECTIONS = {"one_by_one": 8, "batch": 4}
ORDERS = {"one_by_one": 1, "batch": 100}  # in one request


def measure(market: Market, folder: Path, seconds: int) -> dict[str, Any]:
    """Return the figures of both endpoints, and how long the sequencer takes to come back from a kill."""
    port = ports.choose([])
    make_room()
    tokens = traders(market.instrument, max(CONNECTIONS.values()))
    with Processes(folder, PORT=str(port)) as processes:
        processes.start("sequencer")
        processes.start("web")
        processes.await_true(lambda: is_sequenced(market.instrument), "a sequencer at its desk")
        processes.await_true(lambda: _answers(port), "an answer of the web")
        found = {}
        for name, orders in ORDERS.items():
            pids = {each: processes.running[each].pid for each in ("web", "sequencer")}
            before = {each: processor_seconds(pid) for each, pid in pids.items()}
            called, warming = _called(
                port=port,
                instrument=str(market.instrument.id),
                tokens=tokens[: CONNECTIONS[name]],
                orders=orders,
                seconds=seconds,
            )
            for each, pid in pids.items():
                spent = processor_seconds(pid) - before[each]
                called[f"{each}_us_per_order"] = round(spent / (called["orders"] + warming) * 1e6)
            found[f"http_{name}"] = called
        return found | {"restart": restart(market, processes)}


def _called(**asked: Any) -> tuple[dict[str, Any], int]:
    """Return the figures, and how many orders came before the time that they are about."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.callers"],
        cwd=ROOT,
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    found = json.loads(done.stdout)
    if found["refused"]:
        raise SystemExit(f"bench: {found['refused']} orders were refused, such as {found['example']}")
    return {
        "connections": len(asked["tokens"]),
        "orders": found["placed"],
        "rate": round(found["placed"] / found["seconds"], 1),
        **percentiles(found["times"]),
    }, found["warming"]


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def restart(market: Market, processes: Processes) -> dict[str, Any]:
    """Kill the sequencer, start another one at once, and measure the time until an order is acknowledged.

    The lease of the killed one has to run out meanwhile, the new process to start, and the book to be
    rebuilt from the open orders and compared with the journal since the last snapshot.
    """
    from apps.trading import client, models

    number = market.instrument.number
    saved = models.Snapshot.objects.filter(pk=number).values_list("sequence", flat=True).first() or 0
    last = models.Lease.objects.values_list("sequence", flat=True).get(pk=number)
    reply = client.reply_number()
    processes.end("sequencer", kill=True)
    start = time.perf_counter()
    processes.start("sequencer")
    client.ask(number, [market.order(reply)], wait=60)
    return {
        "seconds": round(time.perf_counter() - start, 2),
        "journal": last,
        "replayed": last - saved,
        "open_orders": models.Order.objects.filter(is_live=True).count(),
    }
