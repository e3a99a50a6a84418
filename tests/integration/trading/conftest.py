"""Sequencers for tests: in a thread of the test, or as processes that can be killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from apps.trading import models
from apps.trading.sequencer import Sequencer
from tests.database import ROOT

PATIENCE = 60  # seconds for whatever must happen


def until(true, what):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"not within {PATIENCE} s: {what}"
        time.sleep(0.02)


@pytest.fixture
def running(valkey):
    """A sequencer that works while the test asks; call `stop` to end it before."""
    sequencer = Sequencer(holder="thread")

    def run():
        try:
            sequencer.run()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def stop():
        sequencer.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()

    sequencer.end = stop  # type: ignore[attr-defined]
    yield sequencer
    stop()


class Sequencers:
    """Processes on this test's database."""

    def __init__(self, log: Path):
        self.log = log
        self.processes: list[subprocess.Popen] = []

    def start(self, *options: str) -> subprocess.Popen:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "sequencer", *options],
                cwd=ROOT,
                env=os.environ,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def kill(self) -> None:
        """Kill the newest one, as a power cut would."""
        process = self.processes.pop()
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def sequencers(valkey, tmp_path):
    """Start real sequencer processes, and end them with the test."""
    found = Sequencers(tmp_path / "sequencer.log")
    yield found
    found.end()


def leave_lease(market):
    """Let the next sequencer take the instrument at once, as if the lease had run out."""
    models.Lease.objects.filter(pk=market.instrument.number).update(holder="")
