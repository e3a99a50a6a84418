"""The sequencer beside its slow twin: random markets, any size of batch, and both say the same."""

import random
from datetime import timedelta

import pytest

from apps.ledger import locks
from apps.trading import models, recording, services
from apps.trading.engine import Op
from apps.trading.types import SelfTrade, Side, TimeInForce
from tests.factories import ledger as bank
from tests.factories.trading import AT, BY, Bench, Market, sound
from tests.integration.trading.twin import Resting, Twin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.spec("MAT-2", "MAT-3", "MAT-6", "ORD-6")]
RATES = {Side.BUY: (7, 13), Side.SELL: (0, 25)}
SIDES, TIMES = list(Side), ["GTC"] * 6 + ["GTD", "IOC", "FOK"]
MODES = [SelfTrade.CANCEL_NEWEST] * 4 + list(SelfTrade)
PEOPLE = 6


class Both:
    """A market and its twin, asked the same; `step` returns the answers of both to be compared."""

    def __init__(self, seed, batch, code):
        self.dice = random.Random(seed)
        self.market = Market(fees=RATES, code=code)
        self.people = []
        cash, tokens = {}, {}
        for _ in range(PEOPLE):
            money, pieces = self.dice.randint(0, 4000), self.dice.randint(0, 40)
            number = self.market.join(cash=money, tokens=pieces)
            self.people.append(number)
            cash[number], tokens[number] = money, pieces
        self.twin = Twin(cash, tokens)
        self.bench = Bench(self.market, batch=batch)
        self.batch = batch
        self.names = []
        self.numbers = {}
        self.read = {}

    def chapter(self, length):
        """Ask a chapter of commands; what amendments and cancels name was read before it began."""
        asked, expected = [], []
        self.read = {name: (o.version, o.price, o.open) for name, o in self.twin.orders.items()}
        for _ in range(length):
            envelope, answer = self.command()
            asked.append(envelope)
            expected.append(answer)
        for envelope, answer, wanted in zip(asked, self.bench.do(*asked), expected, strict=True):
            self.compare(envelope, answer, wanted)

    def compare(self, envelope, answer, wanted):
        if isinstance(wanted, str):
            assert answer.code == wanted
            return
        assert (answer.code, str(answer.status), answer.filled, answer.remaining) == wanted
        self.numbers[envelope.client_order_id] = answer.sequence

    def command(self):
        kind = self.dice.random()
        if kind < 0.7 or not self.numbers:
            return self.new()
        name = self.dice.choice(self.names[-30:])
        number = self.numbers.get(name, 0)
        who = self.twin.orders[name].who
        if kind < 0.8 or not number:
            return self.market.cancel(who, number), self.twin.cancel(name) if number else "order_not_open"
        version, price, open_ = self.read[name]
        price, quantity = (
            (price, self.dice.randint(1, open_))
            if open_ > 1 and kind < 0.9
            else (
                self.dice.randint(90, 110),
                self.dice.randint(1, 12),
            )
        )
        if not open_ or (price, quantity) == self.read[name][1:]:
            return self.market.cancel(who, number), self.twin.cancel(name)
        wanted = self.twin.amend(name, version, price, quantity)
        if price == self.read[name][1] and quantity < open_:
            return self.market.about(
                who, Op.REDUCE, number, version=version, quantity=open_ - quantity
            ), wanted
        return self.market.about(
            who, Op.REPLACE, number, version=version, price=price, quantity=quantity
        ), wanted

    def new(self):
        dice = self.dice
        who, side, time, mode = (
            dice.choice(self.people),
            dice.choice(SIDES),
            dice.choice(TIMES),
            dice.choice(MODES),
        )
        market = dice.random() < 0.15
        if market and time in ("GTC", "GTD"):
            time = "IOC"
        price = 0 if market else 100 + int(dice.gauss(0, 4))
        quantity = dice.randint(1, 15)
        post_only = not market and time == "GTC" and dice.random() < 0.1
        expires = AT + timedelta(seconds=dice.randint(-25, 25)) if time == "GTD" else None
        envelope = self.market.new(
            who,
            side,
            quantity,
            price,
            time_in_force=TimeInForce(time),
            self_trade=mode,
            post_only=post_only,
            expires_at=expires,
        )
        order = Resting(
            envelope.client_order_id,
            who,
            str(side),
            price,
            quantity,
            quantity,
            RATES[side],
            post_only,
            str(mode),
            expires,
        )
        self.names.append(order.name)
        return envelope, self.twin.new(order, kind="market" if market else "limit", time=time)

    def wish(self, verb, **about):
        """Have the venue ask for something by its verb, and the desk do it."""
        verb(at=AT, **about) if verb is services.expire_orders else verb(by=BY, at=AT, reason="test", **about)
        number = self.market.instrument.number
        while wishes := recording.venue_commands([number], limit=10).get(number):
            self.bench.do(wishes=wishes)

    def upset(self):
        """Let the venue do something, to both."""
        twin, instrument = self.twin, {"instrument_id": self.market.instrument.id}
        match self.dice.randrange(4):
            case 0:
                self.wish(services.resume if twin.halted else services.halt, **instrument)
                twin.halted = not twin.halted
            case 1:
                twin.highest = self.dice.choice((0, 104))
                self.wish(services.set_collar, lowest=0, highest=twin.highest, **instrument)
            case 2:
                who = self.dice.choice(self.people)
                thaw = who in twin.frozen
                verb = services.unfreeze_account if thaw else services.freeze_account
                self.wish(verb, owner=self.market.owners[who])
                twin.frozen ^= {who}
                for order in [o for o in twin.book if o.who == who and not thaw]:
                    twin.cancel(order.name)
            case 3:
                self.wish(services.expire_orders)
                for order in [o for o in twin.book if o.expires and o.expires <= AT]:
                    twin.cancel(order.name, status="expired")

    def check(self):
        """Compare everything that both know."""
        twin, market = self.twin, self.market
        for who in self.people:
            held = {"buy": 0, "sell": 0}
            for order in (o for o in twin.book if o.who == who):
                held[order.side] += order.held
            assert market.balance(who) == (twin.cash[who], held["buy"])
            assert market.balance(who, market.token) == (twin.tokens[who], held["sell"])
        rows = {
            row.client_order_id: row
            for row in models.Order.objects.filter(instrument=market.instrument.number)
        }
        assert rows.keys() == twin.orders.keys()
        for name, order in twin.orders.items():
            row = rows[name]
            found = (
                row.status,
                row.quantity,
                row.filled_quantity,
                row.remaining,
                row.price,
                row.fee,
                row.version,
            )
            assert found == (
                *(
                    order.status,
                    order.quantity,
                    order.filled,
                    order.open,
                    order.price,
                    order.fee,
                    order.version,
                ),
            ), name
        by_id = {row.pk: name for name, row in rows.items()}
        trades = models.Trade.objects.filter(instrument=market.instrument.number).order_by("sequence", "fill")
        assert [
            (by_id[t.buy_order_id], by_id[t.sell_order_id], t.price, t.quantity, t.buyer_fee, t.seller_fee)
            for t in trades
        ] == twin.trades
        fees = f"platform:fees:trading-{market.instrument.number}:USD"
        assert bank.balance(fees) == (twin.fees, 0)


@pytest.fixture
def locks_taken(monkeypatch):
    """Count how often the ledger locks balances: once for each batch, before anything is decided."""
    calls, lock = [], locks.lock

    def counted(addresses, **options):
        calls.append(addresses)
        return lock(addresses, **options)

    monkeypatch.setattr(locks, "lock", counted)
    return calls


@pytest.mark.parametrize("batch", [1, 7, 100])
@pytest.mark.parametrize("seed", range(4))
def test_a_market_and_its_twin_agree(seed, batch, locks_taken):
    both = Both(seed, batch, "ACME")
    for chapter in range(12):
        locks_taken.clear()
        both.chapter(40)
        assert len(locks_taken) <= -(-40 // batch), "a batch touched what it hadn't locked"
        if chapter % 2:
            both.upset()
        both.check()
    sound(both.market, both.bench.desk)
    assert len(both.twin.trades) > 50, "too little happens in this market to say anything"
    both.bench.again()
    both.chapter(40)
    both.check()
