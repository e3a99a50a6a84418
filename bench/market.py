"""A market with many accounts, and a flow of orders about half of which trade."""

import random
from itertools import count
from typing import Any

from django.db import connection, transaction

from apps.common.clock import now
from apps.common.db import rows
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger import selectors as ledger_selectors
from apps.ledger import services as ledger
from apps.ledger.types import AccountKind, AccountSpec, Asset, AssetType, Entry, EntryKind, move
from apps.trading import client, engine, models, services
from apps.trading.client import Envelope
from apps.trading.sequencer import Desk, Sequencer, spare_collections
from apps.trading.types import NewInstrument, NewOrder, OrderType, Side

BY = Actor.system("bench")
PEOPLE = 500
CASH, TOKENS = 10**12, 10**9
LATE = 2**62
_names = count(1)


class Market:
    """BENCH/USD with PEOPLE rich accounts."""

    def __init__(self, *, join: bool = False, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.prefix = f"{seed}."
        if not join:
            self._open()
        self.instrument = self._instrument()
        self.numbers = list(models.TradingAccount.objects.values_list("pk", flat=True))
        self._entries = count(1)

    def _instrument(self) -> Any:
        from apps.trading import selectors

        return selectors.instruments()[0]

    def _open(self) -> None:
        at = now()
        with transaction.atomic():
            ledger.register_assets(assets=[Asset("BENCH", "Bench", AssetType.TOKEN, 0)])
            new = NewInstrument(new_id(), "BENCH", "BENCH", "USD", 1, 1)
            services.open_instrument(new=new, by=BY, at=at)
            supply = AccountSpec(AccountKind.ISSUANCE, "BENCH", "bench")
            owners = [new_id() for _ in range(PEOPLE)]
            specs = [
                AccountSpec(AccountKind.CLIENT, asset, str(owner))
                for owner in owners
                for asset in ("USD", "BENCH")
            ]
            ledger.open_accounts(accounts=[supply, *specs])
            entries = [self._gift(spec, supply) for spec in specs]
            ledger.post(entries=entries, by=BY, at=at)
            models.TradingAccount.objects.bulk_create(
                models.TradingAccount(owner=owner, opened_at=at) for owner in owners
            )

    def _gift(self, spec: AccountSpec, supply: AccountSpec) -> Entry:
        source, amount, kind = (
            ("external:bank:USD", CASH, EntryKind.DEPOSIT)
            if spec.asset == "USD"
            else (supply.address, TOKENS, EntryKind.ISSUANCE)
        )
        postings = move(source=source, target=spec.address, asset=spec.asset, amount=amount)
        return Entry(kind, f"bench:{spec.address}", postings)

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

    def fill(self, orders: list[Envelope]) -> None:
        """Put orders into the inbox."""
        for start in range(0, len(orders), 1000):
            client.send(self.instrument.number, orders[start : start + 1000])

    def waiting(self, sequencer: Sequencer) -> bool:
        """Tell whether the sequencer is behind the inbox."""
        desk = sequencer.desks.get(self.instrument.number)
        return desk is None or client.newest(self.instrument.number) != desk.position

    def sequencer(self) -> Sequencer:
        """Make a sequencer, with the memory of its process set as in a process of its own."""
        spare_collections()
        return Sequencer()

    def desk(self, *, batch: int) -> Desk:
        from apps.trading import recording

        epoch = recording.take(self.instrument.number, holder="bench", at=now()) or 0
        return Desk(self.instrument.number, epoch=epoch, batch_size=batch)

    def turn(self, desk: Desk, orders: list[Envelope]) -> None:
        """Have orders carried out and answered, the inbox left aside."""
        entries = [(f"0-{next(self._entries)}", order.to_bytes()) for order in orders]
        desk.tell(desk.turn(entries, (), at=now()))

    def backend(self) -> int:
        """Return the pid of the server process that works for us."""
        return int(rows("SELECT pg_backend_pid()")[0][0])

    def counts(self) -> tuple[int, int]:
        """Return how many orders and trades there are."""
        return models.Order.objects.count(), models.Trade.objects.count()

    def is_sound(self) -> bool:
        """Check the ledger."""
        connection.close()
        return not ledger_selectors.verify().findings
