"""A client of `/ws/v1` for tests, which knows of the server only what it was sent, and a desk that tells."""

import asyncio
import json
import zlib
from contextlib import asynccontextmanager
from functools import partial

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import transaction

from apps.common.ids import new_id
from apps.trading import feeds, services
from apps.trading.consumers.hub import NAME
from apps.trading.recording import Wish
from apps.trading.sequencer.telling import depth
from apps.trading.types import NewInstrument, Side, VenueOp
from config.asgi import application
from tests.factories import ledger as bank
from tests.factories.trading import AT, BY, Bench, Market

PATIENCE = 20  # seconds for whatever must come
HALT = Wish(id=1, op=VenueOp.HALT, order=None, account=None, lowest=0, highest=0, due_at=None, reason="")
BUY, SELL = Side.BUY, Side.SELL


class Client:
    """A client of the protocol; it knows of the server only what it was sent."""

    def __init__(self, wire):
        self.wire = wire
        self.sides = {"bids": {}, "asks": {}}
        self.sequence = None

    async def say(self, **message):
        await self.wire.send_json_to(message)

    async def hear(self):
        return await self.wire.receive_json_from(PATIENCE)

    async def until(self, **wanted):
        """Return the next message with these fields, and forget the ones before it."""
        while True:
            message = await self.hear()
            if wanted.items() <= message.items():
                return message

    async def subscribe(self, channel, instrument=None):
        about = {"instrument": str(instrument)} if instrument else {}
        await self.say(op="subscribe", channel=channel, **about)
        return await self.until(type="subscribed", channel=channel, **about)

    def take(self, message):
        """Take in a message of the book, and check what it says of itself."""
        if message["type"] == "snapshot":
            self.sides = {"bids": dict(message["bids"]), "asks": dict(message["asks"])}
        else:
            assert message["previous"] == self.sequence, "nothing is missing"
            for name, side in self.sides.items():
                for price, quantity in message[name]:
                    side[price] = quantity
                    if quantity == "0":
                        del side[price]
        self.sequence = message["sequence"]
        first = [*self.levels("bids")[:10], *self.levels("asks")[:10]]
        assert message["checksum"] == zlib.crc32("|".join(":".join(level) for level in first).encode())

    async def end(self):
        """Return the code with which the server ends the connection."""
        while (event := await self.wire.receive_output(PATIENCE))["type"] != "websocket.close":
            pass
        return event["code"]

    def levels(self, name):
        side = sorted(self.sides[name].items(), key=lambda level: float(level[0]))
        return [list(level) for level in (side[::-1] if name == "bids" else side)]

    async def follow_to(self, sequence):
        """Take in what comes of the book up to a number."""
        while self.sequence is None or self.sequence < sequence:
            message = await self.hear()
            if message.get("channel") == "book" and message["type"] in {"snapshot", "delta"}:
                self.take(message)


@asynccontextmanager
async def connected(*headers, path="/ws/v1"):
    wire = WebsocketCommunicator(application, path, headers=[(b"host", b"testserver"), *headers])
    accepted, code = await wire.connect(PATIENCE)
    assert accepted, code
    try:
        yield Client(wire)
    finally:
        await wire.disconnect(timeout=PATIENCE)


class Room:
    """A market whose desk tells what it does."""

    def __init__(self, **options):
        self.market = Market(**options)
        self.bench = Bench(self.market)
        self.id = self.market.instrument.id
        self.buyer = self.market.join(cash=10**8)
        self.seller = self.market.join(tokens=10**6)
        self.bench.desk.tell([])

    def do(self, *envelopes, wishes=()):
        desk = self.bench.desk
        desk.tell(desk.turn(self.market.entries(envelopes), wishes, at=AT))
        return desk.sequence

    def lose(self, *envelopes):
        """Have something done of which the message is lost on its way."""
        desk = self.bench.desk
        desk.turn(self.market.entries(envelopes), (), at=AT)
        desk.orders.changed.clear()
        feeds.write_book(self.id, depth(desk.orders, desk.instrument, desk.sequence, levels=0))
        desk._teller.told, desk._untold = desk.sequence, None

    def order(self, side, quantity, price, **terms):
        return self.market.new(self.buyer if side is BUY else self.seller, side, quantity, price, **terms)

    def book(self):
        return feeds.snapshot(feeds.book(self.id), self.market.instrument)


class Reader:
    """A connection whose client reads only while it is told to."""

    def __init__(self):
        self._coming, self._sent = asyncio.Queue(), asyncio.Queue()
        self._may_read = asyncio.Event()
        self._coming.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/ws/v1", "headers": [(b"host", b"testserver")]}
        self.task = asyncio.create_task(application(scope, self._coming.get, self._send))

    async def _send(self, message):
        if message["type"] == "websocket.send":
            await self._may_read.wait()
            self._sent.put_nowait(json.loads(message["text"]))
        elif message["type"] == "websocket.close":
            self._sent.put_nowait(message)

    async def say(self, **message):
        self._coming.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    async def read(self):
        return await asyncio.wait_for(self._sent.get(), PATIENCE)

    async def read_one(self, **wanted):
        """Read up to a message with these fields, and nothing after it."""
        self._may_read.set()
        while not wanted.items() <= (await self.read()).items():
            pass
        self._may_read.clear()

    def go_on(self):
        self._may_read.set()

    async def leave(self):
        self._may_read.set()
        self._coming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait_for(self.task, PATIENCE)


@asynccontextmanager
async def reading_when_told():
    reader = Reader()
    try:
        yield reader
    finally:
        await reader.leave()


def listeners(valkey):
    """Return the connections over which this test's process listens to feeds."""
    database = str(valkey.connection_pool.connection_kwargs["db"])
    return [each for each in valkey.client_list() if (each["db"], each["name"]) == (database, NAME)]


def cut_listeners(valkey):
    """Cut the connections over which this test's processes listen; return how many there were."""
    found = listeners(valkey)
    for each in found:
        valkey.client_kill(each["addr"])
    return len(found)


def more_instruments(here, count):
    """Open instruments that nobody trades; return their ids."""
    ids = []
    for number in range(count):
        token = bank.token(f"T{number}", 0)
        new = NewInstrument(new_id(), f"T{number}", token, "USD", 1, 1)
        with transaction.atomic():
            ids.append(services.open_instrument(new=new, by=BY, at=AT).id)
    return ids


def room(**options):
    return sync_to_async(partial(Room, **options))()


def act(verb, *args, **kwargs):
    return sync_to_async(verb)(*args, **kwargs)
