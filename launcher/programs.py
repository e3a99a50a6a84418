"""What the supervisor can run: a program and how it likes to be treated."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from launcher.paths import CHECKOUT
from launcher.processes import User

# The order of stopping: first nobody is let in, then the work ends, then the ground goes.
FRONT, WORK, GROUND = 0, 1, 2


class NotYetError(Exception):
    """The program cannot start now, but may soon; the text says why."""


@dataclass
class Program:
    """One process to keep alive. Subclasses fill the hooks; a plain one is a line of the Procfile."""

    name: str
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = CHECKOUT
    user: User | None = None
    wave: int = WORK
    title: str = ""

    stop_signal: signal.Signals = signal.SIGTERM
    hurry_signal: signal.Signals = signal.SIGKILL
    # What the kernel sends when the supervisor itself is killed.
    orphan_signal: signal.Signals = signal.SIGKILL
    signals_group: bool = False
    patience: float = 8.0
    longest_pause: float = 10.0
    # For how long after the first start a dying program is retried before the start counts as failed.
    start_window: float = 3.0

    @property
    def is_service(self) -> bool:
        """Say whether this is an embedded service, not a line of the Procfile."""
        return self.wave == GROUND

    def before_start(self) -> None:
        """Prepare the disk. Raise NotYetError to be asked again soon."""

    def is_ready(self) -> bool:
        """Say whether the running program answers."""
        return True

    def tend(self) -> None:
        """Do small housekeeping every few seconds while it runs."""

    def help_with(self, log_tail: list[str]) -> str | None:
        """Return the fix when the last lines of the log tell that no further try will succeed."""
        return None
