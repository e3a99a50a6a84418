"""Trades on their way to a real chain: settled together, in order, once."""

import pytest
from django.db import transaction

from apps.chain.client import abi
from apps.chain.models import Intent, Transaction
from apps.chain.sender import queue
from apps.chain.sender.plans import settlement as plan
from apps.chain.sender.plans.site import site
from apps.chain.types import Duty, IntentKind
from apps.common.clock import now
from apps.ledger import selectors as ledger
from apps.outbox.models import OutboxMessage
from apps.outbox.types import Message
from apps.settlement import selectors, services
from apps.settlement.models import Batch
from apps.trading import models as trading
from apps.trading.types import Side
from tests.chain import carry_out, go_rounds
from tests.factories.settlement import Venue
from tests.relay import deliver_all
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ON, OFF = True, False  # what a node takes has no keyword


@pytest.fixture
def venue(chain):
    return Venue(chain)


def steps(trade_id):
    return [(str(step.status), step.reason, step.attempt) for step in selectors.history(trade_id)]


def unsettled(venue):
    owners = venue.market.owners.values()
    addresses = [f"client:{owner}:{asset}" for owner in owners for asset in ("USD", venue.market.token)]
    return sum(balance.unsettled for balance in ledger.balances(addresses).values())


def settled_messages():
    return OutboxMessage.objects.filter(type="settlement.trade_settled").count()


def completed(batch):
    """Make the message that says a batch is done, once more."""
    found = OutboxMessage.objects.filter(type="chain.intent_completed", key=str(batch.pk)).get()
    return Message(found.pk, found.type, found.key, found.payload, found.created_at, now())


@pytest.mark.spec("SET-1", "SET-2", "SET-5")
def test_many_trades_settle_in_one_transaction_in_their_order(venue):
    amal, badr, carl = venue.join(tokens=30), venue.join(cash=10_000), venue.join(cash=10_000)
    ids = [
        venue.trade(amal, badr, 10, 90),
        venue.trade(badr, carl, 10, 95),  # what badr has just bought, and nothing else
        venue.trade(amal, carl, 5, 100),
    ]
    assert unsettled(venue) > 0
    assert services.settle_due(at=now()) == 1
    carry_out()
    deliver_all()
    rows = [trading.Trade.objects.get(pk=trade_id) for trade_id in ids]
    assert {row.settlement_status for row in rows} == {"settled"}
    (sent,) = Transaction.objects.filter(intent__kind=IntentKind.SETTLEMENT)
    assert {row.tx_hash for row in rows} == {sent.tx_hash}
    assert all(row.settled_at and row.settlement_attempts == 1 for row in rows)
    assert unsettled(venue) == 0, "everything can be withdrawn now"
    assert steps(ids[1]) == [("processing", "", 0), ("settled", "", 1)]
    assert selectors.history(ids[1])[-1].tx_hash == sent.tx_hash
    assert (venue.on_chain(amal), venue.on_chain(badr), venue.on_chain(carl)) == (15, 0, 15)
    venue.agree()
    assert settled_messages() == 3
    assert not trading.Trade.objects.exclude(settlement_status="settled").exists()


def test_the_message_of_a_trade_begins_its_batch_and_later_trades_go_with_the_next(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    first = venue.trade(amal, badr, 1)
    deliver_all()
    assert venue.status(first) == "processing"
    second, third = venue.trade(amal, badr, 2), venue.trade(amal, badr, 3)
    deliver_all()
    assert (venue.status(second), venue.status(third)) == ("pending", "pending")
    assert services.settle_due(at=now()) == 0, "one batch at a time"
    carry_out()
    deliver_all()
    assert venue.status(first) == "settled"
    assert {venue.status(second), venue.status(third)} == {"processing"}, "at once, without a sweep"
    venue.settle()
    assert list(Batch.objects.order_by("id").values_list("size", flat=True)) == [1, 2]
    venue.agree()


@pytest.mark.spec("SET-2")
def test_a_batch_of_forty_takes_few_statements(venue, django_assert_max_num_queries):
    amal, badr = venue.join(tokens=45), venue.join(cash=10_000)
    market = venue.market
    venue.bench.do(
        market.new(amal, Side.SELL, 45, 100), *(market.new(badr, Side.BUY, 1, 100) for _ in range(45))
    )
    with django_assert_max_num_queries(30):
        services.settle_due(at=now())
    carry_out()
    (batch,) = Batch.objects.all()
    assert batch.size == 40
    assert Intent.objects.get(pk=batch.intent_id).state == "completed"
    message = completed(batch)
    with django_assert_max_num_queries(60), transaction.atomic():  # the next batch is begun as well
        services.note_completed(message)
    venue.settle()
    assert sorted(Batch.objects.values_list("size", "settled")) == [(5, 5), (40, 40)]
    venue.agree()


def test_two_sweeps_at_once_make_one_batch(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    for _ in range(3):
        venue.trade(amal, badr, 1)
    begun = at_once(*[lambda: services.settle_due(at=now())] * 4)
    assert sorted(begun) == [0, 0, 0, 1]
    assert Batch.objects.get().size == 3
    venue.settle()
    venue.agree()


@pytest.mark.spec("SET-2")
def test_killed_after_it_was_sent_it_is_found_and_a_repeat_does_nothing(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    trade_id = venue.trade(amal, badr, 4)
    deliver_all()
    venue.chain.rpc("evm_setAutomine", OFF)
    go_rounds()
    assert Transaction.objects.get(intent__kind=IntentKind.SETTLEMENT).state == "broadcast"
    venue.trade(amal, badr, 1)
    deliver_all()
    assert services.settle_due(at=now()) == 0
    assert (venue.status(trade_id), Batch.objects.count()) == ("processing", 1)
    venue.chain.rpc("evm_setAutomine", ON)
    venue.chain.rpc("evm_mine")
    carry_out()
    batch = Batch.objects.get()
    with transaction.atomic():
        services.note_completed(completed(batch))
    with transaction.atomic():
        services.note_completed(completed(batch))
    assert (venue.status(trade_id), len(steps(trade_id)), settled_messages()) == ("settled", 2, 1)
    venue.settle()
    assert Transaction.objects.filter(intent__kind=IntentKind.SETTLEMENT).count() == 2
    venue.agree()


@pytest.mark.spec("SET-2")
def test_what_another_transaction_settled_is_found_and_not_sent_again(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    settled, other = venue.trade(amal, badr, 4), venue.trade(amal, badr, 3)
    contract = site()["Settlement"]
    parties = (venue.suite.token, venue.addresses[amal], venue.addresses[badr])
    line = (settled.bytes.ljust(32, b"\0"), *parties, 4, abi.ZERO, 0)
    tx_hash = venue.act(Duty.OPERATOR, contract, plan.SETTLE, [line])
    venue.settle()
    assert trading.Trade.objects.get(pk=settled).tx_hash == tx_hash
    (sent,) = Transaction.objects.filter(intent__kind=IntentKind.SETTLEMENT)
    assert trading.Trade.objects.get(pk=other).tx_hash == sent.tx_hash != tx_hash
    venue.agree()


def test_nothing_is_sent_where_all_is_settled_already_once_that_is_final(venue, settings):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    trade_id = venue.trade(amal, badr, 4)
    parties = (venue.suite.token, venue.addresses[amal], venue.addresses[badr])
    line = (trade_id.bytes.ljust(32, b"\0"), *parties, 4, abi.ZERO, 0)
    venue.act(Duty.OPERATOR, site()["Settlement"], plan.SETTLE, [line])
    settings.CHAIN_CONFIRMATIONS = 4
    deliver_all()
    carry_out()
    intent = Intent.objects.get(kind=IntentKind.SETTLEMENT)
    assert intent.waits_for == "the block of a settlement to be final"
    venue.chain.rpc("anvil_mine", "0x3")
    venue.settle()
    assert venue.status(trade_id) == "settled"
    assert not Transaction.objects.filter(intent__kind=IntentKind.SETTLEMENT).exists()
    venue.agree()


def test_it_waits_for_the_tokens_transfers_at_no_cost(chain):
    venue = Venue(chain, closed=True)
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    trade_id = venue.trade(amal, badr, 4)
    deliver_all()
    carry_out()
    intent = Intent.objects.get(kind=IntentKind.SETTLEMENT)
    assert (intent.state, intent.attempts, intent.waits_for) == (
        "queued",
        0,
        "the token's transfers to be opened",
    )
    assert venue.status(trade_id) == "processing"
    venue.open()
    venue.settle()
    assert venue.status(trade_id) == "settled"


def test_what_the_chain_gave_up_costs_each_trade_an_attempt_and_counts_when_it_comes_late(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    trade_id = venue.trade(amal, badr, 4)
    trading.Trade.objects.filter(pk=trade_id).update(settlement_attempts=4)
    deliver_all()
    intent = Intent.objects.get(kind=IntentKind.SETTLEMENT)
    queue.fail(intent.pk, "the node is on fire", attempts=1, at=now())
    deliver_all()
    assert venue.status(trade_id) == "failed"
    assert steps(trade_id)[-1] == ("failed", "chain_gave_up", 5)
    assert selectors.history(trade_id)[-1].detail == "the node is on fire"
    assert Batch.objects.get().state == "given_up"
    assert OutboxMessage.objects.filter(type="settlement.trade_failed", key=str(trade_id)).count() == 1
    Intent.objects.update(state="queued", attempts=0, next_attempt_at=now())  # staff have it tried again
    carry_out()
    deliver_all()
    assert venue.status(trade_id) == "settled"
    assert unsettled(venue) == 0
    venue.agree()


def test_each_transaction_that_came_to_nothing_halves_the_next(venue):
    amal, badr = venue.join(tokens=30), venue.join(cash=10_000)
    ids = [venue.trade(amal, badr, 1) for _ in range(4)]
    deliver_all()
    intent = Intent.objects.get(kind=IntentKind.SETTLEMENT)
    Transaction.objects.create(
        intent=intent, number=1, step="settle", chain_id=31337, duty="operator", to=abi.ZERO, data=b"",
        state="dead", created_at=now(),
    )  # fmt: skip
    carry_out()
    deliver_all()
    statuses = [venue.status(trade_id) for trade_id in ids]
    assert statuses == ["settled", "settled", "processing", "processing"], "the rest at once, at no cost"
    venue.settle()
    assert set(trading.Trade.objects.values_list("settlement_attempts", flat=True)) == {1}
    venue.agree()
