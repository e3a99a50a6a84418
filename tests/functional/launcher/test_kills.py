"""Every process is killed while orders come in: what was acknowledged is there, once, and nobody acts."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from launcher.paths import CHECKOUT
from tests.functional.launcher.system import System, eventually
from tests.functional.launcher.test_supervision import quick_place
from tests.scenarios.people import DEMO_PASSWORD, Person, Refused

VICTIMS = ("web", "sequencer", "worker", "beat", "relay", "chain", "indexer", "postgres", "valkey")
TRADERS = {"noor@alef.example": "sell", "sara@alef.example": "buy", "omar@alef.example": "sell"}
BETWEEN = 12  # orders that are acknowledged between two kills
BACK_WITHIN = 90.0
VERIFIERS = (["ledger_verify"], ["audit_verify"], ["replay"])


@pytest.fixture
def system():
    with tempfile.TemporaryDirectory(prefix="alef-kills-", dir=quick_place()) as name:
        Path(name).chmod(0o755)
        system = System(Path(name), variables={"PORT": "20480"})
        yield system
        system.close()


@dataclass
class Load:
    """People who place orders until told to stop; whoever gets no answer asks the same again."""

    url: str
    instrument: str
    acknowledged: dict[str, tuple[str, str]] = field(default_factory=dict)  # name → (e-mail, order)
    wrong: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        self.people = {email: Person(self.url, email).log_in(DEMO_PASSWORD) for email in TRADERS}
        self.threads = [threading.Thread(target=self._trade, args=(email,)) for email in TRADERS]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)

    def _trade(self, email):
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

    def _insist(self, email, body):
        """Send an order until there is an answer; a token that has run out is got anew."""
        person = self.people[email]
        for _ in range(600):
            try:
                answer = person.session.post(f"{self.url}/api/v1/orders", json=body, timeout=10)
            except requests.RequestException:
                time.sleep(0.2)
                continue
            if answer.status_code == 201:
                self.acknowledged[body["client_order_id"]] = (email, answer.json()["id"])
                return
            if answer.status_code < 500 and answer.status_code not in {401, 429}:
                self.wrong.append(f"{answer.status_code} {answer.text[:300]}")
                return
            if answer.status_code == 401:
                self._log_in(email)
            time.sleep(0.2)
        self.wrong.append(f"{email} never got an answer")

    def _log_in(self, email):
        with contextlib.suppress(requests.RequestException, Refused):  # the venue isn't whole yet
            self.people[email] = Person(self.url, email).log_in(DEMO_PASSWORD)

    def waits_for(self, more):
        wanted = len(self.acknowledged) + more
        eventually(lambda: len(self.acknowledged) >= wanted, BACK_WITHIN, f"{more} more orders, {self.wrong}")


@pytest.mark.spec("MAT-6")
def test_each_process_is_killed_under_orders_and_all_comes_back_by_itself(system):
    system.start_venue().wait_ready(240)
    url = f"http://127.0.0.1:{system.variables_in_use()['PORT']}"
    admin = Person(url, "admin@alef.example").log_in(DEMO_PASSWORD)
    market = next(each for each in admin.get("instruments")["results"] if each["symbol"] == "OASW")
    with Load(url, market["id"]) as load:
        load.waits_for(BETWEEN)
        for victim in VICTIMS:
            pid = system.listed()[victim]["pid"]
            os.kill(pid, signal.SIGKILL)
            eventually(
                lambda v=victim, p=pid: _is_back(system, url, v, p), BACK_WITHIN, f"{victim} isn't back"
            )
            load.waits_for(BETWEEN)
    assert load.wrong == []
    assert len(load.acknowledged) >= BETWEEN * (1 + len(VICTIMS))
    _each_exists_once(load)
    eventually(lambda: _all_settled(url, market["id"]), BACK_WITHIN, "not every trade is settled")
    for command in VERIFIERS:
        done = _manage(system, *command)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])


def _is_back(system, url, victim, pid):
    found = system.listed().get(victim, {}).get("pid")
    if not found or found == pid:
        return False
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _each_exists_once(load):
    for email in TRADERS:
        person = Person(load.url, email).log_in(DEMO_PASSWORD)
        named = Counter()
        page = person.get("orders", page_size="100", instrument=load.instrument)
        while True:
            named.update(each["client_order_id"] for each in page["results"])
            if not page["next"]:
                break
            page = person.ask("GET", page["next"].partition("/api/v1/")[2])
        own = {name for name, (owner, _) in load.acknowledged.items() if owner == email}
        assert {name: named[name] for name in own} == dict.fromkeys(own, 1)


def _all_settled(url, market):
    admin = Person(url, "admin@alef.example").log_in(DEMO_PASSWORD)
    waiting = [
        admin.get("admin/trades", settlement_status=status, instrument=market)["results"]
        for status in ("pending", "processing", "failed")
    ]
    return not any(waiting)


def _manage(system, *command):
    env = {**os.environ, **system.variables_in_use()}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        check=False,
        cwd=CHECKOUT,
        env=env,
        capture_output=True,
        text=True,
    )
