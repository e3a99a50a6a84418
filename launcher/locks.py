"""A lock that names its holder and ends with it, however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher.files import read_json
from launcher.processes import Identity, identify, identity_from


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: the process, the command it runs and since when (Unix seconds)."""

    process: Identity
    purpose: str
    since: float


class LockedError(Exception):
    """Somebody else holds the lock; `holder` is None when it has not written its name yet."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("the lock is held")
        self.holder = holder


@contextmanager
def hold(path: Path, purpose: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file for the block. Without `wait` raise LockedError when it is taken.

    The kernel frees the lock with the holder's last descriptor, so a kill leaves no stale lock.
    """
    handle = _take(path, wait=wait)
    try:
        me = identify(os.getpid())
        if me is not None:
            _write_holder(handle, me, purpose)
        yield
    finally:
        os.ftruncate(handle, 0)
        os.close(handle)


def holder_of(path: Path) -> Holder | None:
    """Return who holds the lock now, or None when it is free."""
    value = read_json(path)
    process = identity_from(value)
    if process is None or not process.is_running():
        return None
    return Holder(process=process, purpose=str(value.get("purpose", "")), since=float(value.get("since", 0)))


def _take(path: Path, *, wait: bool) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            os.close(handle)
            if isinstance(error, BlockingIOError):
                raise LockedError(holder_of(path)) from error
            raise
        # `reset` removes the file under its lock: a descriptor of the removed file locks nothing.
        if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
            return handle
        os.close(handle)


def _write_holder(handle: int, process: Identity, purpose: str) -> None:
    import json

    text = json.dumps({**process.as_json(), "purpose": purpose, "since": time.time()})
    os.ftruncate(handle, 0)
    os.pwrite(handle, text.encode(), 0)
