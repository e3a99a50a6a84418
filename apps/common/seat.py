"""The seat of a process that may be started twice but works once: the second stands by until it is free."""

from typing import Any

from django.db import connection


class Seat:
    """The right to be the one that works: a session advisory lock on a connection of its own.

    PostgreSQL gives it back the moment this process dies. If only this connection breaks, another process
    may begin while this one finishes what is in hand: what they do must be guarded by rows besides.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._connection: Any = None
        self._held = False

    def take(self) -> bool:
        """Tell whether the seat is ours, taking it if it is free. Raises Django's database errors."""
        if self._connection is None:
            self._connection = _alone()
        with self._connection.cursor() as cursor:
            if self._held:
                cursor.execute("SELECT true")
            else:
                cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [self._name])
            self._held = bool(cursor.fetchone()[0])
        return self._held

    def leave(self) -> None:
        """Give the seat up, whatever became of its connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._held = None, False


def _alone() -> Any:
    """Open a connection outside the pool, which would hand it to others with our lock on it."""
    own = connection.copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    return own
