"""Refusals. Each has a stable code, a sentence for a person, what to do next, and the data it saw.

The class says what kind of refusal it is; `apps.common.http` alone knows which HTTP status that means.
"""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """The base of every refusal. Raise one of the kinds below, or a subclass of it."""

    code = "refused"

    def __init__(self, detail: str, *, code: str = "", next_step: str = "", **data: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.next_step = next_step
        self.data: Mapping[str, Any] = data


class Invalid(DomainError):
    """What was sent can't be understood or breaks a rule of form; `fields` names the culprits."""

    code = "invalid"

    def __init__(
        self, detail: str, *, fields: Mapping[str, list[str]] | None = None, code: str = "", **data: Any
    ) -> None:
        super().__init__(detail, code=code, **data)
        self.fields: Mapping[str, list[str]] = fields or {}


class Unauthenticated(DomainError):
    """Nobody, or nobody valid, is asking."""

    code = "not_authenticated"


class Forbidden(DomainError):
    """The asker is known and may not do this."""

    code = "permission_denied"


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"


class Conflict(DomainError):
    """The thing is in a state that doesn't allow this."""

    code = "conflict"


class Stale(DomainError):
    """The thing has changed since the asker read it."""

    code = "stale_version"


class Unprocessable(DomainError):
    """The request is well formed, and a rule of the business refuses it."""

    code = "rule_refused"


class TooLarge(DomainError):
    """More was sent than is read."""

    code = "body_too_large"


class Broken(DomainError):
    """A defect of ours stopped it; nobody raises this, it is what a person is told."""

    code = "internal_error"


class TooMany(DomainError):
    """A limit is used up; `retry_after` says for how many seconds."""

    code = "too_many_requests"

    def __init__(self, detail: str, *, retry_after: int, code: str = "", **data: Any) -> None:
        super().__init__(detail, code=code, **data)
        self.retry_after = retry_after


class InProgress(DomainError):
    """The first request with this key hasn't finished."""

    code = "request_in_progress"
    retry_after = 1


class Unavailable(DomainError):
    """A part of the system that is needed for this doesn't answer now."""

    code = "unavailable"
    retry_after = 2
