"""What passes through the outbox: messages, their declared types, and what is known of deliveries."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MAX_BYTES = 8192  # of a payload, as JSON

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid", "pattern": _UUID},
    "text": {"type": "string", "maxLength": 200},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time", "pattern": _TIME},
    "uuids": {"type": "array", "items": {"type": "string", "format": "uuid", "pattern": _UUID}},
}
_declared: dict[str, "MessageType"] = {}


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its handlers get it: at least once, and in order among those with the same key.

    `id` is the same at every repeat. `created_at` is when it was published, `now` when this delivery
    began, so that a handler needs no clock.
    """

    id: int
    type: str
    key: str
    payload: Mapping[str, Any]
    created_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to publish: the dotted name of what happened, whose order it keeps, and ids."""

    type: str
    key: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MessageType:
    """A declared type: its stable name, what it tells, and the kind of each field of its payload."""

    name: str
    meaning: str
    fields: Mapping[str, str]

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the payload."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.meaning,
            "type": "object",
            "properties": {name: dict(_SCHEMAS[kind]) for name, kind in self.fields.items()},
            "required": list(self.fields),
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up, with the class, code and place of its last error."""

    id: int
    message_id: int
    type: str
    key: str
    handler: str
    attempts: int
    last_error: str
    created_at: datetime
    last_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """How far the relay is; `oldest` is the age in seconds of the oldest message that waits for somebody.

    `orphans` counts waiting deliveries to handlers that nobody subscribes any more, by handler.
    """

    undispatched: int
    pending: int
    dead: int
    oldest: float
    orphans: Mapping[str, int] = field(default_factory=dict)


def declare(name: str, meaning: str, **fields: str) -> MessageType:
    """Declare a type once, beside the words of the app that publishes it; `fields` name uuid, text,
    integer, boolean, time or uuids. From then on its payloads are checked.

    Raises ValueError for a name that isn't dotted, is taken, or a kind that doesn't exist.
    """
    made = MessageType(name, meaning, dict(fields))
    unknown = sorted(set(fields.values()) - set(_SCHEMAS))
    if not NAME.fullmatch(name) or unknown:
        raise ValueError(f"{name!r} can't be declared: not a dotted name, or unknown kinds {unknown}")
    if _declared.setdefault(name, made) != made:
        raise ValueError(f"{name} is declared twice, and differently")
    return made


def declared() -> Mapping[str, MessageType]:
    """Return all declared types by name."""
    return dict(_declared)
