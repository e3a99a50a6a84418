"""Sequencer processes that are killed at any moment under load: every acknowledged order exists, once."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.common.errors import Unavailable
from apps.common.ids import new_id
from apps.trading import client, models, recording
from apps.trading.sequencer import Desk
from apps.trading.types import Side
from tests.factories.trading import AT, Market, sound
from tests.integration.trading.conftest import leave_lease, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("MAT-6", "MAT-8")]
SENDERS, KILLS = 4, 6


class Sender:
    """Places orders one after the other; who gets no answer sends the same again."""

    def __init__(self, market, number, seed):
        self.market, self.number, self.dice = market, number, random.Random(seed)
        self.answers = {}
        self.resent = 0

    def run(self, stopped):
        count = 0
        while not stopped.is_set():
            count += 1
            name = f"{self.number}.{count}"
            side = self.dice.choice(list(Side))
            terms = side, self.dice.randint(1, 9), 100 + self.dice.randint(-4, 4)
            self.answers[name] = self.place(name, *terms)
        connection.close()

    def place(self, name, side, quantity, price):
        for _ in range(200):
            try:
                reply = client.reply_number()
                order = self.market.new(self.number, side, quantity, price, name=name, reply=reply)
                return client.ask(self.market.instrument.number, [order], wait=0.7)[0]
            except Unavailable:
                self.resent += 1
        raise AssertionError("never answered")


def test_a_sequencer_that_is_killed_loses_and_doubles_nothing(sequencers):
    market, dice = Market(), random.Random(1)
    senders = [Sender(market, market.join(cash=10**9, tokens=10**6), n) for n in range(SENDERS)]
    cash, tokens = market.total("USD"), market.total("ACME")
    stopped = threading.Event()
    with ThreadPoolExecutor(SENDERS) as pool:
        running = [pool.submit(sender.run, stopped) for sender in senders]
        for _ in range(KILLS):
            before = models.JournalBatch.objects.count()
            sequencers.start()
            until(lambda before=before: models.JournalBatch.objects.count() > before + 2, "it works")
            time.sleep(dice.random() * 0.7)
            sequencers.kill()
            leave_lease(market)
        sequencers.start()
        stopped.set()
        for each in running:
            each.result(120)
    sequencers.kill()

    rows = {row.client_order_id: row for row in models.Order.objects.all()}
    answers = {name: answer for sender in senders for name, answer in sender.answers.items()}
    assert len(answers) > 50
    assert sum(sender.resent for sender in senders) > 0, "no kill was ever noticed"
    assert rows.keys() == answers.keys(), "each is there once, and nothing else"
    for name, answer in answers.items():
        assert (answer.order_id, answer.sequence) == (rows[name].pk, rows[name].number or 0), name
    leave_lease(market)
    epoch = recording.take(market.instrument.number, holder="test", at=AT)
    desk = Desk(market.instrument.number, epoch=epoch, batch_size=10)
    sound(market, desk)
    assert market.total("ACME") == tokens
    fees = sum(models.Trade.objects.values_list("seller_fee", flat=True))
    assert market.total("USD") == cash - fees
    journal = models.JournalBatch.objects.order_by("first").values_list("first", "last")
    assert [first for first, _ in journal] == [1, *(last + 1 for _, last in list(journal)[:-1])]


def test_a_stand_by_takes_over_by_itself(sequencers):
    market = Market()
    sender = Sender(market, market.join(cash=10**9), 1)
    first = sequencers.start()
    lease = models.Lease.objects.get
    until(lambda: lease().holder.endswith(f":{first.pid}"), "the first has the lease")
    second = sequencers.start()
    assert sender.place("one", Side.BUY, 1, 100).sequence == 1
    first.kill()
    first.wait()
    assert sender.place("two", Side.BUY, 1, 100).sequence == 2
    assert lease().holder.endswith(f":{second.pid}")
    assert lease().epoch == 2


def test_told_to_end_it_finishes_and_leaves_the_lease(sequencers):
    market = Market()
    sender = Sender(market, market.join(cash=10**9), 1)
    process = sequencers.start()
    sender.place("one", Side.BUY, 1, 100)
    process.terminate()
    assert process.wait(30) == 0
    assert models.Lease.objects.get().holder == ""
    assert "Traceback" not in sequencers.log.read_text()


def test_two_processes_share_the_instruments_and_never_wait_for_each_other(sequencers):
    """The same people trade in both markets, so both sequencers want the same balances all the time."""
    markets = [Market(), Market(code="BETA")]
    owners = [new_id() for _ in range(6)]
    for market in markets:
        for owner in owners:
            market.join(owner=owner, cash=10**9, tokens=10**6)
    for _ in markets:
        sequencers.start("--most", "1")
    until(
        lambda: len({lease.holder for lease in models.Lease.objects.exclude(holder="")}) == 2, "each has one"
    )
    reply = client.reply_number()

    def trade(market, seed):
        dice = random.Random(seed)
        for _ in range(15):
            orders = [
                market.new(
                    dice.choice(list(market.owners)),
                    dice.choice(list(Side)),
                    dice.randint(1, 9),
                    100 + dice.randint(-3, 3),
                    reply=reply,
                )
                for _ in range(40)
            ]
            answers = client.ask(market.instrument.number, orders, wait=60)
            assert all(answer.code in ("", "self_trade") for answer in answers)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(trade, markets, (1, 2)))
    assert "batch_failed" not in sequencers.log.read_text()
    assert models.Order.objects.count() == 2 * 15 * 40
    sound(markets[0])
