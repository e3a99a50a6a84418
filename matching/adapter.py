"""Give the reference the public face: records in, records out."""

import operator
import sys
from itertools import islice
from typing import Unpack

import numpy as np

from matching import arguments, auction, state
from matching.book import Book, BookSide
from matching.codes import Flag, Op, OrderType, Phase, SelfTrade, Side, TimeInForce
from matching.face import Engine
from matching.records import (
    EVENT,
    LEVEL,
    Buffer,
    Command,
    CommandFields,
    Event,
    Records,
    check_out,
    many_commands,
    one_command,
)
from matching.reference import Reference
from matching.views import Auction, Best, Depth, Instrument, Memory, RestingOrder

FIRST_BUFFER = 1024


class ReferenceEngine(Engine):
    """The naive engine behind the public face."""

    name = "reference"

    def __init__(self, engine: str | None = None) -> None:
        """Start with no instrument open."""
        self._reference = Reference()
        self._buffer: Records = np.zeros(FIRST_BUFFER, EVENT)
        self._events: list[Event] = []

    def open_instrument(
        self, instrument: int, *, tick: int = 1, lot: int = 1, collar: tuple[int, int] | None = None
    ) -> None:
        """Open an empty book in continuous trading."""
        settings = arguments.opening(instrument, tick, lot, collar)
        if settings.instrument in self._reference.books:
            raise ValueError(f"instrument {settings.instrument} is already open")
        self._reference.books[settings.instrument] = Book(*settings)

    def new(  # noqa: PLR0917 - as in the face
        self,
        instrument: int,
        order_id: int,
        account: int,
        owner: int,
        side: int,
        price: int,
        quantity: int,
        order_type: int = OrderType.LIMIT,
        time_in_force: int = TimeInForce.GTC,
        self_trade: int = SelfTrade.ALLOW,
        flags: int = Flag.NONE,
        stop_price: int = 0,
        display_quantity: int = 0,
        budget: int = 0,
        sequence: int = 0,
    ) -> int:
        """Carry out a NEW."""
        told = self.submit(
            sequence=sequence,
            op=Op.NEW,
            instrument=instrument,
            account=account,
            owner=owner,
            order_id=order_id,
            side=side,
            order_type=order_type,
            time_in_force=time_in_force,
            self_trade=self_trade,
            flags=flags,
            price=price,
            quantity=quantity,
            stop_price=stop_price,
            display_quantity=display_quantity,
            budget=budget,
        )
        return len(told)

    def cancel(self, instrument: int, order_id: int, account: int = 0, sequence: int = 0) -> int:
        """Carry out a CANCEL."""
        told = self.submit(
            sequence=sequence, op=Op.CANCEL, instrument=instrument, order_id=order_id, account=account
        )
        return len(told)

    def events(self) -> Records:
        """Return the events of the last call that carried out commands."""
        return self._own_buffer(self._events)

    def submit(self, command: np.void | Records | None = None, /, **fields: Unpack[CommandFields]) -> Records:
        """Carry out one command."""
        return self._apply(one_command(command, fields), None)

    def submit_batch(self, buffer: Buffer, out: Records | None = None) -> Records:
        """Carry out commands one after the other."""
        commands = many_commands(buffer)
        check_out(out, EVENT, "n")
        if out is not None and np.may_share_memory(out, commands):
            raise ValueError("out overlaps the batch")
        return self._apply(commands, out)

    def depth(self, instrument: int, levels: int, out: Records | None = None) -> Depth:
        """Return the first price levels of both sides."""
        book = self._book(instrument)
        check_out(out, LEVEL, "2,n")
        wanted = arguments.levels(levels, None if out is None else out.shape[1])
        bids, asks = _levels(book.bids, wanted), _levels(book.asks, wanted)
        table = out if out is not None else np.zeros((2, max(len(bids), len(asks))), LEVEL)
        table[0, : len(bids)] = bids
        table[1, : len(asks)] = asks
        return Depth(table[0, : len(bids)], table[1, : len(asks)])

    def best(self, instrument: int) -> Best:
        """Return the best prices of both sides."""
        book = self._book(instrument)
        return Best(book.bids.best_price(), book.asks.best_price())

    def auction(self, instrument: int, reference: int = 0) -> Auction:
        """Return what UNCROSS would trade now."""
        book = self._book(instrument)
        price = arguments.reference_price(reference, book.tick)
        return auction.clearing(book, price or book.last_price)

    def order(self, order_id: int) -> RestingOrder | None:
        """Return a resting order or a waiting stop."""
        order = self._reference.orders.get(operator.index(order_id))
        if order is None:
            return None
        return RestingOrder(
            order_id=order.order_id,
            instrument=order.instrument,
            account=order.account,
            owner=order.owner,
            side=Side(order.side),
            order_type=OrderType(order.order_type),
            time_in_force=TimeInForce(order.time_in_force),
            self_trade=SelfTrade(order.self_trade),
            flags=Flag(order.flags),
            price=order.price,
            quantity=order.quantity,
            stop_price=order.stop_price,
            display_quantity=order.display_quantity,
            visible=order.visible,
            budget=order.budget,
            extreme=order.extreme,
        )

    def instrument(self, instrument: int) -> Instrument:
        """Return an instrument's settings and state."""
        book = self._book(instrument)
        return Instrument(
            id=book.instrument,
            tick=book.tick,
            lot=book.lot,
            lowest=book.lowest,
            highest=book.highest,
            phase=Phase(book.phase),
            last_order_id=book.last_order_id,
            last_price=book.last_price,
        )

    def instruments(self) -> list[int]:
        """Return the ids of all open instruments."""
        return sorted(self._reference.books)

    def snapshot(self) -> bytes:
        """Return the whole state."""
        content = state.encode(self._reference.books.values())
        return content + state.digest(content)

    def restore(self, snapshot: bytes) -> None:
        """Replace the whole state by a snapshot's."""
        self._reference.load(state.decode(snapshot))

    def state_hash(self, instrument: int | None = None) -> bytes:
        """Return the hash of one instrument's state or of all."""
        books = self._reference.books.values() if instrument is None else [self._book(instrument)]
        return state.digest(state.encode(books))

    def memory(self) -> Memory:
        """Say how much memory the orders take: of each its object, and its places in the dict and a queue."""
        orders = self._reference.orders
        order_bytes = sys.getsizeof(orders) + sum(sys.getsizeof(order) for order in orders.values())
        return Memory(len(orders), order_bytes, order_bytes + self._buffer.nbytes)

    def _book(self, instrument: int) -> Book:
        number = operator.index(instrument)
        book = self._reference.books.get(number)
        if book is None:
            raise LookupError(f"instrument {number} is not open")
        return book

    def _apply(self, commands: Records, out: Records | None) -> Records:
        events = self._events = [
            event for fields in commands.tolist() for event in self._reference.apply(Command(*fields))
        ]
        if out is not None and len(events) <= len(out):
            out[: len(events)] = events
            return out[: len(events)]
        return self._own_buffer(events)

    def _own_buffer(self, events: list[Event]) -> Records:
        if len(events) > len(self._buffer):
            self._buffer = np.zeros(2 * len(events), EVENT)
        self._buffer[: len(events)] = events
        view = self._buffer[: len(events)]
        view.flags.writeable = False
        return view


def _levels(side: BookSide, levels: int) -> list[tuple[int, int, int]]:
    return [
        (price, sum(order.visible for order in queue), len(queue))
        for price, queue in islice(side.levels(), levels)
    ]
