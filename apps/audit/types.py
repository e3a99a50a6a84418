"""What is said about audit events: acts to record, events and links of the chain as they are read back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

# Stands for a value that may not be kept here: the field's name says what changed, never to what.
PERSONAL = "(personal)"


@dataclass(frozen=True, slots=True)
class Act:
    """What was done to what. `action` is a dotted name in the past tense, such as "accounts.registered".

    `before` and `after` map names of fields to values; a field with personal data has PERSONAL for a
    value. Values are text, whole numbers, booleans, None, UUIDs, times, and lists and maps of these.
    """

    action: str
    target_type: str
    target_id: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An audit event as pages show it; `sequence` is None until the chain holds it (about a second)."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: str
    on_behalf_of: str
    action: str
    target_type: str
    target_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    reason: str
    request_id: str
    sequence: int | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to show; what is empty doesn't narrow. `action` matches whole, or up to a dot."""

    action: str = ""
    actor: str = ""
    target_type: str = ""
    target_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Events newest first, and the cursor of the next page (empty on the last)."""

    events: list[Event]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class State:
    """How far the chain is; `oldest_unsealed` is the age in seconds of the oldest event it doesn't hold."""

    events: int
    sealed: int
    unsealed: int
    oldest_unsealed: float
    last_sequence: int
    last_hash: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain as it is stored, with the event it seals (None if there is no such event)."""

    sequence: int
    event_id: int
    previous_hash: str
    hash: str
    sealed_at: str
    event: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the audit record, and where."""

    kind: str
    detail: str
    sequence: int | None = None
    event_id: int | None = None


@dataclass(slots=True)
class Verdict:
    """What a verification saw: how many links, where the chain ended, how many findings, and the first."""

    links: int = 0
    last_sequence: int = 0
    last_hash: str = ""
    count: int = 0
    findings: list[Finding] = field(default_factory=list)
