"""Every WebSocket address; what isn't here is refused at the handshake."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path

from apps.trading import consumers


async def nowhere(scope: Any, receive: Any, send: Any) -> None:
    """Refuse a connection to an address that isn't there."""
    await receive()
    await send({"type": "websocket.close", "code": 4404})


_addresses: list[tuple[str, Any]] = [("ws/v1", consumers.socket), ("<path:rest>", nowhere), ("", nowhere)]
application = URLRouter([path(route, served) for route, served in _addresses])
