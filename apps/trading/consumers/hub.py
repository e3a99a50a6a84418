"""What all connections of one process share: one listener of Valkey, and one look at who is still welcome.

The listener alone touches its subscription. Whatever was lost while it was away is made good when Valkey
confirms a channel again: everybody on it gets a new snapshot, or is told to look.
"""

import asyncio
import json
import random
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

import redis.asyncio
import structlog
from channels.db import database_sync_to_async
from django.conf import settings

from apps.accounts import services as accounts
from apps.accounts.types import Pass
from apps.common.clock import now
from apps.trading import feeds
from apps.trading.consumers.mirrors import CHANNELS, Mirror, look
from apps.trading.consumers.outgoing import Outgoing, Topic

NAME = "feeds"  # of the listener's connection, in Valkey's list of them
GLANCE = 0.02  # seconds after which a new subscription is asked for at the latest
AGAIN = 0.2  # seconds before the next try, and up to twice as many
CHECK = 4.0  # seconds between looks at who may still listen
MISSED = 3  # looks that may fail before nobody counts as welcome

log = structlog.get_logger(__name__)


class Seat(Protocol):
    """A connection, as the hub sees it."""

    outgoing: Outgoing
    admitted: Pass | None

    def welcome(self) -> None:
        """Say that the private channel is open, or that some of it may be missing."""

    def dismiss(self) -> None:
        """End the connection of somebody who may not listen any more."""


class Hub:
    """Give the connections of one event loop what they follow. `enter` first, `leave` last."""

    def __init__(self) -> None:
        self._seats: set[Seat] = set()
        self._mirrors: dict[UUID, Mirror] = {}
        self._followers: dict[Topic, set[Seat]] = {}
        self._owners: dict[str, set[Seat]] = {}  # by the name of the channel
        self._looking: dict[Mirror, bool] = {}  # whether to look once more
        self._confirmed: set[str] = set()
        self._changed = True
        self._looks = asyncio.Semaphore(4)
        self._tasks: set[asyncio.Task[None]] = set()

    def enter(self, seat: Seat) -> None:
        """Take a connection in; the first one sets the listener to work."""
        if not self._seats:
            self._begin(self._listen())
            self._begin(self._check())
        self._seats.add(seat)

    def leave(self, seat: Seat) -> None:
        """Let a connection go from everything; after the last one nobody listens."""
        for topic in [topic for topic, seats in self._followers.items() if seat in seats]:
            self.unfollow(seat, topic)
        for name in [name for name, seats in self._owners.items() if seat in seats]:
            self._leave_owner(seat, name)
        self._seats.discard(seat)
        if not self._seats:
            for task in self._tasks:
                task.cancel()
            _hubs.pop(asyncio.get_running_loop(), None)

    def connections_of(self, user_id: UUID) -> int:
        """Count a user's connections."""
        return sum(seat.admitted is not None and seat.admitted.user_id == user_id for seat in self._seats)

    def knows(self, instrument: UUID) -> bool:
        """Tell whether somebody follows an instrument, so that it exists."""
        return instrument in self._mirrors

    def follow(self, seat: Seat, topic: Topic) -> None:
        """Send a topic's snapshot and then its steps, as soon as they are known."""
        self._followers.setdefault(topic, set()).add(seat)
        instrument = topic[1]
        if instrument not in self._mirrors:
            self._mirrors[instrument] = Mirror(instrument)
            self._want(feeds.channel(instrument))
        elif self._mirrors[instrument].is_ready:
            seat.outgoing.renew(topic)

    def unfollow(self, seat: Seat, topic: Topic) -> None:
        """Send nothing more of a topic."""
        seat.outgoing.forget(topic)
        seats = self._followers.get(topic, set())
        seats.discard(seat)
        if not seats:
            self._followers.pop(topic, None)
        if not any((channel, topic[1]) in self._followers for channel in CHANNELS):
            self._mirrors.pop(topic[1], None)
            self._changed = True

    def follow_owner(self, seat: Seat, owner: UUID) -> None:
        """Send what concerns an owner, from the moment on when the connection is welcomed."""
        name = feeds.private_channel(owner)
        self._owners.setdefault(name, set()).add(seat)
        if name in self._confirmed:
            seat.welcome()
        self._changed = True

    def unfollow_owner(self, seat: Seat, owner: UUID) -> None:
        """Send nothing more of what concerns an owner."""
        self._leave_owner(seat, feeds.private_channel(owner))

    def render(self, topic: Topic) -> str | None:
        """Write how a topic stands now."""
        channel, instrument = topic
        mirror = self._mirrors.get(instrument)
        return mirror.snapshot(channel) if mirror else None

    def _leave_owner(self, seat: Seat, name: str) -> None:
        seats = self._owners.get(name, set())
        seats.discard(seat)
        if not seats:
            self._owners.pop(name, None)
            self._changed = True

    def _want(self, name: str) -> None:
        """Have a channel listened to. One that still is, since nobody had time to leave it, is as good."""
        self._changed = True
        if name in self._confirmed:
            self._take_up(name)

    async def _listen(self) -> None:
        while self._seats:
            try:
                await self._listen_once()
            except Exception as error:  # Valkey is away, or it is a defect of ours
                log.warning("trading.feed_lost", error=type(error).__name__)
            self._confirmed.clear()
            await _pause()

    async def _listen_once(self) -> None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            client_name=NAME,
            socket_connect_timeout=2,
            socket_timeout=5,
            health_check_interval=5,
        )
        async with client, client.pubsub() as subscription:
            asked: set[str] = set()
            self._changed = True
            # Being cancelled isn't enough: the client sends under asyncio.wait_for, which before Python 3.12
            # swallows a cancellation that comes in the moment when it is done.
            while self._seats:
                if self._changed:
                    asked = await self._ask(subscription, asked)
                message = await subscription.get_message(timeout=GLANCE)
                if message is not None:
                    self._hear(message)

    async def _ask(self, subscription: Any, asked: set[str]) -> set[str]:
        """Bring what Valkey sends us in line with what is followed."""
        self._changed = False
        wanted = {feeds.renewals(), *map(feeds.channel, self._mirrors), *self._owners}
        if gone := asked - wanted:
            self._confirmed -= gone
            await subscription.unsubscribe(*gone)
        if new := wanted - asked:
            await subscription.subscribe(*new)
        return wanted

    def _hear(self, message: dict[str, Any]) -> None:
        name = message["channel"].decode()
        if message["type"] == "subscribe":
            self._confirmed.add(name)
            self._take_up(name)
        elif message["type"] == "message":
            self._pass_on(name, message["data"])

    def _take_up(self, name: str) -> None:
        """Begin with a channel anew: what went through it before is unknown."""
        instrument = feeds.instrument_of(name)
        if instrument is not None:
            self._look_again(instrument)
        else:
            for seat in self._owners.get(name, ()):
                seat.welcome()

    def _pass_on(self, name: str, data: bytes) -> None:
        instrument = feeds.instrument_of(name)
        if instrument is not None:
            self._spread(instrument, data)
        elif name == feeds.renewals():
            for seats in self._owners.values():
                for seat in seats:
                    seat.welcome()
        else:
            texts = data.decode().split("\n")
            for seat in self._owners.get(name, ()):
                for text in texts:
                    seat.outgoing.say(text)

    def _spread(self, instrument: UUID, data: bytes) -> None:
        mirror = self._mirrors.get(instrument)
        if mirror is None:
            return
        texts = mirror.take(json.loads(data))
        if texts is None:
            self._look_again(instrument)
            return
        for channel, text in texts.items():
            for seat in self._followers.get((channel, instrument), ()):
                seat.outgoing.step((channel, instrument), text)

    def _look_again(self, instrument: UUID) -> None:
        """Have an instrument read anew; whoever reads it already begins once more."""
        mirror = self._mirrors.get(instrument)
        if mirror is None:
            return
        mirror.hold()
        if mirror not in self._looking:
            self._begin(self._look(instrument, mirror))
        self._looking[mirror] = True

    async def _look(self, instrument: UUID, mirror: Mirror) -> None:
        """Read an instrument until what is read fits to what is heard, then renew it for everybody."""
        while self._mirrors.get(instrument) is mirror:
            self._looking[mirror] = False
            mirror.hold()
            try:
                async with self._looks:
                    seen = await database_sync_to_async(look, thread_sensitive=False)(instrument)
                if not self._looking[mirror] and mirror.begin(seen):
                    break
            except Exception as error:
                log.warning("trading.feed_not_read", instrument=str(instrument), error=type(error).__name__)
            await _pause()
        del self._looking[mirror]
        for channel in CHANNELS:
            for seat in self._followers.get((channel, instrument), ()):
                seat.outgoing.renew((channel, instrument))

    async def _check(self) -> None:
        missed = 0
        while self._seats:
            await asyncio.sleep(CHECK)
            shown = {seat: seat.admitted for seat in self._seats if seat.admitted is not None}
            try:
                good = await database_sync_to_async(accounts.still_admitted, thread_sensitive=False)(
                    passes=set(shown.values()), at=now()
                )
                missed = 0
            except Exception as error:
                log.warning("trading.not_checked", error=type(error).__name__)
                missed += 1
                good = set(shown.values()) if missed < MISSED else set()
            for seat, admitted in shown.items():
                if admitted not in good and seat.admitted is admitted:
                    seat.dismiss()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _pause() -> None:
    await asyncio.sleep(AGAIN * (1 + random.random()))  # noqa: S311  # so that not all return at once


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]
