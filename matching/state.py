"""Write the books as one canonical string of bytes, and read it back.

Two engines are in the same state exactly if these bytes are equal, whatever they are built of, so a
hash over them compares engines. All numbers are little endian, without padding:

    header      8 bytes "ALEFBOOK", u32 version (2), u32 number of instruments
    instrument  u32 id, u32 phase, i64 tick, i64 lot, i64 lowest, i64 highest,
                u64 last order id, i64 last price,
                u64 number of bids, u64 number of asks, u64 number of waiting stops;
                then its bids and then its asks, each in the order in which they would trade,
                and then its stops in order of arrival
    order       u64 id, u32 account, u32 owner, i64 price, i64 open quantity, u32 flags,
                u8 order type, u8 time in force, u8 self-trade mode, u8 side
                followed, if it is an ICEBERG, by i64 display quantity, i64 visible quantity
                followed, if it is a stop, by i64 stop price, i64 budget, i64 extreme

Instruments stand in ascending order of their ids. The state hash is the SHA-256 of these bytes, and
a snapshot is these bytes followed by their hash. What makes a state sound is in `soundness`.
"""

import hashlib
import struct
from collections.abc import Iterable

from matching import soundness
from matching.book import Book
from matching.order import ICEBERG, Order

MAGIC = b"ALEFBOOK"
VERSION = 2
HEADER = struct.Struct("<8sII")
INSTRUMENT = struct.Struct("<IIqqqqQqQQQ")
ORDER = struct.Struct("<QIIqqIBBBB")
OF_ICEBERG = struct.Struct("<qq")
OF_STOP = struct.Struct("<qqq")
DIGEST_SIZE = 32


def encode(books: Iterable[Book]) -> bytes:
    """Return the canonical bytes of these books."""
    ordered = sorted(books, key=lambda book: book.instrument)
    return HEADER.pack(MAGIC, VERSION, len(ordered)) + b"".join(map(_encode_book, ordered))


def digest(content: bytes) -> bytes:
    """Return the state hash of canonical bytes: 32 bytes."""
    return hashlib.sha256(content).digest()


def unseal(snapshot: bytes) -> bytes:
    """Return the canonical bytes in a snapshot whose hash fits.

    Raises:
        TypeError: not bytes.
        ValueError: not a snapshot, damaged, or of another version.
    """
    if not isinstance(snapshot, bytes | bytearray | memoryview):
        raise TypeError("a snapshot is bytes")
    whole = bytes(snapshot)
    content, given = whole[:-DIGEST_SIZE], whole[-DIGEST_SIZE:]
    if len(content) < HEADER.size or not content.startswith(MAGIC):
        raise ValueError("not a snapshot of an engine")
    _, version, _ = HEADER.unpack_from(content)
    if version != VERSION:
        raise ValueError(f"a snapshot of version {version}; this engine reads version {VERSION}")
    if digest(content) != given:
        raise ValueError("the snapshot is damaged: its hash does not fit")
    return content


def decode(snapshot: bytes) -> list[Book]:
    """Read the books out of a snapshot, believing nothing.

    Raises:
        TypeError: not bytes.
        ValueError: damaged, of another version, or a state that breaks a rule of the book.
    """
    content = unseal(snapshot)
    _, _, count = HEADER.unpack_from(content)
    reader = _Reader(content, HEADER.size)
    books = [_decode_book(reader) for _ in range(count)]
    if reader.position != len(content):
        raise ValueError("the snapshot has bytes after its last book")
    numbers = [book.instrument for book in books]
    if numbers != sorted(set(numbers)):
        raise ValueError("the instruments are out of order")
    return books


class _Reader:
    def __init__(self, content: bytes, position: int) -> None:
        self.content = content
        self.position = position
        self.order_ids: set[int] = set()

    def read(self, layout: struct.Struct) -> tuple[int, ...]:
        if self.position + layout.size > len(self.content):
            raise ValueError("the snapshot ends in the middle of a record")
        values = layout.unpack_from(self.content, self.position)
        self.position += layout.size
        return values


def _encode_book(book: Book) -> bytes:
    bids, asks, stops = list(book.bids.orders()), list(book.asks.orders()), list(book.stops.orders())
    head = INSTRUMENT.pack(
        book.instrument,
        book.phase,
        book.tick,
        book.lot,
        book.lowest,
        book.highest,
        book.last_order_id,
        book.last_price,
        len(bids),
        len(asks),
        len(stops),
    )
    return head + b"".join(_encode_order(order) for order in bids + asks + stops)


def _encode_order(order: Order) -> bytes:
    content = ORDER.pack(
        order.order_id,
        order.account,
        order.owner,
        order.price,
        order.quantity,
        order.flags,
        order.order_type,
        order.time_in_force,
        order.self_trade,
        order.side,
    )
    if order.order_type == ICEBERG:
        return content + OF_ICEBERG.pack(order.display_quantity, order.visible)
    if order.is_stop():
        return content + OF_STOP.pack(order.stop_price, order.budget, order.extreme)
    return content


def _decode_book(reader: _Reader) -> Book:
    *fields, bids, asks, stops = reader.read(INSTRUMENT)
    instrument, phase, tick, lot, lowest, highest, last_order_id, last_price = fields
    book = Book(instrument, tick, lot, lowest, highest, phase, last_order_id, last_price)
    soundness.check_settings(book)
    for side, count in ((book.bids, bids), (book.asks, asks)):
        for _ in range(count):
            order = _decode_order(reader, instrument)
            soundness.check_resting(order, side, book)
            side.add(order)
    for _ in range(stops):
        order = _decode_order(reader, instrument)
        soundness.check_waiting(order, book)
        book.stops.add(order)
    soundness.check_whole(book)
    return book


def _decode_order(reader: _Reader, instrument: int) -> Order:
    fields = reader.read(ORDER)
    order_id, account, owner, price, quantity, flags, order_type, time_in_force, self_trade, side = fields
    if order_id in reader.order_ids:
        raise ValueError(f"order {order_id} stands in the books twice")
    reader.order_ids.add(order_id)
    order = Order(
        order_id=order_id,
        instrument=instrument,
        account=account,
        owner=owner,
        side=side,
        order_type=order_type,
        time_in_force=time_in_force,
        self_trade=self_trade,
        flags=flags,
        price=price,
        quantity=quantity,
    )
    if order.is_stop():
        order.stop_price, order.budget, order.extreme = reader.read(OF_STOP)
    else:
        order.visible = quantity
    if order_type == ICEBERG:
        order.display_quantity, order.visible = reader.read(OF_ICEBERG)
    return order
