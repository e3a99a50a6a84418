"""Durable orders: one in each transaction, then batches, beside a plain INSERT and COMMIT; then over HTTP.

Every order takes its hold, may trade, and is recorded with journal, postings, audit and outbox before it is
acknowledged, by the sequencer that a deployment runs.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.scratch import ROOT, place
from bench.timing import percentiles, processor_seconds

SINGLE, BATCHED, PLAIN = 1000, 30_000, 1500
OFFERED = 0.5  # of the batched rate, for the time that an acknowledgement takes
SECONDS = 5

Say = Callable[[str], None]


def run(*, quiet: bool, scale: float) -> int:
    """Measure, and print one JSON object last."""

    def say(text: str) -> None:
        if not quiet:
            print(text, flush=True)

    with place() as folder:
        result = measure(say, scale, folder)
    print(json.dumps({"bench": "orders", **result}))
    return 0 if result["sound"] else 1


def measure(say: Say, scale: float, folder: Path) -> dict[str, Any]:
    """Return all figures."""
    from django.conf import settings

    import matching
    from bench import web
    from bench.market import Market, is_sound

    market = Market()
    plain = plain_commits(int(PLAIN * scale))
    say(f"INSERT; COMMIT: {plain:.0f}/s")
    single = one_by_one(market, int(SINGLE * scale))
    say(f"one order in each transaction: {single['rate']:.0f}/s, p50 {single['p50_ms']} ms")
    batched = in_batches(market, int(BATCHED * scale))
    say(f"batches: {batched['rate']:.0f}/s, {batched['traded']:.0%} of the orders traded")
    paced = at_a_pace(market, int(batched["rate"] * OFFERED), max(2, round(SECONDS * scale)))
    say(
        f"at {paced['offered']}/s an acknowledgement takes p50 {paced['p50_ms']} ms, p99 {paced['p99_ms']} ms"
    )
    ratio = round(batched["rate"] / single["rate"], 2)
    say(f"ratio {ratio}")
    called = web.measure(market, folder, max(2, round(SECONDS * scale)))
    for name in web.ORDERS:
        say(f"{name} over HTTP: {called[f'http_{name}']['rate']:.0f}/s")
    say(f"after a kill the next order is acknowledged within {called['restart']['seconds']} s")
    return {
        "engine": matching.info()["engine"],
        "database": settings.DATABASES["default"]["ENGINE"].rpartition(".")[2],
        "plain_commits_per_second": round(plain),
        "single": single,
        "batched": batched,
        "paced": paced,
        **called,
        "restart_seconds": called["restart"]["seconds"],
        "orders_per_second": round(batched["rate"]),
        "ratio": ratio,
        "sound": is_sound(),
    }


def plain_commits(count: int) -> float:
    """Return how many rows a second one connection inserts and commits, each by itself."""
    from apps.common.db import rows

    _owner("CREATE TABLE bench_plain (id bigint PRIMARY KEY, content text)")
    start = time.perf_counter()
    for number in range(count):
        rows("INSERT INTO bench_plain VALUES (%s, %s)", [number, "x" * 100])
    return count / (time.perf_counter() - start)


def _owner(statement: str) -> None:
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)


def one_by_one(market: Any, count: int) -> dict[str, Any]:
    """Measure the sequencer with one command in each batch."""
    desk, times = market.desk(batch=1), []
    orders = market.orders(count)
    start = time.perf_counter()
    for order in orders:
        began = time.perf_counter()
        market.turn(desk, [order])
        times.append(time.perf_counter() - began)
    elapsed = time.perf_counter() - start
    market.leave(desk)
    return {"orders": count, "rate": round(count / elapsed, 1), **percentiles(times)}


def in_batches(market: Any, count: int) -> dict[str, Any]:
    """Measure the sequencer with a full inbox: from its first look until the last answer is given.

    A command's acknowledgement takes as long as the batch that it is in, once it is read.
    """
    sequencer, before = market.sequencer(), market.counts()
    left, elapsed, python, postgres, times = market.orders(count), 0.0, 0.0, 0.0, []
    backend = market.backend()
    while left:
        market.fill(left[:15_000])
        left = left[15_000:]
        start, spent, served = time.perf_counter(), time.process_time(), processor_seconds(backend)
        while market.waiting(sequencer):
            began = time.perf_counter()
            sequencer.round(block=0)
            times.append(time.perf_counter() - began)
        elapsed += time.perf_counter() - start
        python += time.process_time() - spent
        postgres += processor_seconds(backend) - served
    orders, trades = (now - then for now, then in zip(market.counts(), before, strict=True))
    sequencer.leave()
    return {
        "orders": orders,
        "trades": trades,
        "traded": round(trades / orders, 3),
        "rate": round(count / elapsed, 1),
        **percentiles(times),
        "python_us_per_order": round(python / count * 1e6),
        "postgres_us_per_order": round(postgres / count * 1e6),
    }


def at_a_pace(market: Any, rate: int, seconds: int) -> dict[str, Any]:
    """Measure how long acknowledgements take when orders come at this rate, from a process of their own."""
    sequencer = market.sequencer()
    with tempfile.TemporaryFile() as output:  # a pipe nobody reads meanwhile would stop the feeder
        feeder = subprocess.Popen(
            [sys.executable, "-m", "bench.feeder", str(rate), str(seconds), str(random.randrange(10**6))],
            cwd=ROOT,
            stdout=output,
        )
        try:
            while feeder.poll() is None:
                sequencer.round(block=5)
        finally:
            feeder.kill()
            feeder.wait()
        sequencer.leave()
        output.seek(0)
        times = json.load(output)
    return {"offered": rate, "answered": len(times), **percentiles(times)}
