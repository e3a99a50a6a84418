"""What the terminal shows: short lines, colour only where a person reads it."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO

BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"

# A step whose line waits for its time: whoever prints in between ends that line first.
_open_line = False


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Return the text in a colour, or as it is when the stream is no terminal or NO_COLOR is set."""
    stream = stream or sys.stdout
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\033[{colour}m{text}\033[0m"


def write(text: str, stream: TextIO | None = None) -> None:
    """Write and flush. A terminal that went away must not take the supervisor with it, so errors pass."""
    stream = stream or sys.stdout
    with contextlib.suppress(OSError, ValueError):
        stream.write(text)
        stream.flush()


def say(text: str = "", stream: TextIO | None = None) -> None:
    """Print one line."""
    _end_line()
    write(text + "\n", stream)


def notice(text: str) -> None:
    """Print a line about something that happened by itself, with the time of day."""
    say(f"  {paint(time.strftime('%H:%M:%S'), DIM)} {text}")


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Print the name of a step while it runs and its seconds when it is done."""
    global _open_line  # noqa: PLW0603 - the terminal is one, and so is its open line
    _end_line()
    write(f"  {name} … ")
    _open_line = True
    began = time.monotonic()
    try:
        yield
    except BaseException:
        _end_line()
        raise
    seconds = paint(f"{time.monotonic() - began:.1f} s", DIM)
    if _open_line:
        write(seconds + "\n")
        _open_line = False
    else:
        write(f"  {name}: {seconds}\n")


def _end_line() -> None:
    global _open_line  # noqa: PLW0603 - see step()
    if _open_line:
        write("\n")
        _open_line = False
