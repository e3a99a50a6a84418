"""Lay out the records that go in and come out: the same bytes on the wire, in a batch and in a journal.

All numbers are little endian. Every field is naturally aligned and no byte is left unnamed, so a
record's bytes and its fields say exactly the same.
"""

import operator
from collections.abc import Mapping
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

Records = NDArray[np.void]
Buffer = Records | bytes | bytearray | memoryview

COMMAND = np.dtype(
    [
        ("sequence", "<u8"),
        ("op", "<u4"),
        ("instrument", "<u4"),
        ("account", "<u4"),
        ("owner", "<u4"),
        ("order_id", "<u8"),
        ("side", "u1"),
        ("order_type", "u1"),
        ("time_in_force", "u1"),
        ("self_trade", "u1"),
        ("flags", "<u4"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("stop_price", "<i8"),
        ("display_quantity", "<i8"),
        ("budget", "<i8"),
    ]
)

EVENT = np.dtype(
    [
        ("sequence", "<u8"),
        ("kind", "u1"),
        ("side", "u1"),
        ("reason", "<u2"),
        ("instrument", "<u4"),
        ("order_id", "<u8"),
        ("maker_order_id", "<u8"),
        ("account", "<u4"),
        ("maker_account", "<u4"),
        ("price", "<i8"),
        ("quantity", "<i8"),
        ("remaining", "<i8"),
    ]
)

LEVEL = np.dtype([("price", "<i8"), ("quantity", "<i8"), ("orders", "<i8")])

# The highest price, quantity, budget, order id and open quantity of one side: what a signed 64-bit
# number holds. A price times a quantity then always fits a signed 128-bit number.
HIGHEST = 2**63 - 1


class Command(NamedTuple):
    """One COMMAND record as Python integers, fields in the record's order."""

    sequence: int
    op: int
    instrument: int
    account: int
    owner: int
    order_id: int
    side: int
    order_type: int
    time_in_force: int
    self_trade: int
    flags: int
    price: int
    quantity: int
    stop_price: int
    display_quantity: int
    budget: int


class CommandFields(TypedDict, total=False):
    """The fields of a COMMAND by name, for `Engine.submit`; those left out are 0."""

    sequence: int
    op: int
    instrument: int
    account: int
    owner: int
    order_id: int
    side: int
    order_type: int
    time_in_force: int
    self_trade: int
    flags: int
    price: int
    quantity: int
    stop_price: int
    display_quantity: int
    budget: int


class Event(NamedTuple):
    """One EVENT record as Python integers, fields in the record's order."""

    sequence: int
    kind: int
    side: int
    reason: int
    instrument: int
    order_id: int
    maker_order_id: int
    account: int
    maker_account: int
    price: int
    quantity: int
    remaining: int


def one_command(command: object, fields: Mapping[str, object]) -> Records:
    """Return one command as an array of length 1, from a record or from named fields.

    Raises:
        TypeError: both or neither given, not a COMMAND record, an unknown field, or not an integer.
        ValueError: an array that holds more or less than one record.
        OverflowError: a number that its field cannot hold.
    """
    if (command is None) == (not fields):
        raise TypeError("give either one COMMAND record or its fields by name")
    if command is None:
        return _from_fields(fields)
    if not isinstance(command, np.void | np.ndarray) or command.dtype != COMMAND:
        raise TypeError("a command is a record of dtype COMMAND")
    one = np.asarray(command).reshape(-1)
    if len(one) != 1:
        raise ValueError(f"submit takes one command, not {len(one)}; use submit_batch")
    return one


def _from_fields(fields: Mapping[str, object]) -> Records:
    record = np.zeros(1, COMMAND)
    for name, value in fields.items():
        if name not in Command._fields:
            raise TypeError(f"a command has no field {name!r}")
        record[name] = operator.index(value)  # type: ignore[arg-type]  # index() itself raises TypeError
    return record


def many_commands(buffer: object) -> Records:
    """View a buffer as COMMAND records without copying.

    Raises:
        TypeError: not an array of dtype COMMAND and not bytes.
        ValueError: not one-dimensional, not contiguous, or not a whole number of records.
    """
    if isinstance(buffer, bytes | bytearray | memoryview):
        size = memoryview(buffer).nbytes
        if size % COMMAND.itemsize:
            raise ValueError(f"{size} bytes are not a whole number of {COMMAND.itemsize}-byte commands")
        return np.frombuffer(buffer, COMMAND)
    if not isinstance(buffer, np.ndarray) or buffer.dtype != COMMAND:
        raise TypeError("a batch is an array of dtype COMMAND, or its bytes")
    if buffer.ndim != 1 or not buffer.flags.c_contiguous:
        raise ValueError("a batch is one-dimensional and contiguous")
    return buffer


def check_out(out: object, dtype: np.dtype[np.void], shape: str) -> None:
    """Refuse an `out` array that cannot be written to.

    Raises:
        TypeError: not an array of this dtype.
        ValueError: read-only, not contiguous or not of the shape, "n" or "2,n".
    """
    if out is None:
        return
    if not isinstance(out, np.ndarray) or out.dtype != dtype:
        raise TypeError("out has another dtype than the records it is to hold")
    if not out.flags.writeable or not out.flags.c_contiguous:
        raise ValueError("out must be writeable and contiguous")
    if out.ndim != len(shape.split(",")) or (out.ndim == 2 and out.shape[0] != 2):
        raise ValueError(f"out must have the shape ({shape})")
