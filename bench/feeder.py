"""Send orders at a pace and print how many seconds each answer took, as JSON."""

import json
import sys
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

import django

django.setup()

from apps.trading import client  # noqa: E402
from bench.market import Market  # noqa: E402


def main(rate: int, seconds: int, seed: int) -> None:
    """Send `rate` orders a second for some seconds; then wait for what is still on its way."""
    market, reply = Market(join=True, seed=seed), client.reply_number()
    replies, times = client._replies(), list[float]()  # noqa: SLF001
    start, waiting = time.perf_counter(), []
    for tick in range(seconds * 200):
        while time.perf_counter() < start + tick / 200:
            time.sleep(0.0005)
        orders = [market.order(reply) for _ in range(rate * (tick + 1) // 200 - rate * tick // 200)]
        sent = time.perf_counter()
        for future in replies.expect(orders):
            future.add_done_callback(partial(_note, times, sent))
            waiting.append(future)
        client.send(market.instrument.number, orders)
    for future in waiting:
        future.result(30)
    print(json.dumps(times))


def _note(times: list[float], sent: float, _: Future[Any]) -> None:
    times.append(time.perf_counter() - sent)


main(*map(int, sys.argv[1:]))
