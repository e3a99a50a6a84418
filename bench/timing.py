"""How long things take: on the clock, and on a processor."""

import os
import statistics
from pathlib import Path


def percentiles(times: list[float]) -> dict[str, float]:
    """Return the median and the 99th percentile of seconds, in milliseconds."""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {"p50_ms": round(cuts[49] * 1000, 2), "p99_ms": round(cuts[98] * 1000, 2)}


def processor_seconds(pid: int) -> float:
    """Return how long a process of this machine has been running on a processor; 0 where nobody can tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
