"""The supervisor: one thread, one loop, that starts, watches, restarts and stops the children.

Signals only ring a bell (a pipe that the loop waits on); everything else happens in `turn`.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from launcher import logfiles, roster
from launcher.children import Child
from launcher.console import RED, notice, paint
from launcher.errors import LaunchError
from launcher.files import tail
from launcher.paths import State
from launcher.processes import identify
from launcher.programs import Program
from launcher.roster import Row

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_NAP = 1.0
READY_CHECK = 0.1
TEND_EVERY = 3.0
LONGEST_START = 180.0
AFTER_HURRY = 3.0


class StopRequested(Exception):
    """Somebody asked the supervisor to stop: Ctrl-C, `down`, or the end of the terminal."""


class Supervisor:
    """Run programs until told to stop; use as a context manager, which stops them all at its end."""

    def __init__(self, state: State, purpose: str) -> None:
        self._state = state
        self._purpose = purpose
        self._children: list[Child] = []
        self._began = time.time()
        self._stops = 0
        self._stopping = False
        self._stops_before = 0
        self._roster_is_old = True
        self._next_tending = 0.0
        self._bell, self._ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        self._old_wakeup = signal.set_wakeup_fd(self._ring, warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, self._on_stop) for number in STOP_SIGNALS}
        self._old_handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            for number, handler in self._old_handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(self._old_wakeup)
            os.close(self._bell)
            os.close(self._ring)

    def add(self, program: Program) -> Child:
        """Start a program and keep it alive from now on."""
        child = Child(program, self._state.log(program.name))
        self._children.append(child)
        self._start(child)
        self._write_roster()
        return child

    def until(self, condition: Callable[[], bool], *, seconds: float, check: float = READY_CHECK) -> bool:
        """Run the loop until the condition holds or the time is over; return the condition.

        Raises StopRequested as soon as somebody asks.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() >= end:
                return False
            self.turn(check)
        return True

    def run(self) -> None:
        """Run the loop until somebody asks to stop (StopRequested)."""
        while True:
            self.turn(LONGEST_NAP)

    def wait_ready(self, child: Child) -> None:
        """Wait until a child answers. Raises LaunchError with the end of its log when it does not."""
        self.until(lambda: child.is_ready or self._has_failed(child), seconds=LONGEST_START, check=0.02)
        if not child.is_ready:
            raise self._failure(child)

    def turn(self, nap: float) -> None:
        """Wait for a signal or at most `nap` seconds, then do what is due."""
        self._sleep(nap)
        if self._stops and not self._stopping:
            raise StopRequested
        self._collect_dead()
        self._start_due()
        self._check_ready()
        self._tend()
        if self._roster_is_old:
            self._write_roster()

    def stop(self) -> None:
        """Stop all children, the latest wave last; a second request hurries."""
        self._stopping = True
        self._stops_before = self._stops
        for child in self._children:
            child.due = None
        for wave in sorted({child.program.wave for child in self._children}):
            self._stop_wave([child for child in self._children if child.program.wave == wave])
        self._write_roster()

    # The parts of one turn.

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        self._stops += 1

    def _sleep(self, nap: float) -> None:
        now = time.monotonic()
        dues = [child.due - now for child in self._children if child.due is not None]
        ready, _, _ = select.select([self._bell], [], [], max(0.0, min([nap, *dues])))
        if ready:
            os.read(self._bell, 4096)

    def _collect_dead(self) -> None:
        for child in self._children:
            death = child.collect()
            if death is None:
                continue
            self._roster_is_old = True
            if not self._stopping:
                self._tell_death(child, str(death))

    def _tell_death(self, child: Child, how: str) -> None:
        words = "" if how.startswith("SIG") else child.last_words()
        why = f": {words}" if words else ""
        notice(f"{paint(child.name, RED)} died ({how}){why}; starts again in {child.pause:.1f} s")

    def _tell_return(self, child: Child) -> None:
        pid = child.identity.pid if child.identity else "gone"
        if child.program.is_service:
            notice(f"{child.name} is back (pid {pid}, {time.monotonic() - child.began:.1f} s)")
        else:
            notice(f"{child.name} runs again (pid {pid})")

    def _start_due(self) -> None:
        if self._stopping:
            return
        for child in self._children:
            if child.due is not None and child.due <= time.monotonic():
                self._start(child)

    def _start(self, child: Child) -> None:
        if child.start():
            self._roster_is_old = True

    def _check_ready(self) -> None:
        for child in self._children:
            if child.is_alive and not child.is_ready and child.program.is_ready():
                child.is_ready = True
                if child.starts > 1 and not self._stopping:
                    self._tell_return(child)

    def _tend(self) -> None:
        if time.monotonic() < self._next_tending:
            return
        self._next_tending = time.monotonic() + TEND_EVERY
        for child in self._children:
            # A full disk must not end the supervisor: housekeeping waits for better times.
            with contextlib.suppress(OSError):
                logfiles.rotate(child.log)
                if child.is_alive:
                    child.program.tend()

    def _write_roster(self) -> None:
        rows = [row for child in self._children if (row := child.row())]
        me = identify(os.getpid())
        if me is not None and not (self._stopping and not rows):
            rows.insert(0, Row(self._purpose, "supervisor", me, self._began, 0))
        with contextlib.suppress(OSError):
            roster.write(self._state.processes, rows)
            self._roster_is_old = False

    # Starting and stopping.

    def _has_failed(self, child: Child) -> bool:
        if not child.deaths and not child.waits_for:
            return False
        if time.monotonic() - child.first_due > child.program.start_window:
            return True
        return child.deaths > 0 and child.program.help_with(tail(child.log)) is not None

    def _failure(self, child: Child) -> LaunchError:
        lines = tail(child.log)
        fix = child.program.help_with(lines) or f"read {child.log}"
        reason = child.waits_for or (f"{child.last_death}" if child.last_death else "it does not answer")
        shown = "".join(f"\n    {line}" for line in lines)
        return LaunchError(f"{child.program.title or child.name} did not start: {reason}.{shown}", fix=fix)

    def _stop_wave(self, children: list[Child]) -> None:
        def all_gone() -> bool:
            return not any(child.is_alive for child in children)

        patience = max((child.program.patience for child in children if child.is_alive), default=0.0)
        for child in children:
            child.send(child.program.stop_signal)
        self.until(lambda: all_gone() or self._stops > self._stops_before, seconds=patience)
        for child in children:
            child.send(child.program.hurry_signal)
        self.until(all_gone, seconds=AFTER_HURRY)
        for child in children:
            child.send(signal.SIGKILL)
        self.until(all_gone, seconds=AFTER_HURRY)
