"""Lines of the Procfile as children of the benchmark, on its database, ended by their ids."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from bench.scratch import ROOT
from launcher import procfile
from launcher.environment import for_children, for_process

PATIENCE = 60.0  # seconds for whatever must happen


class Processes:
    """Children that end with the block."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self._folder = folder
        self._environment = for_children(os.environ, variables)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self.running):
            self.end(name)

    def start(self, name: str) -> None:
        """Start a line of the Procfile, without waiting for it."""
        entries = [entry for entry in procfile.load(ROOT / "Procfile") if entry.name == name]
        (program,) = procfile.programs(entries, lambda name: for_process(name, self._environment))
        with (self._folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                program.argv, cwd=ROOT, env=program.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def end(self, name: str, *, kill: bool = False) -> None:
        """End a child: politely, or as a power cut would."""
        process = self.running.pop(name)
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def await_true(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something is true. Raises SystemExit with the logs' ends where it doesn't become so."""
        end = time.monotonic() + PATIENCE
        while not true():
            dead = [name for name, process in self.running.items() if process.poll() is not None]
            if dead or time.monotonic() > end:
                logs = "\n".join(
                    f"{log.name}: {log.read_text()[-1500:]}" for log in self._folder.glob("*.log")
                )
                raise SystemExit(f"bench: {what} didn't happen; ended: {dead or 'nobody'}\n{logs}")
            time.sleep(0.02)
