"""Handlers by their dotted names, and how each kind of them is called."""

import traceback
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from django.utils.module_loading import import_string

from apps.outbox import selectors
from apps.outbox.types import Message

_ROOT = Path(__file__).resolve().parents[3]


class Handler(Protocol):
    def __call__(self, message: Message, /) -> Any: ...


class Kind(Enum):
    """Who opens the transaction of a handler, as its decorator says.

    INNER (`@needs_transaction`): the relay, for many messages at once. OUTER (`@opens_transaction`): the
    handler, for itself. Either way the note "delivered" is written in the same transaction, so that its
    effect on our database happens once. OUTSIDE: a plain function that talks to the world outside; it may
    see a message again, and it is called on another thread, so that it holds nobody up.
    """

    INNER = "inner"
    OUTER = "outer"
    OUTSIDE = "outside"


def load(name: str) -> Handler:
    """Import a handler. Raises ImportError."""
    handler: Handler = import_string(name)
    return handler


def kind(name: str) -> Kind:
    """Return the kind of a handler; one that can't be imported fails where the outer ones are called."""
    try:
        handler = load(name)
    except Exception:  # whatever a broken module raises, its deliveries will say so
        return Kind.OUTER
    if getattr(handler, "needs_transaction", False):
        return Kind.INNER
    return Kind.OUTER if getattr(handler, "opens_transaction", False) else Kind.OUTSIDE


def subscribed(*kinds: Kind) -> list[str]:
    """Return the names of all subscribed handlers of some kinds."""
    names = {name for handlers in selectors.subscriptions().values() for name in handlers}
    return sorted(name for name in names if kind(name) in kinds)


def describe(error: BaseException) -> str:
    """Return the class, code and place of an error: never its text, which may quote somebody's data."""
    causes = (error, error.__cause__)
    codes = (getattr(each, name, None) for each in causes for name in ("code", "sqlstate", "smtp_code"))
    code = next((str(code) for code in codes if code), "")
    where = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_ours(frame.filename)]
    place = f"{Path(where[-1].filename).relative_to(_ROOT)}:{where[-1].lineno}" if where else ""
    return " ".join(part for part in (type(error).__name__, code[:40], place) if part)[:300]


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(_ROOT) and "site-packages" not in path.parts
