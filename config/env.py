"""The environment: read once, from the process first and then from STATE/env, which `up` writes."""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent


def state_dir() -> Path:
    """Return the directory of everything that runs: STATE, else `.state` in the checkout."""
    return Path(os.environ.get("STATE") or BASE_DIR / ".state").resolve()


def _read() -> environ.Env:
    file = state_dir() / "env"
    if file.is_file() and os.access(file, os.R_OK):
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
