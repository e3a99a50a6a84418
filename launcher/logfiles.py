"""One log file a process, bounded in size, and a way to read them together."""

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

LARGEST = 10 * 1024 * 1024
GENERATIONS = 2


def open_for_child(path: Path) -> int:
    """Open a log to hand to a child. Appending, so that it may be cut while the child writes."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def rotate(path: Path, *, largest: int = LARGEST, generations: int = GENERATIONS) -> bool:
    """Copy a log that grew too large to `.1` (and `.1` to `.2`), and cut it; say whether it did.

    The children keep their descriptors, so the file is copied and cut, not renamed; a line written
    between the two is lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size <= largest:
            return False
        for number in range(generations, 1, -1):
            older = path.with_name(f"{path.name}.{number - 1}")
            if older.exists():
                older.replace(path.with_name(f"{path.name}.{number}"))
        shutil.copyfile(path, path.with_name(f"{path.name}.1"))
        os.truncate(path, 0)
        return True
    return False


def follow(paths: dict[str, Path], *, pause: float = 0.3) -> Iterator[tuple[str, str]]:
    """Return an endless run of (name, line) as the logs grow from their present ends; new files may come."""
    return _follow(paths, {name: path.stat().st_size for name, path in paths.items() if path.exists()}, pause)


def _follow(paths: dict[str, Path], places: dict[str, int], pause: float) -> Iterator[tuple[str, str]]:
    parts = dict.fromkeys(paths, "")
    while True:
        quiet = True
        for name, path in paths.items():
            text, places[name] = _read_from(path, places.get(name, 0))
            quiet = quiet and not text
            *lines, parts[name] = (parts[name] + text).split("\n")
            for line in lines:
                yield name, line
        if quiet:
            time.sleep(pause)


def _read_from(path: Path, place: int) -> tuple[str, int]:
    try:
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < place:
                place = 0
            file.seek(place)
            data = file.read(1 << 20)
    except OSError:
        return "", place
    return data.decode("utf-8", errors="replace"), place + len(data)
