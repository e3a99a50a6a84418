"""Give the reference the public face: records in, records out."""

import operator
from itertools import islice
from typing import Unpack

import numpy as np

from matching import auction, checks, state
from matching.book import Book, BookSide
from matching.codes import Flag, OrderType, Phase, SelfTrade, Side, TimeInForce
from matching.face import Engine
from matching.records import (
    EVENT,
    HIGHEST,
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
from matching.views import Auction, Best, Depth, Instrument, RestingOrder

HIGHEST_INSTRUMENT = 2**32 - 1
FIRST_BUFFER = 1024


class ReferenceEngine(Engine):
    """The naive engine behind the public face."""

    name = "reference"

    def __init__(self, engine: str | None = None) -> None:
        """Start with no instrument open."""
        self._reference = Reference()
        self._buffer: Records = np.zeros(FIRST_BUFFER, EVENT)

    def open_instrument(
        self, instrument: int, *, tick: int = 1, lot: int = 1, collar: tuple[int, int] | None = None
    ) -> None:
        """Open an empty book in continuous trading."""
        lowest, highest = collar or (0, 0)
        number = _within("instrument", instrument, 0, HIGHEST_INSTRUMENT)
        book = Book(
            instrument=number,
            tick=_within("tick", tick, 1, HIGHEST),
            lot=_within("lot", lot, 1, HIGHEST),
            lowest=_within("the collar's lowest price", lowest, 0, HIGHEST),
            highest=_within("the collar's highest price", highest, 0, HIGHEST),
        )
        if checks.collar(book.lowest, book.highest):
            raise ValueError(f"the collar is upside down: {lowest} to {highest}")
        if number in self._reference.books:
            raise ValueError(f"instrument {number} is already open")
        self._reference.books[number] = book

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
        if levels < 0:
            raise ValueError("a number of levels is not negative")
        if out is not None and out.shape[1] < levels:
            raise ValueError(f"out holds {out.shape[1]} levels a side, not {levels}")
        bids, asks = _levels(book.bids, levels), _levels(book.asks, levels)
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
        price = _within("the reference", reference, 0, HIGHEST)
        if price % book.tick:
            raise ValueError(f"the reference {price} is not a multiple of the tick {book.tick}")
        return auction.clearing(book, price or book.last_price)

    def order(self, order_id: int) -> RestingOrder | None:
        """Return a resting order or a waiting stop."""
        order = self._reference.orders.get(order_id)
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
        if not isinstance(snapshot, bytes | bytearray | memoryview):
            raise TypeError("a snapshot is bytes")
        self._reference.load(state.decode(bytes(snapshot)))

    def state_hash(self, instrument: int | None = None) -> bytes:
        """Return the hash of one instrument's state or of all."""
        books = self._reference.books.values() if instrument is None else [self._book(instrument)]
        return state.digest(state.encode(books))

    def _book(self, instrument: int) -> Book:
        book = self._reference.books.get(instrument)
        if book is None:
            raise LookupError(f"instrument {instrument} is not open")
        return book

    def _apply(self, commands: Records, out: Records | None) -> Records:
        events: list[Event] = []
        for fields in commands.tolist():
            events.extend(self._reference.apply(Command(*fields)))
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


def _within(what: str, number: int, lowest: int, highest: int) -> int:
    value = operator.index(number)
    if not lowest <= value <= highest:
        raise ValueError(f"{what} is {value}, but must be {lowest} to {highest}")
    return value
