"""One connection of `/ws/v1`: read what is asked, answer, send what is followed (docs/api/websocket.md)."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.db import DatabaseError

from apps.accounts import services as accounts
from apps.accounts.types import Pass
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import read_json
from apps.trading import selectors
from apps.trading.consumers.hub import hub
from apps.trading.consumers.mirrors import CHANNELS
from apps.trading.consumers.origins import header, is_own
from apps.trading.consumers.outgoing import Outgoing, Topic

ORDERS = "orders"
MOST_FOLLOWED = 50  # subscriptions of one connection
MOST_CONNECTIONS = 20  # of one user, in one process
MOST_LETTERS = 4096  # of one message
PER_SECOND, AT_ONCE = 20, 60  # messages
PATIENCE = 200  # messages too many before the connection ends

# Codes with which we close.
ENDED, FOREIGN, TOO_SLOW, TOO_MUCH, LATER = 4401, 4403, 4408, 4429, 1013

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Refused(Exception):
    """What was asked can't be done; the connection stays."""

    def __init__(self, code: str, detail: str, **about: str) -> None:
        super().__init__(detail)
        self.code, self.detail, self.about = code, detail, about


class Connection:
    """A client, and what it follows. Of its tasks the first to end ends the others."""

    def __init__(self, send: Send) -> None:
        self.admitted: Pass | None = None
        self._hub = hub()
        self.outgoing = Outgoing(self._hub.render)
        self._send = send
        self._topics: set[Topic] = set()
        self._private = ""  # "asked" until the first welcome, then "open"
        self._code = TOO_SLOW
        self._left, self._filled_at = float(AT_ONCE), time.monotonic()
        self._ignored = 0

    async def run(self, receive: Receive, session: str) -> None:
        """Serve the client until it goes, or has to."""
        self._hub.enter(self)
        parts = (self._read(receive, session), self._write(), self.outgoing.over.wait())
        work = [asyncio.create_task(part) for part in parts]
        try:
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            if self.outgoing.over.is_set():
                await self._send({"type": "websocket.close", "code": self._code})
        finally:
            self._hub.leave(self)
            for task in work:
                task.cancel()
            for outcome in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

    def welcome(self) -> None:
        """Say that the private channel is open, or that some of it may be missing."""
        self._say("subscribed" if self._private == "asked" else "resync", channel=ORDERS)
        self._private = "open"

    def dismiss(self) -> None:
        """End the connection of somebody who may not listen any more."""
        self._end(ENDED)

    def _end(self, code: int) -> None:
        self._code = code
        self.outgoing.end()

    async def _write(self) -> None:
        while True:
            await self._send({"type": "websocket.send", "text": await self.outgoing.next()})

    async def _read(self, receive: Receive, session: str) -> None:
        if session:
            await self._enter_by_session(session)
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            try:
                await self._take(event.get("text"))
            except Refused as refusal:
                self._say("error", code=refusal.code, detail=refusal.detail, **refusal.about)
            except DomainError as refusal:
                self._say("error", code=refusal.code, detail=refusal.detail)
            except DatabaseError:
                self._say("error", code="unavailable", detail="Try again in a moment.")

    async def _enter_by_session(self, key: str) -> None:
        admit = database_sync_to_async(accounts.admit_session, thread_sensitive=False)
        try:
            admitted = await admit(key=key)
        except DatabaseError:
            self._end(LATER)
            return
        if admitted is not None:
            self._admit(admitted)

    async def _take(self, text: str | None) -> None:
        self._spend()
        if text is None or len(text) > MOST_LETTERS:
            raise Refused("message_too_large", f"Send text of at most {MOST_LETTERS} letters.")
        try:
            message = read_json(text.encode())
        except ValueError as error:
            raise Refused("malformed_json", "Send one JSON object in each message.") from error
        if not isinstance(message, dict):
            raise Refused("malformed_json", "Send one JSON object in each message.")
        match message.get("op"):
            case "ping":
                self._say("pong")
            case "auth":
                await self._authenticate(message.get("token"))
            case "subscribe":
                await self._subscribe(message)
            case "unsubscribe":
                self._unsubscribe(message)
            case _:
                raise Refused("unknown_op", "Send auth, subscribe, unsubscribe or ping.")

    def _spend(self) -> None:
        """Count a message. Whoever sends more than is read is told, and put out in the end."""
        moment = time.monotonic()
        self._left = min(AT_ONCE, self._left + (moment - self._filled_at) * PER_SECOND)
        self._filled_at = moment
        if self._left < 1:
            self._ignored += 1
            if self._ignored > PATIENCE:
                self._end(TOO_MUCH)
            raise Refused("too_many_messages", f"Send at most {PER_SECOND} messages a second.")
        self._left -= 1

    async def _authenticate(self, token: Any) -> None:
        if not isinstance(token, str):
            raise Refused("invalid_token", "Send your access token as text.")
        admit = database_sync_to_async(accounts.admit_token, thread_sensitive=False)
        admitted = await admit(token=token, at=now())
        if self.admitted is not None and self.admitted.user_id != admitted.user_id:
            raise Refused("already_authenticated", "This connection is somebody else's. Open another one.")
        self._admit(admitted)

    def _admit(self, admitted: Pass) -> None:
        if self.admitted is None and self._hub.connections_of(admitted.user_id) >= MOST_CONNECTIONS:
            self._end(TOO_MUCH)
            return
        self.admitted = admitted
        self._say("authenticated", user_id=str(admitted.user_id))

    async def _subscribe(self, message: dict[str, Any]) -> None:
        if message.get("channel") == ORDERS:
            self._subscribe_to_own()
            return
        topic = _topic(message)
        about = {"channel": topic[0], "instrument": str(topic[1])}
        if topic not in self._topics:
            self._check_room(**about)
        if not self._hub.knows(topic[1]):
            try:
                await database_sync_to_async(selectors.instrument, thread_sensitive=False)(topic[1])
            except selectors.UnknownInstrument as error:
                raise Refused(error.code, error.detail, **about) from error
        self._topics.add(topic)
        self._say("subscribed", **about)
        self._hub.follow(self, topic)

    def _subscribe_to_own(self) -> None:
        if self.admitted is None:
            raise Refused("not_authenticated", "Authenticate first.", channel=ORDERS)
        if not self._private:
            self._check_room(channel=ORDERS)
        self._private = "asked"
        self._hub.follow_owner(self, self.admitted.user_id)

    def _check_room(self, **about: str) -> None:
        if len(self._topics) + bool(self._private) >= MOST_FOLLOWED:
            raise Refused("too_many_subscriptions", f"Follow at most {MOST_FOLLOWED} channels.", **about)

    def _unsubscribe(self, message: dict[str, Any]) -> None:
        if message.get("channel") == ORDERS:
            if self.admitted is not None:
                self._hub.unfollow_owner(self, self.admitted.user_id)
            self._private = ""
            self._say("unsubscribed", channel=ORDERS)
            return
        topic = _topic(message)
        self._topics.discard(topic)
        self._hub.unfollow(self, topic)
        self._say("unsubscribed", channel=topic[0], instrument=str(topic[1]))

    def _say(self, kind: str, **content: str) -> None:
        self.outgoing.say(json.dumps({"type": kind, **content}, separators=(",", ":")))


def _topic(message: dict[str, Any]) -> Topic:
    channel, instrument = message.get("channel"), message.get("instrument")
    if channel not in CHANNELS:
        raise Refused("unknown_channel", "Subscribe to book, trades, market or orders.")
    try:
        return channel, UUID(instrument)
    except (ValueError, TypeError, AttributeError) as error:
        detail = "There is no such instrument."
        raise Refused("unknown_instrument", detail, channel=channel) from error


async def _serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    origin = header(scope["headers"], b"origin")
    if origin and not is_own(origin, header(scope["headers"], b"host")):
        await send({"type": "websocket.close", "code": FOREIGN})
        return
    await send({"type": "websocket.accept"})
    session = scope["cookies"].get(settings.SESSION_COOKIE_NAME, "") if origin else ""
    await Connection(send).run(receive, session)


socket = CookieMiddleware(_serve)
