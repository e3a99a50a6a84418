"""The WebSocket `/ws/v1` in this process: a real desk, a real Valkey, a client that keeps its own book."""

import asyncio
from uuid import UUID

import pytest
from channels.testing import WebsocketCommunicator

from apps.trading.consumers.outgoing import MOST_STEPS
from config.asgi import application
from tests.integration.trading.wire import (
    BUY,
    HALT,
    PATIENCE,
    SELL,
    Client,
    act,
    connected,
    cut_listeners,
    listeners,
    more_instruments,
    reading_when_told,
    room,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio, pytest.mark.spec("MKT-1")]


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


async def test_what_was_lost_on_the_way_is_made_good_by_a_snapshot(valkey):
    here = await room()
    async with connected() as client:
        await client.subscribe("book", here.id)
        await client.follow_to(0)
        await client.follow_to(await act(here.do, here.order(SELL, 5, 100)))
        await act(here.lose, here.order(SELL, 7, 101), here.order(BUY, 1, 100))
        last = await act(here.do, here.order(BUY, 2, 90))
        await client.until(type="snapshot", sequence=last)
        await client.subscribe("book", here.id)
        client.take(await client.until(type="snapshot"))
        book = await act(here.book)
        assert (client.levels("bids"), client.levels("asks")) == (book["bids"], book["asks"])
        await client.follow_to(await act(here.do, here.order(BUY, 1, 91)))


async def test_everybody_gets_a_snapshot_after_the_listener_was_away(valkey):
    here = await room()
    async with connected() as one, connected() as other:
        for client in (one, other):
            await client.subscribe("book", here.id)
            await client.follow_to(0)
        assert await act(cut_listeners, valkey) == 1, "one listener serves all connections"
        last = await act(here.do, here.order(SELL, 5, 100))
        for client in (one, other):
            client.take(await client.until(type="snapshot", sequence=last))
            assert client.levels("asks") == [["1.00", "5"]]
        last = await act(here.do, here.order(BUY, 5, 99))
        for client in (one, other):
            await client.follow_to(last)
            assert client.levels("bids") == [["0.99", "5"]]


async def test_nobody_listens_after_the_last_connection_whenever_it_went(valkey):
    for number in range(100):
        async with connected():
            await asyncio.sleep(number / 10_000)
    async with asyncio.timeout(PATIENCE):
        while await act(listeners, valkey):
            await asyncio.sleep(0.05)


async def test_a_sequencer_that_begins_anew_is_followed_without_a_gap(valkey):
    here = await room()
    async with connected() as client:
        await client.subscribe("book", here.id)
        await client.follow_to(0)
        await act(here.bench.do, here.order(SELL, 5, 100))
        await act(here.bench.again)
        await act(here.bench.desk.keep_book)
        await client.follow_to(1)
        await client.follow_to(await act(here.do, here.order(SELL, 5, 101)))
        assert client.levels("asks") == [["1.00", "5"], ["1.01", "5"]]


async def test_who_reads_slowly_gets_a_snapshot_instead_of_steps(valkey):
    here = await room()
    async with reading_when_told() as slow, connected() as quick:
        await quick.subscribe("book", here.id)
        await quick.follow_to(0)
        await slow.say(op="subscribe", channel="book", instrument=str(here.id))
        await slow.read_one(type="snapshot")
        for number in range(3 * MOST_STEPS):
            last = await act(here.do, here.order(BUY, 1, 50 + number % 40))
        await quick.follow_to(last)
        slow.go_on()
        found = [await slow.read()]
        while found[-1]["sequence"] < last:
            found.append(await slow.read())
        assert len(found) < 2 * MOST_STEPS
        (whole,) = [message for message in found if message["type"] == "snapshot"]
        keeper = Client(None)
        for message in found[found.index(whole) :]:
            keeper.take(message)
        assert keeper.levels("bids") == quick.levels("bids")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "malformed_json"),
        ("[]", "malformed_json"),
        ("1e999", "malformed_json"),
        ("[" * 4000, "malformed_json"),
        ('{"op":"ping","op":"ping"}', "malformed_json"),
        ("\ud800", "malformed_json"),
        ("x" * 5000, "message_too_large"),
        ("{}", "unknown_op"),
        ('{"op":["ping"]}', "unknown_op"),
        ('{"op":"subscribe"}', "unknown_channel"),
        ('{"op":"subscribe","channel":["book"]}', "unknown_channel"),
        ('{"op":"subscribe","channel":"book"}', "unknown_instrument"),
        ('{"op":"subscribe","channel":"book","instrument":7}', "unknown_instrument"),
        (f'{{"op":"subscribe","channel":"book","instrument":"{UUID(int=7)}"}}', "unknown_instrument"),
        ('{"op":"subscribe","channel":"orders"}', "not_authenticated"),
        ('{"op":"auth"}', "invalid_token"),
        ('{"op":"auth","token":"a.b.c"}', "invalid_token"),
    ],
)
async def test_what_cant_be_done_is_refused_and_the_connection_stays(valkey, message, code):
    async with connected() as client:
        await client.wire.send_to(text_data=message)
        refused = await client.hear()
        assert (refused["type"], refused["code"]) == ("error", code)
        assert refused["detail"]
        await client.say(op="ping")
        assert await client.hear() == {"type": "pong"}


async def test_bytes_are_refused_and_too_many_messages_end_the_connection(valkey):
    async with connected() as client:
        await client.wire.send_to(bytes_data=b"\x00")
        assert (await client.hear())["code"] == "message_too_large"
        for _ in range(400):
            await client.say(op="ping")
        await client.until(type="error", code="too_many_messages")
        assert await client.end() == 4429


async def test_a_connection_follows_so_many_channels_and_no_more(valkey):
    here = await room()
    others = [await act(more_instruments, here, 50)]
    async with connected() as client:
        for instrument in others[0][:50]:
            await client.say(op="subscribe", channel="market", instrument=str(instrument))
            await asyncio.sleep(0.05)
        await client.until(type="subscribed", instrument=str(others[0][49]))
        await client.say(op="subscribe", channel="market", instrument=str(here.id))
        assert (await client.until(type="error"))["code"] == "too_many_subscriptions"
        await client.say(op="unsubscribe", channel="market", instrument=str(others[0][0]))
        await client.subscribe("market", here.id)


async def test_another_address_is_refused(valkey):
    wire = WebsocketCommunicator(application, "/ws/v2", headers=[])
    assert await wire.connect(PATIENCE) == (False, 4404)
