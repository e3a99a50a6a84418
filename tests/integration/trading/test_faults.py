"""What may go wrong around a batch: nothing acknowledged is lost, and nothing is done twice."""

import hashlib
import json
import threading

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction

from apps.common.clock import now
from apps.common.connections import valkey as get_valkey
from apps.common.db import rows
from apps.common.ids import new_id
from apps.ledger import services as ledger
from apps.ledger.types import AssetStatus
from apps.trading import client, feeds, models, recording, selectors
from apps.trading.engine import Op
from apps.trading.recording import Fenced
from apps.trading.sequencer import Desk, Sequencer
from apps.trading.sequencer.desk import Inconsistent
from apps.trading.sequencer.telling import depth
from apps.trading.types import LEASE, OrderStatus, Reason, Side
from tests.database import admin
from tests.factories import ledger as bank
from tests.factories.trading import AT, Bench, Market, sound
from tests.integration.trading.conftest import until

pytestmark = pytest.mark.django_db(transaction=True)
BUY, SELL = Side.BUY, Side.SELL
WAITING = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
LATER = LEASE * 2


@pytest.fixture
def market(valkey):
    return Market()


@pytest.fixture
def bench(market):
    return Bench(market)


class Listener:
    """Reads what a sequencer in this test answers, without waiting for it."""

    def __init__(self, market):
        self.subscription = get_valkey().pubsub(ignore_subscribe_messages=True)
        self.subscription.subscribe(f"replies:{market.reply:x}")
        self.subscription.get_message(timeout=1)
        self.answers = {}

    def read(self):
        while message := self.subscription.get_message(timeout=0.1):
            for parts in json.loads(message["data"]):
                answer = client._read(parts)
                assert answer.command not in self.answers, "answered twice"
                self.answers[answer.command] = answer
        return self.answers


def superuser():
    return admin(settings.DATABASES["default"]["NAME"])


@pytest.mark.spec("ORD-1")
def test_a_resend_is_answered_alike_whatever_became_of_the_order_since(market, bench):
    buyer, seller = market.join(cash=10_000), market.join(tokens=100)
    orders = [
        (seller, SELL, 10, 90, "resting"),
        (buyer, BUY, 4, 100, "filled"),
        (buyer, BUY, 8, 95, "partly"),
        (buyer, BUY, 10_000, 95, "poor"),
        (seller, SELL, 1, 0, "market"),
    ]
    first = bench.do(
        *(market.new(who, side, lots, price, name=name) for who, side, lots, price, name in orders)
    )
    assert [str(answer.status) for answer in first] == [
        "open",
        "filled",
        "partially_filled",
        "rejected",
        "filled",
    ]
    bench.do(market.cancel(buyer, first[2].sequence))
    again = bench.do(
        *(market.new(who, side, lots, price, name=name) for who, side, lots, price, name in orders)
    )
    for one, other in zip(first, again, strict=True):
        assert other.repeated
        assert not one.repeated
        for field in (
            "code",
            "order_id",
            "status",
            "reason",
            "quantity",
            "filled",
            "remaining",
            "price",
            "version",
        ):
            assert getattr(one, field) == getattr(other, field), field
        assert tuple(one.fills) == tuple(other.fills)
    assert models.Order.objects.count() == len(orders)
    sound(market, bench.desk)


def test_the_same_order_twice_in_one_batch_is_one_order(market, bench):
    buyer = market.join(cash=1000)
    one, other = bench.do(*(market.new(buyer, BUY, 1, 100, name="same") for _ in range(2)))
    assert (one.order_id, one.repeated, other.order_id, other.repeated) == (
        one.order_id,
        False,
        one.order_id,
        True,
    )
    assert models.Order.objects.count() == 1


def test_another_order_under_the_same_name_is_refused(market, bench):
    buyer = market.join(cash=1000)
    bench.do(market.new(buyer, BUY, 1, 100, name="same"), market.new(buyer, BUY, 1000, 100, name="poor"))
    answers = bench.do(
        market.new(buyer, BUY, 2, 100, name="same"), market.new(buyer, BUY, 1, 100, name="poor")
    )
    assert [answer.code for answer in answers] == [Reason.CLIENT_ORDER_ID_REUSED] * 2


def test_what_comes_too_late_is_not_done_and_may_be_sent_again(market, bench):
    buyer = market.join(cash=1000)
    late = int(AT.timestamp() * 1000) - 1
    (answer,) = bench.do(market.new(buyer, BUY, 1, 100, name="slow", deadline=late))
    assert answer.code == Reason.TOO_LATE
    assert not models.Order.objects.exists()
    (again,) = bench.do(market.new(buyer, BUY, 1, 100, name="slow"))
    assert (again.code, again.status) == ("", OrderStatus.OPEN)


def test_an_account_that_nobody_opened_is_refused(market, bench):
    (answer,) = bench.do(market.new(market.join(), BUY, 1, 0), market.new(10**6, BUY, 1, 100))[1:]
    assert answer.code == Reason.UNKNOWN_ACCOUNT


def test_what_is_no_command_is_dropped(market, bench):
    buyer = market.join(cash=1000)
    order = market.new(buyer, BUY, 1, 100)
    entries = [
        ("1-0", b""),
        ("2-0", b"\xff" * 200),
        *[("3-0", order.to_bytes())],
        ("4-0", order.to_bytes()[:90]),
    ]
    ((_, answer),) = bench.desk.turn(entries, (), at=AT)
    assert answer.status is OrderStatus.OPEN
    assert bench.desk.position == "4-0"


@pytest.mark.spec("MAT-8")
def test_who_lost_the_lease_writes_nothing_any_more(market, bench):
    buyer = market.join(cash=1000)
    bench.do(market.new(buyer, BUY, 1, 100))
    assert recording.take(market.instrument.number, holder="other", at=AT + LATER) == 2
    other = Desk(market.instrument.number, epoch=2, batch_size=10)
    with pytest.raises(Fenced):
        bench.do(market.new(buyer, BUY, 1, 100))
    assert models.Order.objects.count() == 1
    other.turn(market.entries([market.new(buyer, BUY, 1, 100)]), (), at=AT)
    assert models.Order.objects.count() == 2
    sound(market, other)


@pytest.mark.spec("MAT-8")
def test_a_lease_is_taken_over_only_when_nobody_renews_it(market, bench):
    number = market.instrument.number
    assert recording.free_instruments(at=AT) == []
    assert recording.take(number, holder="other", at=AT) is None
    assert recording.renew({number: 1}, at=AT + LATER) == {number}
    assert recording.take(number, holder="other", at=AT + LATER) is None
    assert recording.take(number, holder="other", at=AT + 2 * LATER) == 2
    assert recording.renew({number: 1}, at=AT + 2 * LATER) == set()
    recording.leave({number: 2})
    assert recording.take(number, holder="third", at=AT + 2 * LATER) == 3


@pytest.mark.spec("MAT-8")
def test_a_takeover_in_the_middle_of_a_batch_leaves_one_of_both(market, bench):
    """The old sequencer hangs inside its transaction while another takes over; then it goes on, too late."""
    buyer = market.join(cash=1000)
    number, outcome = market.instrument.number, []

    def old():
        try:
            bench.do(market.new(buyer, BUY, 1, 100, name="old"))
        except Fenced as fenced:
            outcome.append(fenced)
        finally:
            connection.close()

    with superuser() as blocker:
        blocker.autocommit = False
        blocker.execute("SELECT FROM ledger_balance FOR UPDATE")
        thread = threading.Thread(target=old)
        thread.start()
        until(lambda: rows(WAITING), "the old one waits for a balance")
        assert recording.take(number, holder="new", at=AT + LATER) == 2
        desk = Desk(number, epoch=2, batch_size=10)
        blocker.rollback()
        thread.join(30)
    assert len(outcome) == 1
    ((_, answer),) = desk.turn(market.entries([market.new(buyer, BUY, 1, 100, name="new")]), (), at=AT)
    assert (answer.status, answer.sequence) == (OrderStatus.OPEN, 1)
    assert models.Order.objects.get().client_order_id == "new"
    sound(market, desk)


@pytest.mark.spec("MAT-8")
def test_who_begins_again_after_an_error_does_not_take_the_epoch_of_another(market):
    """A batch fails and, before its sequencer begins again, another one has taken over."""
    sequencer, buyer = Sequencer(), market.join(cash=1000)
    sequencer.round()
    (desk,) = sequencer.desks.values()
    assert recording.take(market.instrument.number, holder="other", at=now() + LATER) == desk.epoch + 1
    with pytest.raises(Fenced):
        Desk(market.instrument.number, epoch=desk.epoch, batch_size=10)
    ghost = models.TradingAccount.objects.create(owner=new_id(), opened_at=AT).pk
    market.send(market.new(ghost, BUY, 1, 100), market.new(buyer, BUY, 1, 100))
    sequencer.round()
    assert sequencer.desks == {}
    assert not models.Order.objects.exists()


@pytest.mark.spec("MAT-7", "MAT-8")
def test_the_database_itself_refuses_gaps_and_old_epochs(market, bench):
    bench.do(market.new(market.join(cash=1000), BUY, 1, 100))
    values = {
        "instrument": market.instrument.number,
        "inbox_id": "0-0",
        "commands": b"",
        "events": b"",
        "at": AT,
    }
    for first, epoch, why in ((3, 1, "nothing is recorded"), (2, 0, "has ended"), (2, 2, "has ended")):
        with pytest.raises(IntegrityError, match=why), transaction.atomic():
            models.JournalBatch.objects.create(first=first, last=first, epoch=epoch, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        models.JournalBatch.objects.create(first=1, last=1, epoch=1, **values)
    models.JournalBatch.objects.create(first=2, last=2, epoch=1, **values)


@pytest.mark.spec("MAT-6")
def test_what_has_ended_never_changes_and_nothing_is_deleted(market, bench):
    buyer, seller = market.join(cash=1000), market.join(tokens=5)
    bench.do(market.new(seller, SELL, 1, 100), market.new(buyer, BUY, 1, 100))
    for statement in (
        "UPDATE trading_order SET status = 'open'",
        "DELETE FROM trading_order",
        "UPDATE trading_trade SET price = 1",
        "DELETE FROM trading_trade",
        "UPDATE trading_journalbatch SET commands = ''",
        "DELETE FROM order_status_history",
        "UPDATE trading_lease SET epoch = 0",
        "DELETE FROM trading_lease",
    ):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            rows(statement)


@pytest.mark.spec("MAT-6")
def test_a_batch_that_can_not_be_recorded_is_undone_and_done_again(market):
    """The database refuses trades for a while; what doesn't trade goes on, and the rest is done later."""
    listener, sequencer = Listener(market), Sequencer()
    buyer, seller = market.join(cash=1000), market.join(tokens=5)
    sequencer.round()
    orders = [market.new(seller, SELL, 2, 90), market.new(buyer, BUY, 1, 100)]
    with superuser() as owner:
        owner.execute("ALTER TABLE trading_trade ADD CONSTRAINT no CHECK (false) NOT VALID")
        try:
            market.send(*orders)
            sequencer.round()
            assert not models.Trade.objects.exists()
            sequencer.round()
            assert set(listener.read()) == {orders[0].id}, "the first is done alone"
        finally:
            owner.execute("ALTER TABLE trading_trade DROP CONSTRAINT no")
    sequencer.round()
    assert listener.read()[orders[1].id].status is OrderStatus.FILLED
    assert market.balance(buyer) == (910, 0)
    sound(market, sequencer.desks[market.instrument.number])
    sequencer.leave()


def test_a_command_that_always_fails_is_left_out_and_the_market_goes_on(market):
    listener, sequencer = Listener(market), Sequencer()
    buyer = market.join(cash=1000)
    ghost = models.TradingAccount.objects.create(owner=new_id(), opened_at=AT).pk  # without ledger accounts
    poison, order = market.new(ghost, BUY, 1, 100), market.new(buyer, BUY, 1, 100)
    sequencer.round()
    market.send(poison, order)
    for _ in range(8):
        sequencer.round()
    assert listener.read()[order.id].status is OrderStatus.OPEN
    assert poison.id not in listener.answers
    sound(market, sequencer.desks[market.instrument.number])
    sequencer.leave()


@pytest.mark.spec("MAT-6")
@pytest.mark.parametrize("committed", [True, False])
def test_a_connection_lost_at_the_commit_is_cleared_up_by_the_database(market, committed, monkeypatch):
    listener, sequencer = Listener(market), Sequencer()
    buyer = market.join(cash=1000)
    sequencer.round()
    commit = connection._commit  # type: ignore[attr-defined]

    def broken():
        monkeypatch.undo()
        if committed:
            commit()
        connection.connection.close()
        raise OperationalError("server closed the connection unexpectedly")

    order = market.new(buyer, BUY, 1, 100)
    market.send(order)
    monkeypatch.setattr(connection, "_commit", broken)
    sequencer.round()
    assert (order.id in listener.read()) == committed, "it is answered as soon as the database knows it"
    sequencer.round()
    assert listener.read()[order.id].status is OrderStatus.OPEN
    assert models.Order.objects.count() == 1
    assert market.balance(buyer) == (900, 100)
    sequencer.leave()


@pytest.mark.spec("MAT-6")
def test_a_lost_inbox_loses_nothing_that_was_acknowledged(market):
    listener, sequencer = Listener(market), Sequencer()
    buyer = market.join(cash=10_000)
    first = [market.new(buyer, BUY, 1, 100, name=f"a{n}") for n in range(5)]
    lost = [market.new(buyer, BUY, 1, 100, name=f"b{n}") for n in range(5)]
    market.send(*first)
    sequencer.round()
    market.send(*lost)
    get_valkey().flushdb()
    sequencer.round()
    assert set(listener.read()) == {each.id for each in first}
    again = [market.new(buyer, BUY, 1, 100, name=name) for name in ("a0", "b0", "b1")]
    market.send(*again)
    sequencer.round()
    answers = listener.read()
    assert [answers[each.id].repeated for each in again] == [True, False, False]
    assert models.Order.objects.count() == 7
    assert feeds.book(market.instrument.id).bids == [(100, 7)]
    sound(market, sequencer.desks[market.instrument.number])
    sequencer.leave()


def test_an_inbox_that_begins_anew_with_lower_ids_is_read_from_its_start(market):
    listener, sequencer = Listener(market), Sequencer()
    buyer = market.join(cash=10_000)
    sequencer.round()
    stream, order = client.inbox(market.instrument.number), market.new(buyer, BUY, 1, 100)
    get_valkey().xadd(stream, {"c": market.new(buyer, BUY, 1, 99).to_bytes()})
    sequencer.round()
    get_valkey().delete(stream)
    get_valkey().xadd(stream, {"c": order.to_bytes()}, id="5-1")
    sequencer._renewed = -100
    sequencer.round()
    sequencer.round()
    assert order.id in listener.read()
    sequencer.leave()


@pytest.mark.spec("MAT-6", "MAT-7")
def test_a_book_that_differs_from_its_journal_is_not_traded(market, bench):
    bench.do(market.new(market.join(cash=1000), BUY, 2, 100))
    with superuser() as owner:
        owner.execute(
            "UPDATE trading_order SET remaining = 1, filled_quantity = 1, status = 'partially_filled'"
        )
    with pytest.raises(Inconsistent):
        Desk(market.instrument.number, epoch=1, batch_size=10)


@pytest.mark.spec("MAT-7")
def test_a_desk_begins_from_a_snapshot_and_what_came_after_it(market, bench, monkeypatch):
    monkeypatch.setattr("apps.trading.sequencer.desk.CHECKPOINT", 5)
    buyer, seller = market.join(cash=10_000), market.join(tokens=100)
    for number in range(5):
        bench.do(
            *(market.new(buyer, BUY, 2, 90 + n) for n in range(3)), market.new(seller, SELL, 3, 90 + number)
        )
    snapshot = models.Snapshot.objects.get()
    assert 5 <= snapshot.sequence < bench.desk.sequence
    hashed = models.JournalBatch.objects.get(last=snapshot.sequence)
    assert len(hashed.state_hash) == 32
    bench.again()
    sound(market, bench.desk)


def in_cents(level):
    """Return the price of a level that is written as text."""
    return int(level[0].replace(".", ""))


@pytest.mark.spec("MKT-1")
def test_a_book_and_its_deltas_make_the_next_book(market, bench, valkey):
    listening = valkey.pubsub(ignore_subscribe_messages=True)
    listening.subscribe(feeds.channel(market.instrument.id))
    listening.get_message(timeout=1)
    buyer, seller = market.join(cash=10**6), market.join(tokens=1000)
    bench.desk.tell([])
    sides = {Side.BUY: {}, Side.SELL: {}}
    before = feeds.book(market.instrument.id)
    at = before.sequence
    for number in range(30):
        orders = [market.new(buyer, BUY, 1 + n, 95 + (number * 7 + n) % 10) for n in range(3)]
        orders += [market.new(seller, SELL, 2, 99 + (number * 3 + n) % 8) for n in range(3)]
        answers = bench.desk.turn(market.entries(orders), (), at=AT)
        bench.desk.tell(answers)
        while (message := listening.get_message(timeout=0.1)) is not None:
            delta = json.loads(message["data"])
            if delta["sequence"] <= at:
                continue
            assert delta["previous"] == at
            at = delta["sequence"]
            for side, changes in ((Side.BUY, delta["bids"]), (Side.SELL, delta["asks"])):
                for price, quantity in changes:
                    sides[side][price] = quantity
                    if quantity == "0":
                        del sides[side][price]
            bids = sorted(sides[Side.BUY].items(), key=in_cents, reverse=True)
            asks = sorted(sides[Side.SELL].items(), key=in_cents)
            assert feeds.checksum(bids, asks) == delta["checksum"]
    book = feeds.book(market.instrument.id)
    written = feeds.snapshot(book, market.instrument)
    assert (book.sequence, written["bids"], written["asks"]) == (
        at,
        [list(level) for level in bids],
        [list(level) for level in asks],
    )
    assert book == depth(bench.desk.orders, market.instrument, bench.desk.sequence, levels=0)
    valkey.delete(f"book:{market.instrument.id}")
    bench.desk.keep_book()
    assert feeds.book(market.instrument.id) == book


def test_a_lost_book_is_written_whole_at_the_next_batch(market, bench, valkey):
    buyer = market.join(cash=10_000)
    for price in (90, 91):
        bench.desk.tell(bench.desk.turn(market.entries([market.new(buyer, BUY, 1, price)]), (), at=AT))
    valkey.flushdb()
    bench.desk.tell(bench.desk.turn(market.entries([market.new(buyer, BUY, 1, 92)]), (), at=AT))
    assert feeds.book(market.instrument.id).bids == [(92, 1), (91, 1), (90, 1)]


def test_a_suspended_asset_is_not_traded_and_orders_in_it_can_be_cancelled(market, bench):
    seller, buyer = market.join(tokens=10), market.join(cash=1000)
    (order,) = bench.do(market.new(seller, SELL, 5, 100))
    bank.act(ledger.set_asset_status, code=market.token, to=AssetStatus.SUSPENDED)
    (refused,) = bench.do(market.new(buyer, BUY, 1, 100))
    assert refused.code == Reason.ASSET_SUSPENDED
    (cancelled,) = bench.do(market.cancel(seller, order.sequence))
    assert (cancelled.code, cancelled.status) == ("", OrderStatus.CANCELLED)
    sound(market, bench.desk)


@pytest.mark.spec("ORD-1")
def test_of_two_orders_under_one_name_at_once_the_second_is_not_told_it_is_the_first(market, bench):
    buyer = market.join(cash=10_000)
    first, again, other = (market.new(buyer, BUY, lots, 100, name="mine") for lots in (5, 5, 7))
    taken, repeated, refused = bench.do(first, again, other)
    assert (taken.code, taken.quantity, taken.repeated) == ("", 5, False)
    assert (repeated.order_id, repeated.repeated) == (taken.order_id, True)
    assert refused.code == Reason.CLIENT_ORDER_ID_REUSED
    assert len(bench.desk.orders) == 1


def test_a_new_price_is_refused_while_an_asset_is_suspended(market, bench):
    seller, buyer = market.join(tokens=10), market.join(cash=1000)
    (bid,) = bench.do(market.new(buyer, BUY, 1, 100))
    (ask,) = bench.do(market.new(seller, SELL, 5, 110))
    bank.act(ledger.set_asset_status, code=market.token, to=AssetStatus.SUSPENDED)
    (moved,) = bench.do(market.about(seller, Op.REPLACE, ask.sequence, version=1, price=100, quantity=5))
    assert moved.code == Reason.ASSET_SUSPENDED, "the ledger would refuse the trade, and with it the batch"
    (less,) = bench.do(market.about(seller, Op.REDUCE, ask.sequence, version=1, quantity=1))
    assert less.code == ""
    assert (bid.status, bench.desk.orders.get(bid.sequence).filled) == (OrderStatus.OPEN, 0)
    sound(market, bench.desk)


def test_history_says_every_step_once(market, bench):
    seller, buyer = market.join(tokens=10), market.join(cash=10_000)
    (order,) = bench.do(market.new(seller, SELL, 5, 100))
    bench.do(market.new(buyer, BUY, 1, 100), market.new(buyer, BUY, 1, 100))
    bench.do(market.cancel(seller, order.sequence))
    steps = [(str(step.status), str(step.reason)) for step in selectors.history(order.order_id)]
    assert steps == [("open", ""), ("partially_filled", ""), ("cancelled", "by_owner")]


@pytest.mark.spec("MAT-7")
def test_a_replay_leads_to_the_same_book_at_any_number(market, bench, monkeypatch, capsys):
    monkeypatch.setattr("apps.trading.sequencer.desk.CHECKPOINT", 5)
    buyer, seller, hashes = market.join(cash=10_000), market.join(tokens=100), {}
    for number in range(5):
        bench.do(
            *(market.new(buyer, BUY, 2, 90 + n) for n in range(3)), market.new(seller, SELL, 3, 90 + number)
        )
        hashes[bench.desk.sequence] = bench.desk.book.state_hash().hex()
    for sequence, hashed in hashes.items():
        found = recording.replay(market.instrument.number, to=sequence)
        assert (found.sequence, found.state_hash, found.findings) == (sequence, hashed, ())
    between = recording.replay(market.instrument.number, to=6)
    assert (between.sequence, between.findings) == (6, ())
    call_command("replay", market.instrument.symbol)
    assert f"{bench.desk.sequence} commands, 2 checkpoints" in capsys.readouterr().out
    with superuser() as owner:
        owner.execute("ALTER TABLE trading_journalbatch DISABLE TRIGGER ALL")
        owner.execute(
            "UPDATE trading_journalbatch SET events = overlay(events PLACING '\\x07' FROM 9) WHERE first = 9"
        )
        owner.execute("ALTER TABLE trading_journalbatch ENABLE TRIGGER ALL")
    with pytest.raises(SystemExit):
        call_command("replay")
    assert "leads to other events" in capsys.readouterr().out


def version_1(snapshot):
    """Return a snapshot as it was written before the engine knew stops."""
    content = snapshot[:8] + b"\1\0\0\0" + snapshot[12:88] + snapshot[96:-32]
    return content + hashlib.sha256(content).digest()


@pytest.mark.spec("MAT-7")
def test_what_an_older_release_recorded_is_read_and_compared(market, bench, monkeypatch):
    monkeypatch.setattr("apps.trading.sequencer.desk.CHECKPOINT", 5)
    buyer, seller = market.join(cash=10_000), market.join(tokens=100)
    for price in (90, 91):
        bench.do(
            *(market.new(buyer, BUY, 2, price + n) for n in range(3)), market.new(seller, SELL, 3, price)
        )
    saved = models.Snapshot.objects.get()
    old = version_1(bytes(saved.content))
    models.Snapshot.objects.update(content=old)
    with superuser() as owner:
        owner.execute("ALTER TABLE trading_journalbatch DISABLE TRIGGER ALL")
        owner.execute(
            "UPDATE trading_journalbatch SET state_hash = %s WHERE last = %s", [old[-32:], saved.sequence]
        )
        owner.execute("ALTER TABLE trading_journalbatch ENABLE TRIGGER ALL")
    bench.again()
    found = recording.replay(market.instrument.number)
    assert (found.checked, found.findings) == (1, ())
    with superuser() as owner:
        owner.execute("ALTER TABLE trading_journalbatch DISABLE TRIGGER ALL")
        owner.execute("UPDATE trading_journalbatch SET state_hash = %s", [bytes(32)])
        owner.execute("ALTER TABLE trading_journalbatch ENABLE TRIGGER ALL")
    assert "isn't the one" in recording.replay(market.instrument.number).findings[0]
