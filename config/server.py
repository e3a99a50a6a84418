"""The web process: daphne, except that a WebSocket's `send` waits for a client that doesn't read.

Daphne writes into a buffer without end. Here it stays at the 64 kB of Twisted, so that what can't be sent
waits in our own queues, which have bounds.
"""

import asyncio
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.server import Server

GLANCE = 0.02  # seconds between looks at a buffer that is full


class PatientServer(Server):  # type: ignore[misc]  # daphne has no types
    """Daphne's server, patient with slow clients."""

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Give the protocol what the application sends; after a text, wait until there is room."""
        await super().handle_reply(protocol, message)
        if message["type"] == "websocket.send":
            while protocol in self.connections and getattr(protocol.transport, "producerPaused", False):
                await asyncio.sleep(GLANCE)


class Web(CommandLineInterface):  # type: ignore[misc]
    """Daphne's command line, for our server."""

    server_class = PatientServer


if __name__ == "__main__":
    Web.entrypoint()
