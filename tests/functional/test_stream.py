"""The WebSocket through the real server: who is let in, and what the running venue tells."""

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.scenarios.people import DEMO_PASSWORD, Listener, Person

pytestmark = pytest.mark.spec("MKT-1")
OPEN = "from bench import market; print(market.opened('STRM', 'USD', decimals=0, tick=1, lot=1).id)"
NOBODYS = "00000000-0000-7000-8000-000000000007"


@pytest.fixture
def listener(venue):
    """Somebody at the venue's WebSocket."""
    found = Listener(venue.url)
    yield found
    found.close()


def test_a_book_is_followed_through_the_real_server(venue, listener):
    opened = venue.manage("shell", "-v", "0", "-c", OPEN)
    assert opened.returncode == 0, opened.stderr
    instrument = opened.stdout.strip()
    listener.say(op="subscribe", channel="book", instrument=instrument)
    book = listener.until(type="snapshot", channel="book", instrument=instrument)
    assert (book["sequence"], book["bids"], book["asks"], book["checksum"]) == (0, [], [], 0)
    listener.say(op="subscribe", channel="market", instrument=instrument)
    assert listener.until(type="status", instrument=instrument)["state"] == "continuous"

    operator = Person(venue.url, "operator@alef.example").log_in(DEMO_PASSWORD)
    operator.post(f"admin/instruments/{instrument}/halt", {"reason": "market_check"}, status=202)
    assert listener.until(type="status", instrument=instrument)["state"] == "halted"
    listener.until(channel="book", instrument=instrument, sequence=1)


def test_who_has_a_token_follows_their_own_orders(venue, listener):
    listener.say(op="subscribe", channel="orders")
    assert listener.until(type="error")["code"] == "not_authenticated"
    noor = Person(venue.url, "noor@alef.example").log_in(DEMO_PASSWORD)
    listener.say(op="auth", token=noor.token)
    assert listener.until(type="authenticated")["user_id"] == noor.id
    listener.say(op="subscribe", channel="orders")
    listener.until(type="subscribed", channel="orders")


def test_what_isnt_there_is_refused_and_the_connection_stays(listener):
    listener.say(op="subscribe", channel="book", instrument=NOBODYS)
    assert listener.until(type="error")["code"] == "unknown_instrument"
    listener.say(op="ping")
    listener.until(type="pong")


def test_a_page_of_a_foreign_origin_is_refused_at_the_handshake(venue):
    address = f"ws{venue.url.removeprefix('http')}/ws/v1"
    with pytest.raises(InvalidStatus) as refused, connect(address, origin="http://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    with connect(address, origin=venue.url):
        pass
