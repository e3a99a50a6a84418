"""Python packages from the hashed lock files, and the path file that makes ours importable."""

import os
import signal
import sys
import sysconfig
from pathlib import Path

from launcher.console import step
from launcher.errors import LaunchError
from launcher.files import digest, read_json, tail, write_atomic, write_json
from launcher.locks import hold
from launcher.paths import CHECKOUT, VENV
from launcher.processes import spawn

EMBEDDED, LOCAL = "embedded", "local"
REQUIREMENTS = CHECKOUT / "requirements"
STAMP = VENV / "installed.json"
LOCK = VENV / "install.lock"
LOG = VENV / "install.log"
SHOWN = 15
# What each set brings besides itself.
BRINGS = {EMBEDDED: (EMBEDDED,), LOCAL: (LOCAL, EMBEDDED)}


def ensure(wanted: str) -> None:
    """Install a set unless the stamp says that its lock file, as it is now, is installed.

    Raises LaunchError with the end of pip's output.
    """
    if _is_installed(wanted) and _path_file_is_right():
        return
    try:
        with hold(LOCK, "install", wait=True):
            if not _is_installed(wanted):
                with step("Python packages"):
                    pip("-r", str(REQUIREMENTS / f"{wanted}.txt"))
                _stamp(wanted)
            if not _path_file_is_right():
                write_atomic(_path_file(), f"{CHECKOUT}\n")
    except PermissionError as error:
        raise LaunchError(
            f"{VENV} is not yours to change, and its packages are out of date.",
            fix="run ./alef.sh once as its owner, or remove .venv.",
        ) from error


def pip(*arguments: str) -> None:
    """Install what the arguments name, from wheels with known hashes; the noise goes to the log.

    The lock files are complete, so pip need not resolve, and no package's own code runs to build it.
    """
    command = [
        *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"),
        *("--progress-bar", "off", "--root-user-action", "ignore"),
        *("--require-hashes", "--no-deps", "--only-binary", ":all:"),
        *arguments,
    ]
    run_logged(command, what="installing the Python packages", fix=_pip_fix())


def run_logged(
    command: list[str],
    *,
    what: str,
    fix: str,
    env: dict[str, str] | None = None,
    log: Path = LOG,
    cause_comes_first: bool = False,
) -> None:
    """Run a command with its output in the log.

    Raises LaunchError when it fails, with the log's end, or its beginning for tools that end in a lecture.
    """
    with log.open("wb") as output:
        process = spawn(
            command, env=env or os.environ, cwd=CHECKOUT, output=output.fileno(), orphan_signal=signal.SIGTERM
        )
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status != 0:
        lines = [line for line in tail(log, 1000) if not line.lower().startswith(("warning", "npm warn"))]
        some = lines[:SHOWN] if cause_comes_first else lines[-SHOWN:]
        shown = "".join(f"\n    {line}" for line in some)
        raise LaunchError(f"{what} failed (exit {status}).{shown}", fix=f"{fix} All of it: {log}")


def _pip_fix() -> str:
    mirror = "" if os.environ.get("PIP_INDEX_URL") else ", or set PIP_INDEX_URL to a mirror you can reach"
    return f"check the network and the free disk space{mirror}, and run again."


def _stamp(wanted: str) -> None:
    stamp = read_json(STAMP) or {}
    write_json(STAMP, {**stamp, **{name: _lock_digest(name) for name in BRINGS[wanted]}})


def _is_installed(wanted: str) -> bool:
    return (read_json(STAMP) or {}).get(wanted) == _lock_digest(wanted)


def _lock_digest(name: str) -> str:
    return digest(REQUIREMENTS / f"{name}.txt")


def _path_file() -> Path:
    return Path(sysconfig.get_path("purelib")) / "alef.pth"


def _path_file_is_right() -> bool:
    try:
        return _path_file().read_text(encoding="utf-8") == f"{CHECKOUT}\n"
    except OSError:
        return False
