"""Signs of life: each process writes one into Valkey as its loop turns; `/readyz` reads them."""

import json
import os
import time
from dataclasses import dataclass, field

import redis

from apps.common.connections import valkey

LIFETIME = 10  # seconds after which a silent process counts as dead
_PREFIX = "alive:"


@dataclass(frozen=True, slots=True)
class Sign:
    """A process, its pid, how many seconds ago its loop last turned, and what it says about itself."""

    process: str
    pid: int
    age: float
    about: dict[str, str] = field(default_factory=dict)


def beat(process: str, **about: str) -> None:
    """Say that `process` is alive, and a few words `about` it that everybody may read.

    Never raises: a process must not die of a dead Valkey.
    """
    value = json.dumps({"pid": os.getpid(), "at": time.time(), "about": about})
    try:
        valkey().set(_PREFIX + process, value, ex=LIFETIME)
    except redis.RedisError:
        return


def signs(processes: list[str]) -> dict[str, Sign | None]:
    """Return the last sign of each process, None for one that has been silent. Raises redis.RedisError."""
    values = valkey().mget([_PREFIX + process for process in processes])
    return {process: _read(process, value) for process, value in zip(processes, values, strict=True)}


def _read(process: str, value: bytes | None) -> Sign | None:
    if value is None:
        return None
    data = json.loads(value)
    age = max(0.0, time.time() - data["at"])
    return Sign(process=process, pid=data["pid"], age=age, about=data.get("about", {}))
