"""The WebSocket `/ws/v1` in this process: a real desk, a real Valkey, a client that keeps its own book."""

import zlib
from contextlib import asynccontextmanager
from functools import partial

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from apps.trading import feeds
from apps.trading.recording import Wish
from apps.trading.types import Side, VenueOp
from config.asgi import application
from tests.factories.trading import AT, Bench, Market

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio, pytest.mark.spec("MKT-1")]
HALT = Wish(id=1, op=VenueOp.HALT, order=None, account=None, lowest=0, highest=0, due_at=None, reason="")
BUY, SELL = Side.BUY, Side.SELL
PATIENCE = 20  # seconds for whatever must come


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

    def order(self, side, quantity, price, **terms):
        return self.market.new(self.buyer if side is BUY else self.seller, side, quantity, price, **terms)

    def book(self):
        return feeds.snapshot(feeds.book(self.id), self.market.instrument)


def room(**options):
    return sync_to_async(partial(Room, **options))()


def act(verb, *args, **kwargs):
    return sync_to_async(verb)(*args, **kwargs)


async def test_a_client_follows_the_book_from_a_snapshot_on(valkey):
    here = await room(decimals=2, tick=5, lot=20)
    await act(here.do, here.order(SELL, 100, 250), here.order(BUY, 60, 240))
    async with connected() as client:
        assert (await client.subscribe("book", here.id))["channel"] == "book"
        snapshot = await client.until(type="snapshot")
        client.take(snapshot)
        assert (snapshot["bids"], snapshot["asks"]) == ([["2.40", "0.60"]], [["2.50", "1.00"]])
        for number in range(40):
            orders = [here.order(BUY, 20 + 20 * n, 5 * (46 + (number * 7 + n) % 10)) for n in range(3)] + [
                here.order(SELL, 20, 5 * (49 + (number * 3 + n) % 8)) for n in range(3)
            ]
            await client.follow_to(await act(here.do, *orders))
            book = await act(here.book)
            assert (client.levels("bids"), client.levels("asks")) == (book["bids"], book["asks"])


async def test_trades_and_the_state_of_a_market_are_told(valkey):
    here = await room()
    await act(here.do, here.order(SELL, 5, 100), here.order(BUY, 3, 100))
    async with connected() as client:
        await client.subscribe("trades", here.id)
        (first,) = (await client.until(type="snapshot", channel="trades"))["trades"]
        assert (first["price"], first["quantity"], first["side"]) == ("1.00", "3", "buy")
        assert first["executed_at"] == "2026-03-02T10:00:00Z"
        await client.subscribe("market", here.id)
        assert (await client.until(type="status"))["state"] == "continuous"
        await act(here.do, here.order(BUY, 1, 100))
        (second,) = (await client.until(type="trades"))["trades"]
        assert (second["quantity"], second["id"] != first["id"]) == ("1", True)
        await act(here.do, wishes=[HALT])
        assert (await client.until(type="status"))["state"] == "halted"


async def test_two_instruments_are_told_apart_and_one_can_be_left(valkey):
    one, other = await room(), await room(code="OTHER")
    async with connected() as client:
        for each in (one, other):
            await client.subscribe("trades", each.id)
            await client.until(type="snapshot", instrument=str(each.id))
        await act(one.do, one.order(SELL, 5, 100), one.order(BUY, 3, 100))
        assert (await client.until(type="trades"))["instrument"] == str(one.id)
        await client.say(op="unsubscribe", channel="trades", instrument=str(one.id))
        await client.until(type="unsubscribed", instrument=str(one.id))
        await act(one.do, one.order(BUY, 2, 100))
        await act(other.do, other.order(SELL, 5, 90), other.order(BUY, 3, 90))
        assert (await client.until(type="trades"))["instrument"] == str(other.id)
