"""What was measured on: processor, caches, memory, compiler and versions."""

import os
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np

from bench.engine import build

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
USUAL = {"L1": 32 << 10, "L2": 1 << 20, "L3": 32 << 20}  # where the system says nothing
UNITS = {"K": 1 << 10, "M": 1 << 20}


def caches() -> dict[str, int]:
    """Return the sizes of the data caches in bytes, by name."""
    found = {}
    for index in sorted(CACHES.glob("index*")):
        try:
            level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction" and (told := re.fullmatch(r"(\d+)([KM])", size)):
            found[f"L{level}"] = int(told[1]) * UNITS[told[2]]
    return found or USUAL


def describe() -> dict[str, Any]:
    """Return the facts of this machine."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "caches": caches(),
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "system": f"{platform.system()} {platform.machine()}",
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def versions() -> dict[str, str]:
    """Return the versions of what measured, and how the core was compiled."""
    try:
        program = build.compiler()
        compiled = f"{build.version(program)}, {' '.join(build.FLAGS)}"
    except build.Missing as reason:
        compiled = str(reason)
    return {"compiler": compiled, "python": platform.python_version(), "numpy": np.__version__}


def _processor() -> str:
    try:
        told = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        told = None
    return told[1] if told else platform.processor() or "unknown"
