"""The clock. Only interfaces (views, API, tasks, commands) read it; verbs take the time as `at`."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)
