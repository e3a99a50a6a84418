"""A launcher under test: started as a real process in a STATE of its own, watched from outside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from launcher import environment
from launcher.paths import CHECKOUT

PROCFILE = """\
web: python {dummy} web
worker: python {dummy} worker
"""
DUMMY = Path(__file__).with_name("dummy.py")
SERVICES = ("postgres", "valkey", "anvil")
OURS = (
    *(*environment.DATABASE_URLS, "REDIS_URL", "CHAIN_RPC_URLS", "HOST", "DJANGO_SETTINGS_MODULE"),
    *environment.SIGNER,
)


def quick_place():
    """In memory where programs may run there, since these tests write some thousand files."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    if not os.access(memory, os.W_OK):
        return Path(tempfile.gettempdir())
    about = os.statvfs(memory)
    is_usable = about.f_bavail * about.f_frsize > 2**30 and not about.f_flag & os.ST_NOEXEC
    return memory if is_usable else Path(tempfile.gettempdir())


def eventually(condition, seconds=15.0, what="it did not happen"):
    """Wait for a true value and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} within {seconds} s")


@dataclass
class System:
    """One STATE and the launcher on it. `python` and `user` let another user run it."""

    folder: Path
    python: str = sys.executable
    user: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    up: subprocess.Popen[str] | None = None

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def environ(self) -> dict[str, str]:
        outer = {name: value for name, value in os.environ.items() if name not in OURS}
        site = next(path for path in sys.path if path.endswith("site-packages"))
        own = {"STATE": str(self.state), "PORT": "20080", "PYTHONPATH": f"{CHECKOUT}:{site}", "NO_COLOR": "1"}
        return {**outer, **own, **self.variables}

    def start(self, procfile=PROCFILE, prepare=()):
        for old in (self.state / "diary", *self.state.glob("*.listens")):
            old.unlink(missing_ok=True)
        file = self.folder / "Procfile"
        file.write_text(procfile.format(dummy=DUMMY).replace("python ", f"{self.python} "))
        return self._run(str(file), *prepare)

    def start_venue(self):
        """Run the real Procfile, after the real preparation."""
        return self._run()

    def _run(self, *arguments: str):
        command = [self.python, "-m", "tests.functional.launcher.driver", *arguments]
        self.output = (self.folder / "output").open("w+")
        self.up = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            env=self.environ(),
            stdout=self.output,
            stderr=subprocess.STDOUT,
            text=True,
            user=self.user,
            group=self.user and "nogroup",
            extra_groups=[] if self.user else None,
        )
        return self

    def wait_ready(self, seconds=40.0):
        eventually(lambda: "Alef is ready" in self.said() or self.up.poll() is not None, seconds, "not ready")
        assert self.up.poll() is None, self.said()
        return self

    def said(self) -> str:
        return (self.folder / "output").read_text()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-m", "launcher", *arguments],
            check=False,
            cwd=CHECKOUT,
            env=self.environ(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            user=self.user,
            timeout=60,
        )

    def listed(self) -> dict[str, dict[str, Any]]:
        rows = json.loads(self.run("ps", "--json").stdout)["processes"]
        return {row["name"]: row for row in rows}

    def variables_in_use(self) -> dict[str, str]:
        return environment.read(self.state / "env")

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.up.pid).children(recursive=True)

    def stop(self, number=signal.SIGINT) -> int:
        self.up.send_signal(number)
        return self.up.wait(40)

    def close(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.up is None or self.up.poll() is not None:
            return
        family = self.descendants()
        self.up.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.up.wait(20)
        for process in [*family, psutil.Process(self.up.pid)] if self.up.poll() is None else family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.up.wait(5)


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
