"""The web process's sign of life, sent by the event loop that answers requests."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from apps.common import heartbeat

Application = Callable[[Any, Any, Any], Awaitable[Any]]

EVERY = 2.0  # seconds


def with_heartbeat(application: Application, *, process: str) -> Application:
    """Wrap an ASGI application so that its loop beats from the first request on."""
    beating: set[asyncio.Task[None]] = set()

    async def wrapped(scope: Any, receive: Any, send: Any) -> Any:
        if not beating:
            beating.add(asyncio.create_task(_beat(process)))
        return await application(scope, receive, send)

    return wrapped


async def _beat(process: str) -> None:
    while True:
        await asyncio.to_thread(heartbeat.beat, process)
        await asyncio.sleep(EVERY)
