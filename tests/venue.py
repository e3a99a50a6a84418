"""A whole venue for tests: the Procfile's processes on services and a port of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings

from apps.chain.signer import make_keys
from launcher import ports, procfile
from launcher.environment import for_children, for_process
from launcher.processes import spawn
from tests import database
from tests.contracts.anvil import Anvil

READY_WITHIN = 120.0  # seconds
KEYSTORE_PASSWORD = "venue" * 8
EVERYTHING = ("web", "worker", "beat", "relay", "sequencer", "chain", "indexer")


@dataclass
class Venue:
    """A running venue: where it answers, how its processes are started, and which are running."""

    url: str
    state: Path
    environment: dict[str, str]
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start the named lines of the Procfile."""
        entries = [entry for entry in procfile.load(database.ROOT / "Procfile") if entry.name in names]
        for program in procfile.programs(entries, lambda name: for_process(name, self.environment)):
            log = (self.state / f"{program.name}.log").open("ab")
            self.processes[program.name] = spawn(
                list(program.argv), cwd=database.ROOT, env=program.env, output=log.fileno()
            )
            log.close()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a management command against this venue."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=database.ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    def wait_ready(self) -> None:
        """Wait until /readyz says so; fail with what is missing and the logs' ends."""
        said = "nothing"
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            gone = [name for name, process in self.processes.items() if process.poll() is not None]
            if gone:  # on their port, somebody else's venue might answer
                said = f"{', '.join(gone)} ended"
                break
            try:
                answer = httpx.get(f"{self.url}/readyz", timeout=5)
                if answer.status_code == 200:
                    return
                said = str(answer.json().get("missing"))
            except httpx.HTTPError as error:
                said = repr(error)
            time.sleep(0.1)
        logs = "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in self.state.glob("*.log"))
        raise AssertionError(f"not ready within {READY_WITHIN:.0f} s: {said}\n{logs}")

    def stop(self) -> None:
        """End every process that was started here."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


@contextmanager
def opened(state: Path, *, name: str, offset: int) -> Iterator[Venue]:
    """Open a venue with the demo's people and no process yet; end what was started when the block ends.

    `offset` leads from the worker's own Valkey database to one that no other venue uses.
    """
    name = f"{settings.DATABASES['default']['NAME']}_{name}"
    with Anvil(state / "anvil.log") as anvil:
        venue = _prepared(state, database.clone(name), anvil.url, offset=offset)
        try:
            loaded = venue.manage("demo_data")
            assert loaded.returncode == 0, loaded.stderr
            yield venue
        finally:
            venue.stop()
            database.drop(name)


def _prepared(state: Path, urls: dict[str, str], chain_url: str, *, offset: int) -> Venue:
    """Return a venue with everything of its own that its processes need."""
    make_keys(state / "keys", KEYSTORE_PASSWORD, development=True)
    port = ports.choose([])  # any: others choose at the same moment
    base = urlsplit(settings.REDIS_URL)
    redis_url = urlunsplit(base._replace(path=f"/{int(base.path.lstrip('/') or 0) + offset}"))
    environment = for_children(
        os.environ,
        urls
        | {
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "REDIS_URL": redis_url,
            "CHAIN_RPC_URLS": chain_url,
            "KEYSTORE_DIR": str(state / "keys"),
            "KEYSTORE_PASSWORD": KEYSTORE_PASSWORD,
            "STATE": str(state),
            "MAIL_DIR": str(state / "mail"),
            "PORT": str(port),
        },
    )
    return Venue(url=f"http://127.0.0.1:{port}", state=state, environment=environment)


@contextmanager
def running(state: Path) -> Iterator[Venue]:
    """Run a whole venue until the block ends."""
    with opened(state, name="venue", offset=20) as venue:
        venue.start(*EVERYTHING)
        venue.wait_ready()
        yield venue
