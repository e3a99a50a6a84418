"""Engines in processes of their own, asked by lines and answering in JSON."""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.engine import build
from bench.engine.build import Missing

PATIENCE = 240.0  # seconds for one answer
Answer = dict[str, Any]


class EngineFailed(Exception):
    """An engine's process ended or didn't answer."""


class Process:
    """A running engine."""

    def __init__(self, command: list[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=build.ROOT,
        )

    def ask(self, request: str) -> Answer:
        """Return the answer to one request. Raises EngineFailed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(request + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        if not line:
            raise EngineFailed(f"{request.split(maxsplit=1)[0]}: {self._last_words()}")
        answer: Answer = json.loads(line)
        return answer

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _last_words(self) -> str:
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return (
            lines[-1] if lines else f"ended with {self._process.returncode}, or no answer in {PATIENCE:.0f} s"
        )


@dataclass
class Contender:
    """An engine that is to be measured: how it is started, or why it can't be."""

    name: str
    what: str
    command: list[str] = field(default_factory=list)
    missing: str = ""
    version: str = ""

    def start(self) -> Process:
        """Start a process of it."""
        return Process(self.command)


def contenders() -> list[Contender]:
    """Return every engine of the benchmark, those that can't be measured here too."""
    made = [
        _contender("core", "the C++ core alone, batches of 1,000", _core),
        _contender("compiled", "from Python, `submit_batch` of 1,000", lambda: _ours("compiled")),
        _contender(
            "one-by-one", "from Python, `new` and `cancel` for each order", lambda: _ours("one-by-one")
        ),
        _contender("reference", "the plain Python twin", lambda: _ours("reference")),
    ]
    return made + _foreign()


def _contender(name: str, what: str, command: Callable[[], list[str]]) -> Contender:
    try:
        return Contender(name, what, command())
    except Missing as reason:
        return Contender(name, what, missing=str(reason))


def _core() -> list[str]:
    return [str(build.driver())]


def _ours(name: str) -> list[str]:
    if name != "reference":
        build.compiled()
    return _worker(name)


def _foreign() -> list[Contender]:
    from bench.engine.packages import ADAPTERS

    try:
        folder, why = build.packages(), ""
    except (Missing, subprocess.TimeoutExpired) as reason:
        folder, why = Path(), str(reason)
    versions = _versions(folder) if not why else {}
    return [
        Contender(
            name,
            f"Python package {name}",
            _worker(name, str(folder)) if not why else [],
            missing=why,
            version=versions.get(name, ""),
        )
        for name in ADAPTERS
    ]


def _versions(folder: Path) -> dict[str, str]:
    from importlib import metadata

    return {found.name.lower(): found.version for found in metadata.distributions(path=[str(folder)])}


def _worker(name: str, *folders: str) -> list[str]:
    return [sys.executable, "-m", "bench.engine.worker", name, *folders]
