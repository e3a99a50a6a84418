"""The same request twice gives the same answer: the `Idempotency-Key` header on POSTs that move something.

The record is written in the transaction of the effect, so there is never one without the other. While
the first request is running it holds an advisory lock that ends with its transaction; a second one
doesn't wait for it and is told to come back.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from apps.common.db import accompanied, after_commit, rows
from apps.common.errors import InProgress, Invalid, Unprocessable
from apps.common.models import IdempotencyRecord

T = TypeVar("T")

MAX_KEY = 128


@dataclass(frozen=True, slots=True)
class Request:
    """What makes two requests the same: who asks, where, under which key, with which body (bytes)."""

    principal: str
    route: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and a JSON body; `replayed` if it was given before."""

    status: int
    body: Any
    replayed: bool = False


class _AnsweredBefore(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def once(request: Request, *, verb: Callable[[], T], render: Callable[[T], Answer], at: datetime) -> Answer:
    """Run an outer verb unless this request was answered before, and return the answer either way.

    Only success is remembered: a refusal rolls its transaction back, so the request may be repaired and
    sent again under the same key.

    Raises Invalid `idempotency_key_missing` or `idempotency_key_invalid`, InProgress, Unprocessable
    `idempotency_key_reused`, and whatever the verb raises.
    """
    _check_key(request.key)
    companion = _Once(request, render, at)
    try:
        with accompanied(companion):
            verb()
    except _AnsweredBefore as before:
        return before.answer
    if companion.answer is None:
        raise AssertionError("once() was given a verb that opens no transaction")
    return companion.answer


class _Once:
    def __init__(self, request: Request, render: Callable[[Any], Answer], at: datetime) -> None:
        self.request, self.render, self.at = request, render, at
        self.answer: Answer | None = None
        self.committed = False

    def before(self) -> None:
        if self.committed:  # the second verb would find the first one's answer, and be left out in silence
            raise AssertionError("once() was given a verb that opens two transactions")
        self._lock()
        found = IdempotencyRecord.objects.filter(
            principal=self.request.principal, route=self.request.route, key=self.request.key
        ).first()
        if found is None:
            return
        if found.request_hash != _hash(self.request.body):
            raise Unprocessable(
                "This Idempotency-Key was used before with another body.",
                code="idempotency_key_reused",
                next_step="Use a new key for a new request.",
            )
        raise _AnsweredBefore(Answer(found.status, found.body, replayed=True))

    def after(self, result: Any) -> None:
        self.answer = self.render(result)
        IdempotencyRecord.objects.create(
            principal=self.request.principal,
            route=self.request.route,
            key=self.request.key,
            request_hash=_hash(self.request.body),
            status=self.answer.status,
            body=self.answer.body,
            created_at=self.at,
        )
        after_commit(self._note_commit)

    def _note_commit(self) -> None:
        self.committed = True

    def _lock(self) -> None:
        name = "\x00".join((self.request.principal, self.request.route, self.request.key))
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        if not rows("SELECT pg_try_advisory_xact_lock(%s)", [number])[0][0]:
            raise InProgress("The first request with this Idempotency-Key is still running.")


def _check_key(key: str) -> None:
    if not key:
        raise Invalid("This request needs an Idempotency-Key header.", code="idempotency_key_missing")
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            f"An Idempotency-Key is at most {MAX_KEY} printable ASCII characters.",
            code="idempotency_key_invalid",
        )


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
