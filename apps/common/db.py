"""Who opens a transaction is said at the verb: `@opens_transaction` outside, `@needs_transaction` inside."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from django.db import OperationalError, connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 4
_RETRYABLE = {"40001", "40P01"}  # serialization_failure, deadlock_detected


class Companion(Protocol):
    """Work that an interface adds to the transaction which the next outer verb opens."""

    def before(self) -> None:
        """Run right after BEGIN; raise to keep the verb from running."""

    def after(self, result: Any) -> None:
        """Run right before COMMIT, with what the verb returned."""


_companion: ContextVar[Companion | None] = ContextVar("companion", default=None)


def opens_transaction(verb: Callable[P, R]) -> Callable[P, R]:
    """Mark an outer verb: run it in a transaction of its own, and refuse to run inside another one.

    A deadlock or serialization failure is tried again, at most ATTEMPTS times in all.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _run_once(verb, *args, **kwargs)
            except OperationalError as error:
                if attempt == ATTEMPTS or _sqlstate(error) not in _RETRYABLE:
                    raise
        raise AssertionError  # the loop returns or raises

    run.opens_transaction = True  # type: ignore[attr-defined]  # read by the architecture tests
    return run


def needs_transaction(verb: Callable[P, R]) -> Callable[P, R]:
    """Mark an inner verb: refuse to run outside a transaction that somebody else opened."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _inside_transaction():
            raise transaction.TransactionManagementError(f"{verb.__qualname__} needs an open transaction")
        return verb(*args, **kwargs)

    run.needs_transaction = True  # type: ignore[attr-defined]  # read by the architecture tests
    return run


def after_commit(act: Callable[[], object]) -> None:
    """Run `act` once the open transaction has committed; never if it rolls back."""
    transaction.on_commit(act)


@contextmanager
def accompanied(companion: Companion) -> Iterator[None]:
    """Let `companion` take part in the transaction of the one outer verb called in this block."""
    token = _companion.set(companion)
    try:
        yield
    finally:
        _companion.reset(token)


def rows(sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows (an empty list for a statement that has none)."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def text_array(values: Iterable[str]) -> str:
    """Write texts as the literal of a PostgreSQL array; by the thousand much faster than a list of them."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def _run_once(verb: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    companion = _companion.get()
    with transaction.atomic(durable=True):
        if companion is None:
            return verb(*args, **kwargs)
        companion.before()
        result = verb(*args, **kwargs)
        companion.after(result)
        return result


def _inside_transaction() -> bool:
    """Tell whether a verb opened a transaction; the one around a Django test case doesn't count."""
    blocks = connection.atomic_blocks
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


def _sqlstate(error: OperationalError) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or "")
