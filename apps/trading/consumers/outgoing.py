"""What waits to be sent on one connection. Who reads slowly gets snapshots instead of steps."""

import asyncio
from collections import deque
from collections.abc import Callable
from uuid import UUID

MOST_STEPS = 100  # texts that may wait before steps give way to a snapshot
MOST_BYTES = 1_000_000
MOST_TEXTS = 500  # with those that can't be left out; then the connection ends

Topic = tuple[str, UUID]  # a public channel and its instrument


class Outgoing:
    """A queue with a bound. `render` writes a topic's snapshot when it is sent, None where there is none."""

    def __init__(self, render: Callable[[Topic], str | None]) -> None:
        self.over = asyncio.Event()
        self._render = render
        self._items: deque[tuple[Topic | None, str]] = deque()  # an empty text stands for a snapshot
        self._renewing: set[Topic] = set()
        self._size = 0
        self._filled = asyncio.Event()

    def say(self, text: str) -> None:
        """Add what must not be left out; where it doesn't fit, nothing follows any more."""
        if len(self._items) >= MOST_TEXTS or self._size + len(text) > MOST_BYTES:
            self.end()
            return
        self._add(None, text)

    def step(self, topic: Topic, text: str) -> None:
        """Add a step of a topic; where it doesn't fit, a snapshot takes the place of all its steps."""
        if topic in self._renewing:
            return
        if len(self._items) >= MOST_STEPS or self._size + len(text) > MOST_BYTES:
            self.renew(topic)
        else:
            self._add(topic, text)

    def renew(self, topic: Topic) -> None:
        """Replace what waits of a topic by its snapshot."""
        self.forget(topic)
        self._renewing.add(topic)
        self._add(topic, "")

    def forget(self, topic: Topic) -> None:
        """Leave out what waits of a topic."""
        self._renewing.discard(topic)
        self._items = deque(item for item in self._items if item[0] != topic)
        self._size = sum(len(text) for _, text in self._items)

    def end(self) -> None:
        """Let nothing follow any more, not even what waits."""
        self.over.set()

    async def next(self) -> str:
        """Wait for the next text."""
        while True:
            await self._filled.wait()
            if text := self._take():
                return text

    def _add(self, topic: Topic | None, text: str) -> None:
        self._items.append((topic, text))
        self._size += len(text)
        self._filled.set()

    def _take(self) -> str | None:
        if not self._items:
            self._filled.clear()
            return None
        topic, text = self._items.popleft()
        self._size -= len(text)
        if topic is None or text:
            return text
        self._renewing.discard(topic)
        return self._render(topic)
