"""What a sequencer tells again where Valkey refused it before."""

import json
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest

from apps.common import connections
from apps.trading import feeds
from apps.trading.types import Side
from tests.factories.trading import AT, Bench, Market

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def muted(valkey, settings):
    """A context in which books can be written and nothing be published."""
    name, url = f"mute{valkey.connection_pool.connection_kwargs['db']}", settings.REDIS_URL
    parts = urlsplit(url)
    own = urlunsplit(parts._replace(netloc=f"{name}:-@{parts.netloc.rpartition('@')[2]}"))
    valkey.acl_setuser(
        name, enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-publish"]
    )

    @contextmanager
    def during():
        settings.REDIS_URL = own
        connections.valkey.cache_clear()
        try:
            yield
        finally:
            settings.REDIS_URL = url
            connections.valkey.cache_clear()

    yield during
    valkey.acl_deluser(name)


def test_what_was_written_and_not_told_is_told_while_nothing_else_happens(valkey, muted):
    market = Market()
    buyer, bench = market.join(cash=10_000), Bench(market)
    with valkey.pubsub(ignore_subscribe_messages=True) as listening:
        listening.subscribe(feeds.channel(market.instrument.id))
        listening.get_message(timeout=1)
        bench.desk.keep_book()
        assert told(listening)["sequence"] == 0
        with muted():
            bench.do(market.new(buyer, Side.BUY, 1, 100), at=AT)
            bench.desk.tell([])
        assert feeds.sequence_of(market.instrument.id) == bench.desk.sequence, "the book stands right"
        assert listening.get_message(timeout=0.2) is None
        bench.desk.keep_book()
        news = told(listening)
        assert (news["previous"], news["sequence"]) == (feeds.LOST, bench.desk.sequence)
        bench.desk.keep_book()
        assert listening.get_message(timeout=0.2) is None, "once is enough"


def told(listening):
    """Return the next message of a market."""
    message = listening.get_message(timeout=10)
    assert message, "nothing is told"
    return json.loads(message["data"])
