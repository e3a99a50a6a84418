"""One supervised process: its program, its present life and its next start."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from launcher import logfiles
from launcher.backoff import Backoff
from launcher.files import tail
from launcher.processes import Identity, identify, spawn
from launcher.programs import NotYetError, Program
from launcher.roster import Row

RETRY = 0.5


@dataclass(frozen=True)
class Death:
    """How a process ended: `status` as subprocess has it, `lived` in seconds."""

    status: int
    lived: float

    def __str__(self) -> str:
        if self.status >= 0:
            return f"exit {self.status}"
        try:
            return signal.Signals(-self.status).name
        except ValueError:
            return f"signal {-self.status}"


class Child:
    """Keep one program's process. Single-threaded; all times are monotonic seconds but `since`."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.identity: Identity | None = None
        self.due: float | None = time.monotonic()
        self.pause = 0.0
        self.first_due = time.monotonic()
        self.starts = 0
        self.deaths = 0
        self.since = 0.0
        self.began = 0.0
        self.is_ready = False
        self.waits_for = ""
        self.last_death: Death | None = None
        self._backoff = Backoff(longest=program.longest_pause)

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def is_alive(self) -> bool:
        return self.process is not None

    def start(self) -> bool:
        """Start the process; return False and set the next try when it cannot be started now."""
        try:
            self.program.before_start()
            self.process = self._spawn()
        except NotYetError as reason:
            self.waits_for = str(reason)
            self.due = time.monotonic() + RETRY
            return False
        except OSError as error:
            self._note(f"cannot start {self.program.argv[:1]}: {error}")
            self._bury(Death(status=127, lived=0.0))
            return False
        self.due = None
        self.waits_for = ""
        self.starts += 1
        self.since, self.began = time.time(), time.monotonic()
        self.identity = identify(self.process.pid)
        self.is_ready = False
        return True

    def collect(self) -> Death | None:
        """Return the death of the process if it died since the last call, and plan its next start."""
        if self.process is None:
            return None
        try:
            # Look without reaping: while the zombie keeps its pid, its group cannot be anyone else's.
            if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
        except ChildProcessError:
            pass
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        death = Death(status=self.process.wait(), lived=time.monotonic() - self.began)
        self._bury(death)
        return death

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, or to its group if it is a shell."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if self.program.signals_group or number == signal.SIGKILL:
                os.killpg(self.process.pid, number)
            else:
                os.kill(self.process.pid, number)

    def row(self) -> Row | None:
        """Return the process for the list, or None while there is none."""
        if self.process is None or self.identity is None:
            return None
        kind = "service" if self.program.is_service else "process"
        return Row(self.name, kind, self.identity, self.since, self.starts - 1)

    def last_words(self) -> str:
        """Return the last line of the log, shortened."""
        lines = [line.strip() for line in tail(self.log, 5) if line.strip()]
        return lines[-1][:160] if lines else ""

    def _spawn(self) -> subprocess.Popen[bytes]:
        program = self.program
        output = logfiles.open_for_child(self.log)
        try:
            return spawn(
                program.argv,
                env=program.env,
                cwd=program.cwd,
                output=output,
                user=program.user,
                orphan_signal=program.orphan_signal,
            )
        finally:
            os.close(output)

    def _bury(self, death: Death) -> None:
        self.process = self.identity = None
        self.is_ready = False
        self.deaths += 1
        self.last_death = death
        self.pause = self._backoff.pause_after(death.lived)
        self.due = time.monotonic() + self.pause

    def _note(self, text: str) -> None:
        with contextlib.suppress(OSError), self.log.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
