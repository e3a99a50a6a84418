"""Snapshots and hashes recorded before the engine knew stops: version 1 of its state."""

import hashlib
import struct

import pytest

from apps.trading.engine import Book, Command, Op, pack

ORDERS = [(1, 95, 30, 1), (2, 94, 20, 1), (3, 105, 10, 2)]  # id, price, open quantity, side


def version_1(orders=ORDERS, version=1):
    """Write the state as version 1 did."""
    book = struct.pack("<IIqqqqQqQQ", 7, 1, 1, 1, 0, 0, 3, 0, 2, len(orders) - 2)
    rows = [
        struct.pack("<QIIqqIBBBB", n, 8, 9, price, open_, 0, 0, 0, 0, side)
        for n, price, open_, side in orders
    ]
    content = struct.pack("<8sII", b"ALEFBOOK", version, 1) + book + b"".join(rows)
    return content + hashlib.sha256(content).digest()


def traded():
    book = Book(7)
    commands = [
        Command(
            op=Op.NEW, instrument=7, account=8, owner=9, order_id=n, side=side, price=price, quantity=open_
        )
        for n, price, open_, side in ORDERS
    ]
    book.replay(b"".join(map(pack, commands)))
    return book


@pytest.mark.spec("MAT-7")
def test_a_snapshot_of_version_1_is_read():
    restored = Book(7)
    restored.restore(version_1())
    assert restored.snapshot() == traded().snapshot()


@pytest.mark.spec("MAT-7")
def test_a_hash_of_version_1_is_compared_in_its_own_form():
    book = traded()
    assert book.is_hashed_by(book.state_hash())
    assert book.is_hashed_by(version_1()[-32:])
    assert not book.is_hashed_by(version_1(ORDERS[:2])[-32:])
    assert not book.is_hashed_by(bytes(32))


@pytest.mark.spec("MAT-7")
@pytest.mark.parametrize(
    "snapshot",
    [
        version_1()[:-1] + b"\0",
        version_1()[:60] + b"\1" + version_1()[61:],
        version_1(version=3),
        version_1([*ORDERS[:2], (3, 94, 10, 2)]),
        version_1()[:20],
        b"",
    ],
    ids=["its hash", "its content", "another version", "a crossed book", "too short", "nothing"],
)
def test_an_old_snapshot_that_is_not_sound_is_refused(snapshot):
    with pytest.raises(ValueError, match=r"snapshot|crossed"):
        Book(7).restore(snapshot)
