"""The private channel of `/ws/v1`: who is let in, what they are told, and how soon they are put out."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from channels.testing import WebsocketCommunicator
from django.test import Client as Browser

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.accounts.types import Status
from apps.common.types import Actor
from apps.trading import rules, selectors
from apps.trading.consumers.outgoing import MOST_TEXTS
from apps.trading.consumers.sockets import MOST_CONNECTIONS
from config.asgi import application
from tests.factories.accounts import AccountFactory, logged_in
from tests.integration.trading.wire import (
    BUY,
    PATIENCE,
    SELL,
    act,
    connected,
    cut_listeners,
    reading_when_told,
    room,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio, pytest.mark.spec("MKT-1")]
BY = Actor.system("tests")
OWN = (b"origin", b"http://testserver")
LEFT = timedelta(seconds=5)  # of a token's lifetime, of which less than a second is lost to rounding


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.ALLOWED_HOSTS = ["testserver"]


def person():
    """Return an account and its access token."""
    account = AccountFactory()
    return account, accounts.issue_tokens(user_id=account.id, by=BY, at=datetime.now(UTC))


def cookie(account):
    """Return the header of a browser in which somebody has logged in."""
    session = logged_in(Browser(), account).cookies["sessionid"].value
    return (b"cookie", f"sessionid={session}".encode())


async def test_both_sides_of_a_trade_are_told_what_rest_says(valkey):
    here = await room(fees={BUY: (10, 20), SELL: (25, 30)})
    (one, first), (other, second) = await act(person), await act(person)
    buyer = await act(here.market.join, cash=10**6, owner=one.id)
    seller = await act(here.market.join, tokens=100, owner=other.id)
    async with connected() as buying, connected() as selling:
        for client, account, pair in ((buying, one, first), (selling, other, second)):
            await client.say(op="auth", token=pair.access)
            assert (await client.hear()) == {"type": "authenticated", "user_id": str(account.id)}
            await client.subscribe("orders")
        await act(here.do, here.market.new(buyer, BUY, 10, 1000))
        placed = (await buying.hear())["order"]
        assert (placed["status"], placed["quantity"], placed["price"]) == ("open", "10", "10.00")
        await act(here.do, here.market.new(seller, SELL, 4, 1000))
        bought, sold = (await buying.hear())["fill"], (await selling.hear())["fill"]
        assert (bought["liquidity"], bought["fee"], bought["side"]) == ("maker", "0.04", "buy")
        assert (sold["liquidity"], sold["fee"], sold["side"]) == ("taker", "0.12", "sell")
        assert bought["trade_id"] == sold["trade_id"]
        assert (bought["order_id"], bought["quantity"]) == (placed["id"], "4")
        for client, account in ((buying, one), (selling, other)):
            told = (await client.hear())["order"]
            (order,) = await act(selectors.orders_of, account.id)
            assert told == rules.order_body(order, here.market.instrument)
        await act(here.do, here.market.new(buyer, BUY, 10**6, 1000))
        assert (await buying.hear())["order"]["reason"] == "insufficient_funds"
        await client.say(op="ping")
        assert await selling.hear() == {"type": "pong"}, "others aren't told of it"


async def test_a_page_is_known_by_its_session_and_only_from_our_own_origin(valkey):
    here = await room()
    account, _ = await act(person)
    number = await act(here.market.join, cash=10**6, owner=account.id)
    header = await act(cookie, account)
    async with connected(OWN, header) as page:
        assert await page.hear() == {"type": "authenticated", "user_id": str(account.id)}
        await page.subscribe("orders")
        await act(here.do, here.market.new(number, BUY, 1, 100))
        assert (await page.hear())["type"] == "order"
    async with connected(header) as program:
        await program.say(op="subscribe", channel="orders")
        assert (await program.hear())["code"] == "not_authenticated", "a cookie counts with an origin only"


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://testserver.evil.example",
        "http://testserver:81",
        "http://testserver@evil.example",
        "file://testserver",
        "http://[",
        "null",
    ],
)
async def test_a_page_of_another_origin_is_refused(valkey, origin):
    account, _ = await act(person)
    headers = [(b"host", b"testserver"), (b"origin", origin.encode()), await act(cookie, account)]
    wire = WebsocketCommunicator(application, "/ws/v1", headers=headers)
    assert await wire.connect(PATIENCE) == (False, 4403)


@pytest.mark.parametrize("session", ["nobody", "", "x" * 300, '"a\\000b"', "💥"])
async def test_a_session_that_isnt_there_is_nobody(valkey, session):
    async with connected(OWN, (b"cookie", f"sessionid={session}".encode())) as page:
        await page.say(op="subscribe", channel="orders")
        assert (await page.hear())["code"] == "not_authenticated"


def suspend(account, browser):
    User.objects.filter(pk=account.id).update(status=Status.SUSPENDED)


def log_out(account, browser):
    browser.logout()


def log_out_everywhere(account, browser):
    accounts.log_out_everywhere(user_id=account.id, by=BY, at=datetime.now(UTC))


@pytest.mark.spec("SEC-2")
@pytest.mark.parametrize("end", [suspend, log_out, log_out_everywhere])
async def test_a_private_feed_ends_soon_after_its_session(valkey, end):
    account, _ = await act(person)
    stays, _ = await act(person)
    browser = await act(logged_in, Browser(), account)
    header = (b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode())
    async with connected(OWN, header) as page, connected(OWN, await act(cookie, stays)) as other:
        await page.subscribe("orders")
        await other.subscribe("orders")
        await act(end, account, browser)
        assert await page.end() == 4401
        await other.say(op="ping")
        assert await other.hear() == {"type": "pong"}


async def test_a_revoked_access_token_ends_the_feed_unless_another_was_shown_meanwhile(valkey):
    account, pair = await act(person)
    short = pair.access
    async with connected() as client, connected() as kept:
        for each in (client, kept):
            await each.say(op="auth", token=short)
            await each.subscribe("orders")
        renewed = await act(accounts.issue_tokens, user_id=account.id, by=BY, at=datetime.now(UTC))
        await kept.say(op="auth", token=renewed.access)
        await kept.until(type="authenticated")
        await act(accounts.revoke_tokens, refresh=pair.refresh, by=BY, at=datetime.now(UTC))
        assert await client.end() == 4401
        await kept.say(op="auth", token=short)
        assert (await kept.until(type="error"))["code"] == "session_ended"


@pytest.mark.spec("SEC-2")
async def test_a_feed_ends_with_its_access_token_and_a_newer_token_prolongs_it(valkey, settings):
    account, pair = await act(person)
    async with connected() as client, connected() as kept:
        issued = datetime.now(UTC) - settings.ACCESS_TOKEN_LIFETIME + LEFT
        ending = (await act(accounts.issue_tokens, user_id=account.id, by=BY, at=issued)).access
        for each in (client, kept):
            await each.say(op="auth", token=ending)
            await each.until(type="authenticated")
            await each.subscribe("orders")
        await kept.say(op="auth", token=pair.access)
        await kept.until(type="authenticated")
        assert await client.end() == 4401
        assert datetime.now(UTC) >= issued + settings.ACCESS_TOKEN_LIFETIME - timedelta(seconds=1), (
            "not before"
        )
        await kept.say(op="auth", token=ending)
        assert (await kept.until(type="error"))["code"] == "token_expired"
        await kept.say(op="ping")
        assert await kept.until(type="pong"), "what was refused ends nothing"


async def test_one_connection_is_one_persons(valkey):
    (_, mine), (_, theirs) = await act(person), await act(person)
    async with connected() as client:
        await client.say(op="auth", token=mine.access)
        await client.until(type="authenticated")
        await client.say(op="auth", token=theirs.access)
        assert (await client.hear())["code"] == "already_authenticated"


async def test_who_may_have_missed_something_is_told_to_look(valkey):
    here = await room()
    account, pair = await act(person)
    number = await act(here.market.join, cash=10**6, owner=account.id)
    await act(here.do, here.market.new(number, BUY, 1, 100))
    async with connected() as client:
        await client.say(op="auth", token=pair.access)
        await client.subscribe("orders")
        await act(cut_listeners, valkey)
        assert await client.hear() == {"type": "resync", "channel": "orders"}
        await act(here.bench.again)
        await act(here.bench.desk.tell, [])
        assert await client.hear() == {"type": "resync", "channel": "orders"}, "the sequencer began anew"
        await client.say(op="unsubscribe", channel="orders")
        await client.until(type="unsubscribed")
        await act(here.do, here.market.new(number, BUY, 1, 100))
        await asyncio.sleep(0.2)
        await client.say(op="ping")
        assert await client.hear() == {"type": "pong"}


async def test_who_doesnt_read_their_own_messages_is_put_out(valkey):
    here = await room()
    account, pair = await act(person)
    number = await act(here.market.join, cash=10**6, owner=account.id)
    async with reading_when_told() as slow:
        await slow.say(op="auth", token=pair.access)
        await slow.say(op="subscribe", channel="orders")
        await slow.read_one(type="subscribed")
        for _ in range(3):
            await act(here.do, *(here.market.new(number, BUY, 1, 100) for _ in range(MOST_TEXTS // 2)))
        while (last := await slow.read())["type"] != "websocket.close":
            pass
        assert last["code"] == 4408


async def test_so_many_connections_and_no_more(valkey):
    _, pair = await act(person)
    async with AsyncExitStack() as stack:
        for _ in range(MOST_CONNECTIONS + 1):
            client = await stack.enter_async_context(connected())
            await client.say(op="auth", token=pair.access)
            last = await client.wire.receive_output(PATIENCE)
        assert last == {"type": "websocket.close", "code": 4429}
