"""What a message must look like, and when a failed delivery is tried again."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from apps.outbox.types import MAX_BYTES, NAME, MessageType, NewMessage

FIRST_WAIT = 1  # seconds


def check(message: NewMessage, declared: Mapping[str, MessageType]) -> str:
    """Return a message's payload as JSON; refuse one that can't be stored exactly or breaks its schema.

    Raises ValueError and TypeError: it is a defect of the caller.
    """
    if not NAME.fullmatch(message.type) or len(message.type) > 80:
        raise ValueError(f"{message.type!r} is not a dotted name such as accounts.activated")
    if not message.key or len(message.key) > 120:
        raise ValueError(f"the key of {message.type} is empty or too long")
    _check_value(message.payload)
    content = json.dumps(message.payload)
    if len(content) > MAX_BYTES:
        raise ValueError(f"the payload of {message.type} is larger than {MAX_BYTES} bytes")
    if message.type in declared:
        _check_schema(message, declared[message.type])
    return content


def wait(attempts: int, *, cap: int) -> timedelta:
    """Return how long to wait after the given number of failed attempts: doubling, at most `cap` seconds."""
    return timedelta(seconds=min(cap, FIRST_WAIT << min(attempts - 1, 30)))


def _check_value(value: Any) -> None:
    match value:
        case None | bool() | int():
            return
        case str() if "\x00" not in value:
            return
        case Mapping():
            for name, part in value.items():
                if not isinstance(name, str):
                    raise TypeError("the names in a message are text")
                _check_value(part)
        case list() | tuple():
            for part in value:
                _check_value(part)
        case _:
            raise TypeError(f"{type(value).__name__} doesn't belong in a message; write ids as text")


def _check_schema(message: NewMessage, declared: MessageType) -> None:
    properties = _properties(declared.name, tuple(declared.fields.items()))
    if message.payload.keys() != properties.keys():
        raise ValueError(f"{message.type} has the fields {sorted(properties)}, not {sorted(message.payload)}")
    for name, part in properties.items():
        if not _fits(message.payload[name], part):
            raise ValueError(f"{name} of {message.type} is not {part.get('format', part['type'])}")


@cache
def _properties(name: str, fields: tuple[tuple[str, str], ...]) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = MessageType(name, "", dict(fields)).schema()["properties"]
    return properties


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    match schema["type"]:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list | tuple) and all(_fits(part, schema["items"]) for part in value)
    fits = isinstance(value, str) and len(value) <= schema.get("maxLength", MAX_BYTES)
    return fits and ("pattern" not in schema or bool(re.fullmatch(schema["pattern"], value)))
