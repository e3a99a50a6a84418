"""How long to wait before a dead process is started again."""

from dataclasses import dataclass

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
CALM_AFTER = 30.0


@dataclass
class Backoff:
    """Pauses in seconds that double from `first` to `longest` and start over after a calm life."""

    first: float = FIRST_PAUSE
    longest: float = LONGEST_PAUSE
    calm_after: float = CALM_AFTER
    _next: float = 0.0

    def pause_after(self, lived: float) -> float:
        """Return the pause before the next start of a process that lived so many seconds."""
        if lived >= self.calm_after:
            self._next = 0.0
        pause = min(self._next or self.first, self.longest)
        self._next = pause * 2
        return pause
