"""Write the books as one canonical string of bytes, and read it back.

Two engines are in the same state exactly if these bytes are equal, whatever they are built of, so a
hash over them compares engines. All numbers are little endian, without padding:

    header      8 bytes "ALEFBOOK", u32 version (1), u32 number of instruments
    instrument  u32 id, u32 phase, i64 tick, i64 lot, i64 lowest, i64 highest,
                u64 last order id, i64 last price, u64 number of bids, u64 number of asks;
                then its bids and then its asks, each in the order in which they would trade
    order       u64 id, u32 account, u32 owner, i64 price, i64 open quantity, u32 flags,
                u8 order type, u8 time in force, u8 self-trade mode, u8 side

Instruments stand in ascending order of their ids. The state hash is the SHA-256 of these bytes, and
a snapshot is these bytes followed by their hash.
"""

import hashlib
import struct
from collections.abc import Iterable

from matching.book import Book, BookSide, Order
from matching.checks import RESTING_TIMES, SELF_TRADES, SUPPORTED_FLAGS, collar, reaches
from matching.codes import OrderType, Phase
from matching.records import HIGHEST

MAGIC = b"ALEFBOOK"
VERSION = 1
HEADER = struct.Struct("<8sII")
INSTRUMENT = struct.Struct("<IIqqqqQqQQ")
ORDER = struct.Struct("<QIIqqIBBBB")
DIGEST_SIZE = 32
PHASES = frozenset({Phase.CONTINUOUS, Phase.HALTED})


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
        ValueError: damaged, of another version, or a state that no stream of commands leads to.
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
    bids, asks = list(book.bids.orders()), list(book.asks.orders())
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
    )
    return head + b"".join(_encode_order(order) for order in bids + asks)


def _encode_order(order: Order) -> bytes:
    return ORDER.pack(
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


def _decode_book(reader: _Reader) -> Book:
    *fields, bids, asks = reader.read(INSTRUMENT)
    instrument, phase, tick, lot, lowest, highest, last_order_id, last_price = fields
    book = Book(instrument, tick, lot, lowest, highest, phase, last_order_id, last_price)
    sound = phase in PHASES and tick > 0 and lot > 0 and not collar(lowest, highest)
    if not sound or last_order_id > HIGHEST or last_price < 0 or last_price % tick:
        raise ValueError(f"instrument {instrument} has impossible settings")
    for side, count in ((book.bids, bids), (book.asks, asks)):
        for _ in range(count):
            order = _decode_order(reader, instrument)
            if order.order_id in reader.order_ids:
                raise ValueError(f"order {order.order_id} stands in the books twice")
            reader.order_ids.add(order.order_id)
            _add(book, side, order)
    bid, ask = book.bids.best_price(), book.asks.best_price()
    if bid is not None and ask is not None and bid >= ask:
        raise ValueError(f"the book of instrument {instrument} is crossed")
    return book


def _decode_order(reader: _Reader, instrument: int) -> Order:
    fields = reader.read(ORDER)
    order_id, account, owner, price, quantity, flags, order_type, time_in_force, self_trade, side = fields
    return Order(
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


def _add(book: Book, side: BookSide, order: Order) -> None:
    known = (
        order.side == side.side
        and order.order_type == OrderType.LIMIT
        and order.time_in_force in RESTING_TIMES
        and order.self_trade in SELF_TRADES
        and not order.flags & ~SUPPORTED_FLAGS
    )
    amounts = order.price > 0 and order.quantity > 0 and not order.price % book.tick
    if not known or not amounts or order.quantity % book.lot or not 0 < order.order_id <= book.last_order_id:
        raise ValueError(f"order {order.order_id} cannot rest in the book of instrument {book.instrument}")
    worst = side.worst_price()
    if worst is not None and order.price != worst and reaches(side.side, order.price, worst):
        raise ValueError(f"order {order.order_id} stands out of priority")
    side.add(order)
    if side.open_quantity > HIGHEST:
        raise ValueError(f"instrument {book.instrument} has more open quantity than a side can hold")
