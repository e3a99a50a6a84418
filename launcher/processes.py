"""Who a process is. A pid alone lies after reuse, so identity is pid, start time and boot."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class User:
    """A user that a child process runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Identity:
    """One life of one process: `start` in clock ticks since boot, `boot` the kernel's boot id."""

    pid: int
    start: int
    boot: str

    def is_running(self) -> bool:
        """Say whether exactly this process still runs; a zombie does not."""
        return identify(self.pid) == self

    def as_json(self) -> dict[str, Any]:
        """Return the identity as plain values."""
        return asdict(self)


def identity_from(value: Any) -> Identity | None:
    """Read back what `as_json` wrote; None for anything else."""
    try:
        return Identity(pid=int(value["pid"]), start=int(value["start"]), boot=str(value["boot"]))
    except (KeyError, TypeError, ValueError):
        return None


def identify(pid: int) -> Identity | None:
    """Return the identity of a running process, or None when it is gone or a zombie."""
    try:
        # The command name in field 2 may hold spaces and brackets; what follows the last ")" is regular.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state, start = fields[0], int(fields[19])
    return None if state in "ZX" else Identity(pid=pid, start=start, boot=_boot_id())


def command_line(pid: int) -> list[str]:
    """Return the arguments of a process, or nothing when it is gone or not ours to read."""
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return [part.decode("utf-8", errors="replace") for part in raw.split(b"\0") if part]


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    output: int | None,
    user: User | None = None,
    orphan_signal: signal.Signals = signal.SIGKILL,
) -> "subprocess.Popen[bytes]":
    """Start a child that ends with us, in a session of its own, its output in a descriptor.

    Without `output` it shares our terminal and process group, so that Ctrl-C reaches it too. Call from
    the main thread of a process without others. Raises OSError when it cannot be executed.
    """
    return subprocess.Popen(
        argv,
        cwd=cwd,
        env=dict(env),
        stdin=None if output is None else subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        start_new_session=output is not None,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
        preexec_fn=_die_with_parent(orphan_signal),  # noqa: PLW1509 - the launcher has one thread
    )


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """Return a hook for a new child, after its change of user and before its exec.

    The kernel sends the signal when the *thread* that forked ends (prctl(2), PR_SET_PDEATHSIG), so
    children are started by the main thread only. A parent that died before the call is seen by its pid.
    """
    parent = os.getpid()

    def hook() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return hook


def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
