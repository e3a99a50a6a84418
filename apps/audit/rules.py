"""How an event becomes a link of the chain, and how a chain is checked; see docs/audit/format.md."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from apps.audit.types import Act, Finding, Link

FORMAT = "alef-audit-1"
GENESIS = "0" * 64  # what stands for the hash before the first link

MAX_DEPTH = 6
MAX_TEXT = 1000
MAX_BYTES = 16_384

_ACTION = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)


def check(act: Act) -> None:
    """Refuse an act that is badly named or too large. Raises ValueError: it is a defect of the caller."""
    if not _ACTION.fullmatch(act.action) or len(act.action) > 80:
        raise ValueError(f"{act.action!r} is not a dotted name such as accounts.registered")
    if not act.target_type or len(act.target_type) > 80 or len(act.target_id) > 120:
        raise ValueError(f"the target of {act.action} is not named, or by too long a name")
    if len(act.reason) > MAX_TEXT or "\x00" in act.reason:
        raise ValueError(f"the reason of {act.action} is longer than {MAX_TEXT} characters, or holds a NUL")


def plain(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return `values` as JSON holds them: UUIDs and times as text. Floats are refused.

    Raises TypeError for a value that has no exact form, ValueError for what is too deep or too large.
    """
    if values is None:
        return None
    result: dict[str, Any] = _plain(values, MAX_DEPTH)
    if len(canonical(result)) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes in one audit event")
    return result


def stamp(at: datetime) -> str:
    """Write an instant as UTC with microseconds: 2026-03-02T10:00:00.000000Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def canonical(value: Any) -> bytes:
    """Write JSON in the one form that is hashed: sorted names, no spaces, UTF-8, no needless escapes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def seal_hash(*, sequence: int, previous_hash: str, sealed_at: str, event: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a link: its number, the hash before it, its time, every field of its event."""
    material = {
        "format": FORMAT,
        "sequence": sequence,
        "previous_hash": previous_hash,
        "sealed_at": sealed_at,
        "event": event,
    }
    return hashlib.sha256(canonical(material)).hexdigest()


def findings(links: Iterable[Link], *, anchors: Mapping[int, str] | None = None) -> Iterator[Finding]:
    """Go along the chain from its first link and yield whatever is wrong with it, in constant memory.

    `anchors` are hashes by sequence that were kept elsewhere: only they show that the end was cut off or
    that everything was written anew.
    """
    anchors = dict(anchors or {})
    expected, previous = 1, GENESIS
    for link in links:
        if link.sequence != expected:
            yield Finding("gap", f"links {expected} to {link.sequence - 1} are missing", link.sequence)
        elif link.previous_hash != previous:
            yield Finding("broken_link", "the hash before it is another one", link.sequence, link.event_id)
        yield from _event_findings(link)
        if anchors.pop(link.sequence, link.hash) != link.hash:
            yield Finding("anchor", "its hash is not the one that was kept elsewhere", link.sequence)
        expected, previous = link.sequence + 1, link.hash
    for sequence in sorted(anchors):
        yield Finding("cut_off", f"the chain ends before link {sequence}, which was kept elsewhere", sequence)


def _event_findings(link: Link) -> Iterator[Finding]:
    if link.event is None:
        yield Finding("event_removed", "the event of this link is gone", link.sequence, link.event_id)
        return
    true_hash = seal_hash(
        sequence=link.sequence,
        previous_hash=link.previous_hash,
        sealed_at=link.sealed_at,
        event=link.event,
    )
    if true_hash != link.hash:
        yield Finding("changed", "the link or its event was changed", link.sequence, link.event_id)


def _plain(value: Any, depth: int) -> Any:
    if depth == 0:
        raise ValueError("nested too deeply for an audit event")
    if isinstance(value, Mapping):
        return {str(name): _plain(part, depth - 1) for name, part in value.items()}
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(part, depth - 1) for part in value]
    return _plain_scalar(value.value if isinstance(value, Enum) else value)


def _plain_scalar(value: Any) -> str | int | None:
    match value:
        case None | bool() | int():
            return value
        case str() if "\x00" not in value:
            return value
        case UUID():
            return str(value)
        case datetime():
            return stamp(value)
        case date():
            return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no exact form in an audit event")
