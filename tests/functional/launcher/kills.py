"""Kill a venue's processes one after the other while people trade, and look for what was lost or done twice.

The venue is one of its own, with its own PostgreSQL, Valkey and chain, as `up` starts it.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import requests

from launcher import roster
from launcher.paths import CHECKOUT
from tests.functional.launcher.system import System, eventually, quick_place
from tests.scenarios.people import DEMO_PASSWORD, Person, Refused

VICTIMS = ("web", "sequencer", "worker", "beat", "relay", "chain", "indexer", "postgres", "valkey")
TRADERS = {"noor@alef.example": "sell", "sara@alef.example": "buy", "omar@alef.example": "sell"}
SYMBOL = "OASW"
BETWEEN = 3  # orders of each person that are acknowledged between two kills
READY_WITHIN, BACK_WITHIN = 300.0, 120.0  # seconds
VERIFIERS = ("ledger_verify", "audit_verify", "replay")

Say = Callable[[str], None]


class Unsound(AssertionError):
    """Something was lost, done twice or left undone."""


@dataclass
class Load:
    """People who place orders until told to stop; whoever gets no answer asks the same again."""

    url: str
    instrument: str
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)  # name → (e-mail, order)
    took: dict[str, list[float]] = field(default_factory=lambda: {email: [] for email in TRADERS})  # seconds
    wrong: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.people = {email: Person(self.url, email).log_in(DEMO_PASSWORD) for email in TRADERS}
        self.threads = [threading.Thread(target=self._trade, args=(email,)) for email in TRADERS]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)

    def answered(self) -> dict[str, int]:
        """Return how many answers each person has."""
        return {email: len(took) for email, took in self.took.items()}

    def wait_for(self, more: int, *, since: dict[str, int]) -> float:
        """Wait until everybody has so many answers more; return how many seconds the slowest took."""

        def new() -> list[list[float]]:
            return [took[since[email] :] for email, took in self.took.items()]

        eventually(lambda: min(map(len, new())) >= more, BACK_WITHIN, f"{more} more orders, {self.wrong}")
        return max(map(max, new()))

    def _trade(self, email: str) -> None:
        number = 0
        while not self.stopped.is_set():
            number += 1
            takes = number % 3 == 0
            body = {
                "instrument": self.instrument,
                "client_order_id": f"kill-{uuid4()}",
                "side": TRADERS[email],
                "order_type": "limit",
                "time_in_force": "IOC" if takes else "GTC",
                "price": "12.00",
                "quantity": "1",
            }
            self._insist(email, body)
            time.sleep(0.1)

    def _insist(self, email: str, body: dict[str, str]) -> None:
        """Send an order until there is an answer; a token that has run out is got anew."""
        began = time.monotonic()
        while time.monotonic() < began + BACK_WITHIN:
            with contextlib.suppress(requests.RequestException, Refused):  # the venue isn't whole yet
                answer = self.people[email].session.post(f"{self.url}/api/v1/orders", json=body, timeout=10)
                if answer.status_code == 201:
                    self.acknowledged[body["client_order_id"]] = (email, answer.json()["id"])
                    self.took[email].append(time.monotonic() - began)
                    return
                if answer.status_code < 500 and answer.status_code not in {401, 429}:
                    self.wrong.append(f"{answer.status_code} {answer.text[:300]}")
                    return
                if answer.status_code == 401:
                    self.people[email] = Person(self.url, email).log_in(DEMO_PASSWORD)
            time.sleep(0.2)
        self.wrong.append(f"{email} never got an answer")


@contextlib.contextmanager
def venue() -> Iterator[System]:
    """Start a venue in a folder of its own; nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="alef-kills-", dir=quick_place()) as name:
        Path(name).chmod(0o755)  # PostgreSQL runs as another user where we are root
        system = System(Path(name), variables={"PORT": "20480"})
        try:
            yield system.start_venue().wait_ready(READY_WITHIN)
        finally:
            system.close()


def play(system: System, victims: Sequence[str], say: Say) -> dict[str, Any]:
    """Kill these under orders, and return what was seen. Raises Unsound and what `eventually` raises."""
    url = f"http://127.0.0.1:{system.variables_in_use()['PORT']}"
    admin = Person(url, "admin@alef.example").log_in(DEMO_PASSWORD)
    market = next(each["id"] for each in admin.get("instruments")["results"] if each["symbol"] == SYMBOL)
    seen = {}
    with Load(url, market) as load:
        load.wait_for(BETWEEN, since=load.answered())
        for victim in victims:
            seen[victim] = _kill(system, load, victim)
            say(f"{victim}: {seen[victim]}")
    if load.wrong:
        raise Unsound(f"not every order was taken: {load.wrong}")
    fills = _each_exists_once(load)
    began = time.monotonic()
    admin = Person(url, "admin@alef.example").log_in(DEMO_PASSWORD)  # the first token may have run out
    eventually(lambda: _all_settled(admin, market), BACK_WITHIN, "not every trade is settled")
    settled = round(time.monotonic() - began, 2)
    for command in VERIFIERS:
        _verify(system, command)
    return {
        "orders": len(load.acknowledged),
        "fills": fills,
        "all_settled_after_seconds": settled,
        "killed": seen,
    }


def _kill(system: System, load: Load, victim: str) -> dict[str, float]:
    """Kill one, and wait until it is back, the venue is ready and people are answered again."""
    pid = _pid(system, victim)
    if pid is None:
        raise Unsound(f"{victim} doesn't run")
    answered, began = load.answered(), time.monotonic()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: _pid(system, victim) not in {None, pid}, BACK_WITHIN, f"{victim} isn't back")
    back = time.monotonic() - began
    eventually(lambda: _is_ready(load.url), BACK_WITHIN, f"not ready after {victim} was killed")
    ready = time.monotonic() - began
    load.wait_for(BETWEEN, since=load.answered())
    slowest = load.wait_for(BETWEEN, since=answered)
    return {
        "back_seconds": round(back, 2),
        "ready_seconds": round(ready, 2),
        "slowest_answer_seconds": round(slowest, 2),
    }


def _pid(system: System, name: str) -> int | None:
    rows = roster.running(system.state / "processes.json")
    return next((row.process.pid for row in rows if row.name == name), None)


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _each_exists_once(load: Load) -> int:
    """Look for every acknowledged order under its name and id; return how many of them traded."""
    traded = 0
    for email in TRADERS:
        person = Person(load.url, email).log_in(DEMO_PASSWORD)
        found = defaultdict(list)
        for order in _orders(person, load.instrument):
            found[order["client_order_id"]].append(order["id"])
            traded += order["client_order_id"] in load.acknowledged and float(order["filled_quantity"]) > 0
        own = {name: [order] for name, (owner, order) in load.acknowledged.items() if owner == email}
        kept = {name: found[name] for name in own}
        if kept != own:
            raise Unsound(f"{email}: {[(name, kept[name]) for name in own if kept[name] != own[name]]}")
    if not traded:
        raise Unsound("nobody traded, so nothing was tried")
    return traded


def _orders(person: Person, instrument: str) -> Iterator[dict[str, Any]]:
    page = person.get("orders", page_size="100", instrument=instrument)
    while True:
        yield from page["results"]
        if not page["next"]:
            return
        page = person.ask("GET", page["next"].partition("/api/v1/")[2])


def _all_settled(admin: Person, market: str) -> bool:
    waiting = [
        admin.get("admin/trades", settlement_status=status, instrument=market)["results"]
        for status in ("pending", "processing", "failed")
    ]
    return not any(waiting)


def _verify(system: System, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        check=False,
        cwd=CHECKOUT,
        env={**os.environ, **system.variables_in_use()},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Unsound(f"{command}: {done.stdout[-2000:]} {done.stderr[-2000:]}")
