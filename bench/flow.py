"""A recorded order flow, and its way through a running sequencer: five hours of a real exchange.

Every order created is a new order, every order deleted a cancel (one that was filled or isn't known has
nothing left to cancel). Buyers and sellers are different people, and each order has its owner.
"""

import csv
import lzma
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from apps.common.errors import Unavailable
from apps.common.ids import new_id
from apps.trading import client, engine
from apps.trading.client import Envelope
from apps.trading.engine import Command, Op
from apps.trading.types import Answer, Instrument, NewOrder, OrderType, Reason, Side
from bench import market

FILE = Path(__file__).parents[2] / "shared" / "data" / "bitstamp_2015-05-01" / "orders.csv.xz"
DECIMALS, SATOSHI_PER_LOT = 8, 10_000  # of the asset; a lot is 0.0001 of it
CENT = 10_000  # smallest units of a quote with six decimals: one tick, and one tick times one lot is one
SIDES = {"bid": Side.BUY, "ask": Side.SELL}
WINDOW = 500  # commands sent at once
AHEAD = 4000  # commands that may be unanswered
PATIENCE = 60.0  # seconds for one answer
LATE = 2**62


@dataclass(frozen=True, slots=True)
class Step:
    """A new order with a price in ticks and a quantity in lots, or with quantity 0 a cancel of `order`."""

    order: str
    side: Side
    price: int
    quantity: int


def steps(file: Path = FILE) -> Iterator[Step]:
    """Read a recorded flow in its order; the venue's own fills ("changed") are left out."""
    with lzma.open(file, "rt", encoding="ascii") as lines:
        for row in csv.DictReader(lines):
            if row["action"] != "changed":
                lots = int(row["volume"]) // SATOSHI_PER_LOT if row["action"] == "created" else 0
                yield Step(row["id"], SIDES[row["direction"]], _cents(row["price"]), lots)


def _cents(price: str) -> int:
    whole, _, fraction = price.partition(".")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


@dataclass
class Feeder:
    """Sends a flow through the inbox and collects the answers.

    Cancels name orders by their number in the journal. It leaves no gap, and nobody else trades here: so the
    n-th command will have number n, and a cancel may be in one batch with its order. Every answer is asked
    whether that was so.
    """

    instrument: Instrument
    buyers: Sequence[int]
    sellers: Sequence[int]
    commands: list[Command] = field(default_factory=list)  # with their numbers, as a journal has them
    trades: int = 0
    lots: int = 0
    refused: int = 0
    _numbers: dict[str, tuple[int, int]] = field(default_factory=dict)  # of orders: in the journal, of owners

    def feed(self, flow: Iterator[Step]) -> None:
        """Send all of it, a window at a time, and wait for the last answer.

        Raises AssertionError for an answer with another number than its command's or with any refusal but
        that there is nothing to cancel, TimeoutError for none.
        """
        reply, waiting = client.reply_number(), list[tuple[int, Future[Answer]]]()
        while window := [self._envelope(step, reply) for step in islice(flow, WINDOW)]:
            first = len(self.commands) - len(window) + 1
            waiting += enumerate(self._send(window), start=first)
            self._take(waiting[:-AHEAD])
            del waiting[:-AHEAD]
        self._take(waiting)

    def answered(self) -> dict[str, int]:
        """Return what the answers said so far."""
        return {"trades": self.trades, "lots": self.lots, "refused": self.refused}

    def cancel(self, orders: Sequence[tuple[int, int]]) -> None:
        """Cancel orders by (number, number of the owner)."""
        self._numbers = {str(number): (number, owner) for number, owner in orders}
        self.feed(iter([Step(str(number), Side.BUY, 0, 0) for number, _ in orders]))

    def _send(self, window: list[Envelope]) -> list[Future[Answer]]:
        futures = client._replies().expect(window)  # noqa: SLF001
        end = time.monotonic() + PATIENCE
        while True:
            try:
                client.send(self.instrument.number, window)
            except Unavailable:  # the inbox is full
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return futures

    def _take(self, answered: Sequence[tuple[int, Future[Answer]]]) -> None:
        for number, future in answered:
            answer = future.result(PATIENCE)
            assert answer.sequence == number, f"{number} was carried out as {answer}"
            assert answer.code in {"", Reason.ORDER_NOT_OPEN}, f"command {number}: {answer.code}"
            self.refused += bool(answer.code)
            self.trades += len(answer.fills)
            self.lots += sum(fill.quantity for fill in answer.fills) // self.instrument.lot

    def _envelope(self, step: Step, reply: int) -> Envelope:
        number = len(self.commands) + 1
        if step.quantity:
            people = self.buyers if step.side is Side.BUY else self.sellers
            owner = people[number % len(people)]
            self._numbers[step.order] = number, owner
            command = engine.new_order(self._order(step), self.instrument, owner)
            named = command._replace(order_id=number)
        else:
            target, owner = self._numbers.get(step.order, (0, self.buyers[0]))
            command = named = Command(
                op=Op.CANCEL,
                instrument=self.instrument.number,
                account=owner,
                owner=owner,
                order_id=target,
            )
        self.commands.append(named._replace(sequence=number))
        fees = self.instrument.buyer_fees if step.side is Side.BUY else self.instrument.seller_fees
        return Envelope(
            id=new_id(),
            command=command,
            deadline=LATE,
            reply=reply,
            client_order_id=step.order if step.quantity else "",
            maker_bps=fees.maker,
            taker_bps=fees.taker,
        )

    def _order(self, step: Step) -> NewOrder:
        return NewOrder(
            self.instrument.id,
            step.order,
            step.side,
            OrderType.LIMIT,
            step.quantity * self.instrument.lot,
            step.price * self.instrument.tick,
        )


def opened(people: int, *, cash: int, tokens: int) -> Feeder:
    """Open FLOW/USDC with so many people on each side, who have these amounts, and no bounds for prices."""
    instrument = market.opened("FLOW", "USDC", decimals=DECIMALS, tick=CENT, lot=SATOSHI_PER_LOT)
    buyers, sellers = ([new_id() for _ in range(people)] for _ in Side)
    return Feeder(
        instrument,
        buyers=market.funded(instrument, buyers, cash=cash, tokens=0),
        sellers=market.funded(instrument, sellers, cash=0, tokens=tokens),
    )


def expected(commands: Sequence[Command]) -> tuple[int, int, int, str]:
    """Return trades, lots, refusals and the state's hash as the engine alone finds them."""
    book, found = engine.Book(commands[0].instrument), []
    for start in range(0, len(commands), 1000):
        found += book.apply(commands[start : start + 1000])[2]
    trades = [event.quantity for event in found if event.kind == engine.EventKind.TRADE]
    refused = sum(event.kind == engine.EventKind.REJECTED for event in found)
    return len(trades), sum(trades), refused, book.state_hash().hex()
