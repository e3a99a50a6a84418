"""The environment: the process's own, or else what `up` has written to STATE/env."""

import os
from pathlib import Path

import environ

from launcher.paths import locate

BASE_DIR = Path(__file__).resolve().parent.parent


def state_dir() -> Path:
    """Return the directory of everything that runs, where the launcher puts it: STATE, else `.state`."""
    given = os.environ.get("STATE")
    return Path(given).absolute() if given else locate({}).path


def _read() -> environ.Env:
    file = state_dir() / "env"
    # Only where nobody gave an environment (`manage.py` beside a running `up`): a process that was started
    # with one must not get the owner's URL, which was left out of it on purpose.
    if "DATABASE_URL" not in os.environ and file.is_file() and os.access(file, os.R_OK):
        environ.Env.read_env(str(file), overwrite=False)
    return environ.Env()


env = _read()


def keyring(name: str) -> dict[int, bytes]:
    """Read "1:<hex>,2:<hex>" as {1: bytes, 2: bytes}; each key is 32 bytes."""
    keys = {}
    for part in env.list(name):
        number, _, hexadecimal = part.partition(":")
        keys[int(number)] = bytes.fromhex(hexadecimal)
    if not keys or any(len(key) != 32 for key in keys.values()):
        raise environ.ImproperlyConfigured(f"{name} needs at least one key of 32 bytes, as 1:<64 hex digits>")
    return keys
