"""Clients of the API, each on its own connection: `python -m bench.callers < JSON`, answers times as JSON.

Reads {"port", "instrument", "tokens": one for each connection, "orders": in one request, "seconds"}. Half of
the connections buy and half sell, around one price, so that about half of the orders trade.
"""

import http.client
import json
import random
import sys
import threading
import time
import uuid
from typing import Any

PATIENCE = 60  # seconds for one answer


class Caller(threading.Thread):
    """Sends one request after the other until the time is over."""

    def __init__(self, number: int, asked: dict[str, Any], token: str, warm: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.warm = warm
        self.dice, self.asked = random.Random(number), asked
        self.side = "buy" if number % 2 else "sell"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.times: list[float] = []
        self.placed, self.warming, self.refused = 0, 0, list[str]()

    def run(self) -> None:
        """Send; the first answer only warms the connection, and the time begins when everybody has theirs."""
        connection = http.client.HTTPConnection("127.0.0.1", self.asked["port"], timeout=PATIENCE)
        try:
            self._ask(connection)
        except BaseException:
            self.warm.abort()
            raise
        self.placed, self.warming = 0, self.placed
        self.warm.wait()
        end = time.perf_counter() + self.asked["seconds"]
        while time.perf_counter() < end:
            began = time.perf_counter()
            self._ask(connection)
            self.times.append(time.perf_counter() - began)

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        count = self.asked["orders"]
        many = {"orders": [self._order() for _ in range(count)]} if count > 1 else self._order()
        path = "/api/v1/orders/batch" if count > 1 else "/api/v1/orders"
        connection.request("POST", path, json.dumps(many), self.headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            self.refused.append(text.decode()[:300])
            return
        results = json.loads(text)["results"] if count > 1 else [{"order": json.loads(text)}]
        self.placed += sum(each["order"] is not None for each in results)
        self.refused += [str(each)[:300] for each in results if each["order"] is None]

    def _order(self) -> dict[str, str]:
        away = round(self.dice.gauss(2, 4))
        cents = 10_000 - away if self.side == "buy" else 10_000 + away
        return {
            "instrument": self.asked["instrument"],
            "side": self.side,
            "order_type": "limit",
            "price": f"{cents // 100}.{cents % 100:02}",
            "quantity": str(self.dice.randint(1, 20)),
            "time_in_force": "GTC",
            "client_order_id": uuid.uuid4().hex,
        }


def main(asked: dict[str, Any]) -> None:
    """Let all connections call at once, and print what they met."""
    warm = threading.Barrier(len(asked["tokens"]) + 1)
    callers = [Caller(number, asked, token, warm) for number, token in enumerate(asked["tokens"])]
    for caller in callers:
        caller.start()
    warm.wait()
    start = time.perf_counter()
    for caller in callers:
        caller.join()
    elapsed = time.perf_counter() - start
    times = [each for caller in callers for each in caller.times]
    refused = [each for caller in callers for each in caller.refused]
    found = {"times": times, "refused": len(refused), "example": refused[:1], "seconds": elapsed}
    for name in ("placed", "warming"):
        found[name] = sum(getattr(caller, name) for caller in callers)
    print(json.dumps(found))


main(json.load(sys.stdin))
