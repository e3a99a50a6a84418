"""STATE/processes.json: what runs, written by the supervisor and believed only after a check."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from launcher.files import read_json, write_json
from launcher.processes import Identity, identity_from


@dataclass(frozen=True)
class Row:
    """A process of ours. `since` is Unix seconds; `restarts` counts starts after the first."""

    name: str
    kind: str
    process: Identity
    since: float
    restarts: int

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain values, the time in ISO 8601."""
        return {
            "name": self.name,
            "kind": self.kind,
            **self.process.as_json(),
            "since": datetime.fromtimestamp(self.since, UTC).isoformat(timespec="seconds"),
            "restarts": self.restarts,
        }


def write(path: Path, rows: list[Row]) -> None:
    """Replace the file."""
    write_json(path, {"processes": [row.as_json() for row in rows]})


def running(path: Path) -> list[Row]:
    """Return the rows whose very process still runs; a reused pid is left out."""
    value = read_json(path)
    rows = [_row_from(item) for item in (value or {}).get("processes", [])]
    return [row for row in rows if row is not None and row.process.is_running()]


def _row_from(item: Any) -> Row | None:
    process = identity_from(item)
    if process is None:
        return None
    since = datetime.fromisoformat(item["since"]).timestamp()
    return Row(str(item["name"]), str(item["kind"]), process, since, int(item["restarts"]))
