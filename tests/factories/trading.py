"""A market for tests: an instrument, people with money and tokens, and a sequencer inside the test."""

import secrets
from datetime import UTC, datetime
from itertools import count

from django.db import transaction

from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import selectors as ledger
from apps.ledger.types import AccountKind, AccountSpec, Entry, EntryKind, move
from apps.trading import client, engine, recording, services
from apps.trading.client import Envelope
from apps.trading.engine import Command, Op
from apps.trading.sequencer import Desk
from apps.trading.types import NewInstrument, NewOrder, OrderType, Side
from tests.factories import ledger as bank

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BY = Actor.system("tests")
LATE = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
_numbers = count(1)


class Market:
    """An instrument ACME/USD with a tick and a lot of one, and whoever trades it."""

    def __init__(self, *, tick=1, lot=1, decimals=0, lowest=0, highest=0, fees=None, code="ACME"):
        self.token = bank.token(code, decimals)
        self.supply = bank.opened(AccountSpec(AccountKind.ISSUANCE, self.token, "acme"))
        new = NewInstrument(new_id(), code, self.token, "USD", tick, lot, lowest, highest)
        with transaction.atomic():
            self.instrument = services.open_instrument(new=new, by=BY, at=AT)
        self.fees = fees or {Side.BUY: (0, 0), Side.SELL: (25, 25)}
        self.owners = {}
        self.reply = secrets.randbits(60) + 1  # channels aren't parted by databases
        self._entries = count(1)

    def join(self, *, cash=0, tokens=0, owner=None):
        """Let somebody in with money and tokens; return the engine's number for them."""
        owner = owner or new_id()
        number = services.enrol(owner=owner, instrument=self.instrument, by=BY, at=AT)
        self.owners[number] = owner
        if cash:
            bank.pay_in(f"client:{owner}:USD", cash)
        if tokens:
            postings = move(
                source=self.supply, target=f"client:{owner}:{self.token}", asset=self.token, amount=tokens
            )
            bank.post(Entry(EntryKind.ISSUANCE, f"test:{new_id()}", postings))
        return number

    def balance(self, number, asset="USD"):
        """Return (available, held)."""
        return bank.balance(f"client:{self.owners[number]}:{asset}")

    def total(self, asset):
        return sum(sum(self.balance(number, asset)) for number in self.owners)

    def new(self, number, side, quantity, price=0, *, name="", reply=0, deadline=LATE, **terms):
        """Make the envelope of a new order; at price 0 a market order."""
        order_type = OrderType.LIMIT if price else OrderType.MARKET
        expires_at = terms.pop("expires_at", None)
        order = NewOrder(
            self.instrument.id, name or f"o{next(_numbers)}", side, order_type, quantity, price, **terms
        )
        maker, taker = self.fees[side]
        return Envelope(
            id=new_id(),
            command=engine.new_order(order, self.instrument, number),
            deadline=deadline,
            reply=reply or self.reply,
            client_order_id=order.client_order_id,
            expires_at=int(expires_at.timestamp() * 1000) if expires_at else 0,
            maker_bps=maker,
            taker_bps=taker,
        )

    def about(self, number, op, order, *, version=0, **fields):
        """Make the envelope of a command about an order, named by its number."""
        command = Command(
            op=op,
            instrument=self.instrument.number,
            account=number,
            owner=number,
            order_id=order,
            **fields,
        )
        return Envelope(new_id(), command, LATE, self.reply, version=version)

    def cancel(self, number, order):
        return self.about(number, Op.CANCEL, order)

    def entries(self, envelopes):
        """Return envelopes as an inbox holds them."""
        return [(f"{next(self._entries)}-0", each.to_bytes()) for each in envelopes]

    def send(self, *envelopes):
        client.send(self.instrument.number, envelopes)


class Bench:
    """A desk without a process: commands in, answers out, a batch at a time."""

    def __init__(self, market, *, batch=100):
        self.market, self.batch = market, batch
        self.epoch = recording.take(market.instrument.number, holder="bench", at=AT)
        self.desk = Desk(market.instrument.number, epoch=self.epoch, batch_size=batch)

    def do(self, *envelopes, wishes=(), at=AT):
        """Have all of these carried out in batches; return the answers in the order of the questions."""
        entries = self.market.entries(envelopes)
        answers = {}
        for start in range(0, max(1, len(entries)), self.batch):
            part = entries[start : start + self.batch]
            found = self.desk.turn(part, wishes if start == 0 else (), at=at)
            answers |= {envelope.id: answer for envelope, answer in found}
        return [answers.get(each.id) for each in envelopes]

    def again(self):
        """Open the desk anew from the database; the book must be the same."""
        before = self.desk.book.state_hash()
        self.desk = Desk(self.market.instrument.number, epoch=self.epoch, batch_size=self.batch)
        assert self.desk.book.state_hash() == before
        return self.desk


def sound(market, desk=None):
    """Say that the ledger is right, and that what is held is what open orders need."""
    assert ledger.verify().findings == ()
    if desk is not None:
        held = {}
        for order in desk.orders:
            address = order.party.cash if order.side is Side.BUY else order.party.asset
            held[address] = held.get(address, 0) + order.reserved
        addresses = [
            f"client:{owner}:{asset}" for owner in market.owners.values() for asset in ("USD", market.token)
        ]
        found = {
            address: balance.held for address, balance in ledger.balances(addresses).items() if balance.held
        }
        assert found == held
