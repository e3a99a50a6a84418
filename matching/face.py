"""Show one face, whatever engine is behind it."""

from __future__ import annotations

from typing import ClassVar, Self, Unpack, cast

import numpy as np

from matching.codes import Flag, OrderType, SelfTrade, TimeInForce
from matching.records import Buffer, CommandFields, Records
from matching.views import Auction, Best, Depth, Info, Instrument, Memory, RestingOrder

ENGINES = ("compiled", "reference")  # best first

_kinds: dict[str, type[Engine]] = {}
_missing: dict[str, str] = {}


class EngineUnavailableError(RuntimeError):
    """The engine asked for is not installed on this machine."""


class Engine:
    """Match the orders of any number of instruments.

    `Engine()` takes the best engine there is: the compiled one, else the reference. Not safe to use
    from two threads at once; the compiled one raises RuntimeError then.

    Commands never raise: a malformed or impossible one answers a REJECTED event with its `Reason` and
    changes nothing. Only Python-level misuse raises, before anything is changed.

    Raises:
        ValueError: no engine has this name.
        EngineUnavailableError: this engine is not installed here.
    """

    name: ClassVar[str] = ""

    def __new__(cls, engine: str | None = None) -> Self:
        """Make an engine of the kind asked for, or of the best kind there is."""
        if cls is not Engine:
            return super().__new__(cls)
        kind = cast("type[Self]", _kind(engine))
        return kind.__new__(kind)

    def open_instrument(
        self, instrument: int, *, tick: int = 1, lot: int = 1, collar: tuple[int, int] | None = None
    ) -> None:
        """Open an empty book in continuous trading.

        `tick`: every limit price is a multiple of it. `lot`: every quantity is. `collar`: the lowest and
        highest limit price taken, both inclusive, 0 for no bound on that side.

        Raises:
            TypeError: a number is not an integer.
            ValueError: already open, or a number is out of range.
        """
        raise NotImplementedError

    def new(  # noqa: PLR0917 - one order, one line: naming what is always given would cost half the time
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
        """Carry out one NEW and return how many events it caused; `events` shows them.

        It does what `submit` does with the same fields, and is the quickest way for one order.

        Raises:
            TypeError: not an integer.
            OverflowError: a number that its field cannot hold.
        """
        raise NotImplementedError

    def cancel(self, instrument: int, order_id: int, account: int = 0, sequence: int = 0) -> int:
        """Carry out one CANCEL and return how many events it caused, as `new` does.

        Raises:
            TypeError: not an integer.
            OverflowError: a number that its field cannot hold.
        """
        raise NotImplementedError

    def events(self) -> Records:
        """Return the events of the last call that carried out commands, read-only, until the next one.

        They are whole even if `submit_batch` wrote them to an `out` as well. None before the first call.
        """
        raise NotImplementedError

    def submit(self, command: np.void | Records | None = None, /, **fields: Unpack[CommandFields]) -> Records:
        """Carry out one command, a COMMAND record or its fields by name; return its events.

        Raises:
            TypeError: both or neither given, another dtype, an unknown field, or not an integer.
            ValueError: not exactly one record.
            OverflowError: a number that its field cannot hold.
        """
        raise NotImplementedError

    def submit_batch(self, buffer: Buffer, out: Records | None = None) -> Records:
        """Carry out commands one after the other; return the events of all, in order.

        The events are valid until the next call: they lie in a buffer of the engine, read-only. With
        `out` (EVENT, one-dimensional) they are written there and the filled part of it is returned. If
        there are more events than `out` holds, `out` stays as it was and all events are returned as
        without it, so none is ever lost: always use what is returned.

        Raises:
            TypeError: not COMMAND records or their bytes; `out` is not an array of EVENT.
            ValueError: not one-dimensional, not contiguous, not whole records; `out` is read-only or
                overlaps the batch.
        """
        raise NotImplementedError

    def depth(self, instrument: int, levels: int, out: Records | None = None) -> Depth:
        """Return the first price levels of both sides, best first. An iceberg counts with what it shows.

        `out`: a LEVEL array of shape (2, n), n at least `levels`, that the answer is written into.

        Raises:
            LookupError: the instrument is not open.
            TypeError: `out` is not an array of LEVEL.
            ValueError: negative `levels`, or `out` is read-only or too small.
        """
        raise NotImplementedError

    def best(self, instrument: int) -> Best:
        """Return the best prices of both sides; in an auction they may cross.

        Raises:
            LookupError: the instrument is not open.
        """
        raise NotImplementedError

    def auction(self, instrument: int, reference: int = 0) -> Auction:
        """Return what UNCROSS would trade now, before self-trade prevention; in every phase.

        `reference`: as in UNCROSS, the price to stay near to, a multiple of the tick; 0 for the last price.

        Raises:
            LookupError: the instrument is not open.
            TypeError: the reference is not an integer.
            ValueError: the reference is negative or not a multiple of the tick.
        """
        raise NotImplementedError

    def order(self, order_id: int) -> RestingOrder | None:
        """Return a resting order or a waiting stop, or None if no order of this id is in any book."""
        raise NotImplementedError

    def instrument(self, instrument: int) -> Instrument:
        """Return an instrument's settings and state.

        Raises:
            LookupError: the instrument is not open.
        """
        raise NotImplementedError

    def instruments(self) -> list[int]:
        """Return the ids of all open instruments, ascending."""
        raise NotImplementedError

    def snapshot(self) -> bytes:
        """Return the whole state, canonical: equal states give equal bytes."""
        raise NotImplementedError

    def restore(self, snapshot: bytes) -> None:
        """Replace the whole state by a snapshot's.

        Raises:
            TypeError: not bytes.
            ValueError: not a sound snapshot; the state stays as it was.
        """
        raise NotImplementedError

    def state_hash(self, instrument: int | None = None) -> bytes:
        """Return 32 bytes that are equal for equal states, of one instrument or of all.

        Raises:
            LookupError: the instrument is not open.
        """
        raise NotImplementedError

    def memory(self) -> Memory:
        """Say how much memory the orders take, in bytes."""
        raise NotImplementedError

    def info(self) -> Info:
        """Say which engine this is."""
        return _info(self.name)


def info() -> Info:
    """Say which engine `Engine()` gives on this machine."""
    return _info(_kind(None).name)


def register(kind: type[Engine]) -> None:
    """Make a kind of engine available under its name."""
    _kinds[kind.name] = kind


def note_missing(engine: str, why: str) -> None:
    """Remember why an engine could not be loaded, for `info` and for the error."""
    _missing[engine] = why


def _info(engine: str) -> Info:
    return Info(engine=engine, available=sorted(_kinds), compiled_missing=_missing.get("compiled"))


def _kind(engine: str | None) -> type[Engine]:
    if engine is None:
        return _kinds.get("compiled") or _kinds["reference"]
    if engine not in ENGINES:
        raise ValueError(f"no engine is called {engine!r}; there are {' and '.join(ENGINES)}")
    if engine not in _kinds:
        why = _missing.get(engine, "it was never loaded")
        raise EngineUnavailableError(f"the {engine} engine is not available here: {why}")
    return _kinds[engine]
