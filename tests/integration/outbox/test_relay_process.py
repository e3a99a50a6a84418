"""The relay as a process: killed, doubled, cut off from the database, ended; nothing is ever lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import connection

from apps.audit import selectors as audit
from apps.common import heartbeat
from apps.common.clock import now
from tests.database import ROOT, admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("API-4")]

PATIENCE = 30  # seconds for whatever must happen


def until(true, what):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.02)


class Relays:
    """Relay processes on this test's database, and the file through which their handlers are held."""

    def __init__(self, file: Path):
        self.file = file
        self.log = file.with_suffix(".log")
        self.processes: list[subprocess.Popen] = []

    def start(self, **environment) -> subprocess.Popen:
        own = {"DJANGO_SETTINGS_MODULE": "tests.integration.outbox.relay_settings"}
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "relay"],
                cwd=ROOT,
                env=os.environ | own | environment,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def hold(self):
        Path(f"{self.file}.hold").touch()

    def release(self):
        Path(f"{self.file}.hold").unlink()

    def wait_inside(self):
        """Wait until a handler is in the middle of a message."""
        waiting = Path(f"{self.file}.waiting")
        until(waiting.exists, "a handler is called")
        waiting.unlink()

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def relays(box, tmp_path):
    relays = Relays(tmp_path / "written")
    yield relays
    relays.end()


def delivered(box, *ids):
    return lambda: all(box.states().get(each) == "delivered" for each in ids)


@pytest.mark.parametrize("kind", ["inner", "outer", "outside"])
def test_a_relay_that_is_killed_in_the_middle_of_a_handler_loses_nothing(kind, box, relays):
    relays.hold()
    deed = "write_wait" if kind == "outside" else "wait"
    before = box.publish(*[(kind, "k", {})] * 3)
    (in_hand,) = box.publish((kind, "k", {"do": deed}))
    after = box.publish(*[(kind, "k", {})] * 3)
    relay = relays.start()
    relays.wait_inside()
    relay.send_signal(signal.SIGKILL)
    relay.wait()
    relays.release()
    assert delivered(box, in_hand)() is False
    relays.start()
    until(delivered(box, *before, in_hand, *after), "the second relay delivers the rest")
    if kind == "outside":
        assert box.written() == [*before, in_hand, in_hand, in_hand, *after], "only the one in hand again"
    else:
        assert box.handled() == [*before, in_hand, *after], "each effect once, in order"


def test_a_relay_that_is_told_to_end_finishes_the_message_in_hand(box, relays):
    relays.hold()
    first, second = box.publish(("outer", "k", {"do": "wait"}), ("outer", "k", {}))
    relay = relays.start()
    relays.wait_inside()
    relay.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert relay.poll() is None
    relays.release()
    assert relay.wait(PATIENCE) == 0
    assert box.states() == {first: "delivered", second: "pending"}
    assert "Traceback" not in relays.log.read_text()


def test_a_second_relay_stands_by_and_takes_over(box, relays):
    first = relays.start()
    until(lambda: heartbeat.signs(["relay"])["relay"], "the first relay is alive")
    second = relays.start()
    ids = box.publish(*[("outer", "ab"[n % 2], {}) for n in range(20)])
    until(delivered(box, *ids), "one of them delivers")
    relays.hold()
    (in_hand,) = box.publish(("outer", "a", {"do": "wait"}))
    relays.wait_inside()
    holder = heartbeat.signs(["relay"])["relay"].pid
    working, waiting = (first, second) if holder == first.pid else (second, first)
    assert working.pid == holder
    working.kill()
    relays.release()
    until(delivered(box, in_hand), "the other one takes over")
    assert waiting.poll() is None
    box.check_lanes()


def test_a_relay_outlives_the_loss_of_its_database(box, relays):
    relay = relays.start()
    first = box.publish(*[("all", "k", {})] * 3)
    until(delivered(box, *first), "it works")
    for _ in range(3):
        during = box.publish(*[("outer", str(n), {}) for n in range(10)])
        cut_off(seconds=0)
        until(delivered(box, *during), "it comes back after its connections were cut")
    during = box.publish(("outer", "k", {}))
    cut_off(seconds=2)
    until(delivered(box, *during), "it comes back after the database was away")
    assert relay.poll() is None
    assert len(box.handled()) == len(set(box.handled())) + 3, "the inner and the outer one, each once"


def cut_off(*, seconds):
    """End every connection to this test's database but our own, and allow none for some seconds."""
    name = django_settings.DATABASES["default"]["NAME"]
    ours = connection.connection.info.backend_pid
    terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
    allow = psycopg.sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
    with admin() as superuser:
        if seconds:
            superuser.execute(allow.format(psycopg.sql.Identifier(name), psycopg.sql.SQL("false")))
        superuser.execute(terminate, [name, ours])
        time.sleep(seconds)
        if seconds:
            superuser.execute(allow.format(psycopg.sql.Identifier(name), psycopg.sql.SQL("true")))


def test_a_relay_works_without_valkey(box, relays):
    relay = relays.start(REDIS_URL="redis://127.0.0.1:1/0")
    ids = box.publish(("outer", "k", {}), ("outside", "k", {}))
    until(delivered(box, *ids), "it delivers without giving a sign of life")
    assert relay.poll() is None


@pytest.mark.spec("AUD-3")
def test_events_are_sealed_within_a_second_whatever_the_handlers_do(box, relays):
    relays.hold()
    relays.start()
    (outside,) = box.publish(("outside", "k", {"do": "wait"}))
    relays.wait_inside()
    (quick,) = box.publish(("outer", "k", {}))
    until(delivered(box, quick), "a slow handler outside holds nobody up")
    (slow,) = box.publish(("outer", "k", {"do": "wait"}))
    relays.wait_inside()
    began = time.monotonic()
    until(lambda: audit.state(at=now()).sealed == 1, "the first event is sealed")
    assert time.monotonic() - began < 1
    relays.release()
    until(delivered(box, outside, slow), "the slow ones end")
    until(lambda: audit.state(at=now()).sealed == 2, "the second event is sealed")


def test_an_idle_relay_delivers_at_once(box, relays):
    relays.start()
    until(delivered(box, *box.publish(("outside", "k", {}))), "it runs")
    waits = []
    for _ in range(10):
        began = time.time()
        until(delivered(box, *box.publish(("outside", "k", {}))), "delivered")
        waits.append(json.loads(relays.file.read_text().splitlines()[-1])["at"] - began)
    assert sorted(waits)[5] < 0.5, waits
