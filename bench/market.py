"""Instruments with rich accounts, and a flow of orders about half of which trade."""

import random
import time
from collections.abc import Iterable, Sequence
from itertools import count
from uuid import UUID

from django.db import connection, transaction

from apps.common.clock import now
from apps.common.db import rows
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import selectors as ledger_selectors
from apps.ledger import services as ledger
from apps.ledger.types import AccountKind, AccountSpec, Asset, AssetType, Entry, EntryKind, move
from apps.trading import client, engine, models, recording, selectors, services
from apps.trading.client import Envelope
from apps.trading.sequencer import Desk, Sequencer, spare_collections
from apps.trading.types import Instrument, NewInstrument, NewOrder, OrderType, Side

BY = Actor.system("bench")
PEOPLE = 500
CASH, TOKENS = 10**12, 10**9
LATE = 2**62
PATIENCE = 30  # seconds until a lease must be ours
_names = count(1)


def opened(symbol: str, quote: str, *, decimals: int, tick: int, lot: int) -> Instrument:
    """Open an instrument without bounds for its prices."""
    with transaction.atomic():
        ledger.register_assets(assets=[Asset(symbol, symbol.title(), AssetType.TOKEN, decimals)])
        new = NewInstrument(new_id(), symbol, symbol, quote, tick, lot)
        return services.open_instrument(new=new, by=BY, at=now())


def funded(instrument: Instrument, owners: Sequence[UUID], *, cash: int, tokens: int) -> list[int]:
    """Let owners in with money and tokens of these amounts; return the engine's numbers for them."""
    supply = AccountSpec(AccountKind.ISSUANCE, instrument.asset, "bench")
    bank = f"external:{'bank' if instrument.quote == 'USD' else 'chain'}:{instrument.quote}"
    gifts = [(owner, instrument.quote, bank, cash, EntryKind.DEPOSIT) for owner in owners if cash]
    gifts += [
        (owner, instrument.asset, supply.address, tokens, EntryKind.ISSUANCE) for owner in owners if tokens
    ]
    with transaction.atomic():
        ledger.open_accounts(accounts=[supply])
    numbers = [services.enrol(owner=owner, instrument=instrument, by=BY, at=now()) for owner in owners]
    with transaction.atomic():
        ledger.post(entries=[_gift(*gift) for gift in gifts], by=BY, at=now())
    return numbers


def _gift(owner: UUID, asset: str, source: str, amount: int, kind: EntryKind) -> Entry:
    target = AccountSpec(AccountKind.CLIENT, asset, str(owner)).address
    return Entry(kind, f"bench:{target}", move(source=source, target=target, asset=asset, amount=amount))


class Market:
    """BENCH/USD with PEOPLE rich accounts."""

    def __init__(self, *, join: bool = False, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.prefix = f"{seed}."
        if not join:
            instrument = opened("BENCH", "USD", decimals=0, tick=1, lot=1)
            funded(instrument, [new_id() for _ in range(PEOPLE)], cash=CASH, tokens=TOKENS)
        (self.instrument,) = (each for each in selectors.instruments() if each.symbol == "BENCH")
        self.numbers = list(models.TradingAccount.objects.values_list("pk", flat=True))
        self._entries = count(1)

    def order(self, reply: int = 0) -> Envelope:
        """Make an order near the middle of the book."""
        dice = self.dice
        side = Side.BUY if dice.random() < 0.5 else Side.SELL
        away = int(dice.gauss(2, 4))
        price = 10_000 - away if side is Side.BUY else 10_000 + away
        order = NewOrder(
            self.instrument.id,
            f"{self.prefix}{next(_names)}",
            side,
            OrderType.LIMIT,
            dice.randint(1, 20),
            price,
        )
        bps = 25 if side is Side.SELL else 0
        return Envelope(
            id=new_id(),
            command=engine.new_order(order, self.instrument, dice.choice(self.numbers)),
            deadline=LATE,
            reply=reply,
            client_order_id=order.client_order_id,
            maker_bps=bps,
            taker_bps=bps,
        )

    def orders(self, number: int) -> list[Envelope]:
        """Make orders whose senders wait for an answer, though nobody listens."""
        return [self.order(reply=1) for _ in range(number)]

    def fill(self, orders: Sequence[Envelope]) -> None:
        """Put orders into the inbox."""
        for start in range(0, len(orders), 1000):
            client.send(self.instrument.number, orders[start : start + 1000])

    def waiting(self, sequencer: Sequencer) -> bool:
        """Tell whether the sequencer is behind the inbox."""
        desk = sequencer.desks.get(self.instrument.number)
        return desk is None or client.newest(self.instrument.number) != desk.position

    def sequencer(self) -> Sequencer:
        """Make a sequencer with the memory of its process set as in a process of its own, at its desk."""
        spare_collections()
        sequencer = Sequencer()
        end = time.monotonic() + PATIENCE
        while self.instrument.number not in sequencer.desks:
            sequencer.round(block=0)
            assert time.monotonic() < end, "somebody else sequences the market"
        return sequencer

    def desk(self, *, batch: int) -> Desk:
        """Take the instrument's lease and open its desk, memory set as for `sequencer`; `leave` ends it."""
        spare_collections()
        epoch = recording.take(self.instrument.number, holder="bench", at=now())
        assert epoch, "somebody else sequences the market"
        return Desk(self.instrument.number, epoch=epoch, batch_size=batch)

    def leave(self, desk: Desk) -> None:
        """Give a desk's lease up, so that nobody has to wait until it runs out."""
        recording.leave({self.instrument.number: desk.epoch})

    def turn(self, desk: Desk, orders: Iterable[Envelope]) -> None:
        """Have orders carried out and answered, the inbox left aside."""
        entries = [(f"0-{next(self._entries)}", order.to_bytes()) for order in orders]
        desk.tell(desk.turn(entries, (), at=now()))

    def backend(self) -> int:
        """Return the pid of the server process that works for us."""
        return int(rows("SELECT pg_backend_pid()")[0][0])

    def counts(self) -> tuple[int, int]:
        """Return how many orders and trades there are."""
        return models.Order.objects.count(), models.Trade.objects.count()


def is_sequenced(instrument: Instrument) -> bool:
    """Tell whether some sequencer has the instrument's lease."""
    return models.Lease.objects.exclude(holder="").filter(pk=instrument.number).exists()


def is_sound() -> bool:
    """Check the ledger."""
    connection.close()
    return not ledger_selectors.verify().findings
