"""What the venue asks of its sequencers: each thing once, with a code for its reason, by somebody."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.audit.models import AuditEvent
from apps.common.clock import now
from apps.common.ids import new_id
from apps.trading import models, recording, selectors, services
from apps.trading.types import Side
from tests.factories.trading import BY, Bench, Market

pytestmark = pytest.mark.django_db
REASONS = [
    "",
    "no",
    "News to come",
    "Noor",
    "a" * 33,
    "news\x00",
    "news\n",
    "ｎｅｗｓ",
    "1st",
    "news-pending",
]


@pytest.fixture
def market(valkey):
    return Market()


@pytest.fixture
def bench(market):
    return Bench(market)


def carried_out(bench):
    """Have the sequencer do all that was asked."""
    number = bench.market.instrument.number
    while wishes := recording.venue_commands([number], limit=10).get(number):
        bench.do(wishes=wishes)


def asked():
    return [(row.op, row.done_at is not None) for row in models.VenueCommand.objects.order_by("id")]


def state(market):
    return selectors.instrument(market.instrument.id).state


@pytest.mark.spec("RISK-4")
def test_a_halt_is_asked_once_and_a_resume_after_it(market, bench):
    ask = {"instrument_id": market.instrument.id, "reason": "news_pending", "by": BY, "at": now()}
    assert services.resume(**ask) is False, "nothing is halted"
    assert services.halt(**ask) is True
    assert services.halt(**ask) is False, "it is about to be"
    assert services.resume(**ask) is True, "what was asked last is what counts"
    assert services.halt(**ask) is True
    carried_out(bench)
    assert state(market) == "halted"
    assert services.halt(**ask) is False
    assert services.resume(**ask) is True
    carried_out(bench)
    assert state(market) == "continuous"
    assert asked() == [("halt", True), ("resume", True), ("halt", True), ("resume", True)]
    events = AuditEvent.objects.filter(action__endswith="_asked", target_id=str(market.instrument.id))
    found = events.values_list("action", "reason", "actor_id")
    assert list(found.order_by("pk")) == [
        (f"trading.{op}_asked", "news_pending", "tests") for op in ("halt", "resume", "halt", "resume")
    ]


@pytest.mark.django_db(transaction=True)
def test_two_who_halt_at_once_ask_once(market):
    def ask(_):
        try:
            return services.halt(instrument_id=market.instrument.id, reason="news_pending", by=BY, at=now())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(ask, range(8)))
    assert answers == [False] * 7 + [True]
    assert asked() == [("halt", False)]


@pytest.mark.spec("RISK-4")
def test_an_open_order_is_cancelled_once_and_a_closed_one_is_not(market, bench):
    buyer = market.join(cash=10_000)
    (placed,) = bench.do(market.new(buyer, Side.BUY, 5, 100))
    ask = {"order_id": placed.order_id, "reason": "erroneous_order", "by": BY, "at": now()}
    assert services.cancel_by_venue(**ask) is True
    assert services.cancel_by_venue(**ask) is False, "it is about to happen"
    carried_out(bench)
    with pytest.raises(services.OrderNotOpen):
        services.cancel_by_venue(**ask)
    assert asked() == [("cancel_order", True)]
    assert market.balance(buyer) == (10_000, 0)
    event = AuditEvent.objects.get(action="trading.cancel_order_asked")
    assert (event.target_type, event.target_id) == ("order", str(placed.order_id))


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_that_is_no_code_is_refused(market, bench, reason):
    buyer = market.join(cash=10_000)
    (placed,) = bench.do(market.new(buyer, Side.BUY, 5, 100))
    who, where = {"reason": reason, "by": BY, "at": now()}, {"instrument_id": market.instrument.id}
    acts = [
        lambda: services.halt(**where, **who),
        lambda: services.set_collar(**where, lowest=1, highest=9, **who),
        lambda: services.cancel_by_venue(order_id=placed.order_id, **who),
        lambda: services.freeze_account(owner=market.owners[buyer], **who),
    ]
    for act in acts:
        with pytest.raises(services.InvalidVenueReason) as refusal:
            act()
        assert "reason" in refusal.value.fields
    assert asked() == []


def test_nothing_is_asked_of_a_market_that_is_not_there(valkey):
    ask = {"instrument_id": new_id(), "reason": "news_pending", "by": BY, "at": now()}
    for verb in (services.halt, services.resume):
        with pytest.raises(selectors.UnknownInstrument):
            verb(**ask)
    with pytest.raises(selectors.UnknownInstrument):
        services.set_collar(**ask, lowest=1, highest=2)
