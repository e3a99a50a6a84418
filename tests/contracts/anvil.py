"""A development chain of our own for one test session: nobody else's blocks, nobody else's accounts."""

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = 60
START_SECONDS = 20

# On Linux the kernel kills the chain when the test process goes (PR_SET_PDEATHSIG, kept across exec).
_DIE_WITH_PARENT = (
    "import ctypes, os, sys; "
    "sys.platform == 'linux' and ctypes.CDLL(None).prctl(1, 9); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


def binary() -> Path:
    """Return Anvil's platform binary; the package's own node wrapper would orphan it."""
    found = sorted((ROOT / "node_modules/@foundry-rs").glob("anvil-*/bin/anvil"))
    if not found:
        raise FileNotFoundError("Anvil is not installed. Fix: npm ci --ignore-scripts")
    return found[0]


class Anvil:
    """A running chain; use it as a context."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.url = ""

    def __enter__(self) -> Self:
        argv = [str(binary()), "--port", "0", "--accounts", str(ACCOUNTS)]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _DIE_WITH_PARENT, *argv], stdout=output, stderr=output
            )
        self.url = f"http://127.0.0.1:{self._wait_for_port()}"
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait()

    def _wait_for_port(self) -> int:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if match := re.search(r"Listening on 127\.0\.0\.1:(\d+)", self.log.read_text()):
                return int(match[1])
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"Anvil did not start:\n{self.log.read_text()[-2000:]}")
