# cython: language_level=3, binding=False, boundscheck=False, wraparound=False, initializedcheck=False
"""Give the C++ engine of core/ the public face.

`CompiledEngine` is what callers meet; what is fast lives in its first base, `Core`, because a class of
C cannot inherit from one of Python. Commands go in without a copy and events come out without one: the
views that are returned lie in `Events`, memory that never moves and stays as long as anything looks at it.
"""

import operator

import numpy as np

from matching import arguments, state
from matching.codes import Flag, OrderType, Phase, SelfTrade, Side, TimeInForce
from matching.face import Engine
from matching.records import EVENT, HIGHEST, LEVEL, check_out, many_commands, one_command
from matching.views import Auction, Best, Depth, Instrument, Memory, RestingOrder

from cpython.buffer cimport PyBUF_SIMPLE, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.long cimport PyLong_Check
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t, uintptr_t
from libc.string cimport memcpy, memset
from libcpp.vector cimport vector

from matching cimport core

cdef extern from *:
    """
    #ifndef ALEF_SOURCES
    #define ALEF_SOURCES ""
    #define ALEF_COMPILER ""
    #endif
    """
    const char *ALEF_SOURCES
    const char *ALEF_COMPILER

# What this was made of and by; build.py looks for the same bytes in the file.
BUILT_FROM = (ALEF_SOURCES.decode(), ALEF_COMPILER.decode())

cdef enum:
    NEW = 1
    CANCEL = 2
    ALIGNMENT = 8
    # A shorter batch is done before another thread could have taken over.
    SHORT_BATCH = 64
    FIRST_LEVELS = 32

cdef Py_ssize_t LOW_8 = 0xFF, LOW_32 = 0xFFFFFFFF


cdef class Events:
    """The memory that events are written to; numpy reads it through the buffer protocol."""

    cdef core.EventBuffer *buffer
    cdef Py_ssize_t size

    def __cinit__(self):
        self.buffer = new core.EventBuffer()

    def __dealloc__(self):
        del self.buffer

    def __getbuffer__(self, Py_buffer *view, int flags):
        if flags & PyBUF_WRITABLE:
            raise BufferError("events are read-only")
        self.size = self.buffer.capacity() * sizeof(core.Event)
        view.buf = <void *>self.buffer.data()
        view.obj = self
        view.len = self.size
        view.itemsize = 1
        view.readonly = 1
        view.ndim = 1
        view.format = NULL
        view.shape = &self.size
        view.strides = &view.itemsize
        view.suboffsets = NULL
        view.internal = NULL


cdef class Core:
    """The engine without its name: everything that a call crosses on its way to the C++."""

    cdef core.Engine *engine
    cdef core.EventBuffer *buffer
    cdef Events memory_of_events
    cdef const core.Event *place  # where the window begins
    cdef object window  # all of the event memory as one array, which every answer is a slice of
    cdef bint busy  # a batch is being carried out without the GIL

    def __cinit__(self, engine=None):
        self.memory_of_events = Events()
        self.buffer = self.memory_of_events.buffer
        self.engine = new core.Engine()

    def __dealloc__(self):
        del self.engine

    def open_instrument(self, instrument, *, tick=1, lot=1, collar=None):
        """Open an empty book in continuous trading."""
        self._ready()
        settings = arguments.opening(instrument, tick, lot, collar)
        cdef uint32_t number = settings.instrument
        cdef int64_t lowest = settings.lowest, highest = settings.highest
        if not self.engine.open_instrument(number, settings.tick, settings.lot, lowest, highest):
            raise ValueError(f"instrument {number} is already open")

    def new(
        self, Py_ssize_t instrument, order_id, Py_ssize_t account, Py_ssize_t owner, Py_ssize_t side,
        Py_ssize_t price, Py_ssize_t quantity, Py_ssize_t order_type=0, Py_ssize_t time_in_force=0,
        Py_ssize_t self_trade=0, Py_ssize_t flags=0, Py_ssize_t stop_price=0,
        Py_ssize_t display_quantity=0, Py_ssize_t budget=0, sequence=0,
    ):
        """Carry out a NEW; return the number of its events."""
        if (instrument | account | owner | flags) & ~LOW_32 or (
            (side | order_type | time_in_force | self_trade) & ~LOW_8
        ):
            raise OverflowError("a number is too large for its field, or negative")
        cdef core.Command command
        command.sequence = _unsigned(sequence)
        command.op = NEW
        command.instrument = instrument
        command.account = account
        command.owner = owner
        command.order_id = _unsigned(order_id)
        command.side = side
        command.order_type = order_type
        command.time_in_force = time_in_force
        command.self_trade = self_trade
        command.flags = flags
        command.price = price
        command.quantity = quantity
        command.stop_price = stop_price
        command.display_quantity = display_quantity
        command.budget = budget
        return self._one(&command)

    def cancel(self, Py_ssize_t instrument, order_id, Py_ssize_t account=0, sequence=0):
        """Carry out a CANCEL; return the number of its events."""
        if (instrument | account) & ~LOW_32:
            raise OverflowError("a number is too large for its field, or negative")
        cdef core.Command command
        memset(&command, 0, sizeof(command))
        command.sequence = _unsigned(sequence)
        command.op = CANCEL
        command.instrument = instrument
        command.account = account
        command.order_id = _unsigned(order_id)
        return self._one(&command)

    def events(self):
        """Return the events of the last call that carried out commands."""
        self._ready()
        return self._told()

    def submit(self, command=None, /, **fields):
        """Carry out one command."""
        self._run(one_command(command, fields), None)
        return self._told()

    def submit_batch(self, buffer, out=None):
        """Carry out commands one after the other, from 64 on without the GIL.

        Nobody may write to the batch meanwhile; two threads in one engine raise RuntimeError.
        """
        commands = many_commands(buffer)
        if out is None:
            self._run(commands, None)
            return self._told()
        check_out(out, EVENT, "n")
        if np.may_share_memory(out, commands):
            raise ValueError("out overlaps the batch")
        return self._run(commands, out)

    def depth(self, instrument, levels, out=None):
        """Return the first price levels of both sides."""
        cdef uint32_t number = self._opened(instrument)
        check_out(out, LEVEL, "2,n")
        wanted = arguments.levels(levels, None if out is None else out.shape[1])
        bids, asks = self._levels(number, Side.BUY, wanted), self._levels(number, Side.SELL, wanted)
        if out is None:
            return Depth(bids, asks)
        out[0, : len(bids)], out[1, : len(asks)] = bids, asks
        return Depth(out[0, : len(bids)], out[1, : len(asks)])

    def best(self, instrument):
        """Return the best prices of both sides."""
        cdef uint32_t number = self._opened(instrument)
        return Best(self.engine.best(number, Side.BUY) or None, self.engine.best(number, Side.SELL) or None)

    def auction(self, instrument, reference=0):
        """Return what UNCROSS would trade now."""
        cdef core.InstrumentView view
        cdef uint32_t number = self._opened(instrument)
        memset(&view, 0, sizeof(view))
        self.engine.instrument(number, view)
        cdef int64_t price = arguments.reference_price(reference, view.tick)
        cdef core.Indicative told = self.engine.auction(number, price)
        return Auction(told.price, told.quantity, told.surplus, told.side)

    def order(self, order_id):
        """Return a resting order or a waiting stop."""
        cdef core.OrderView view
        self._ready()
        number = operator.index(order_id)
        if not 0 < number <= HIGHEST or not self.engine.order(number, view):
            return None
        return RestingOrder(
            order_id=view.order_id,
            instrument=view.instrument,
            account=view.account,
            owner=view.owner,
            side=Side(view.side),
            order_type=OrderType(view.order_type),
            time_in_force=TimeInForce(view.time_in_force),
            self_trade=SelfTrade(view.self_trade),
            flags=Flag(view.flags),
            price=view.price,
            quantity=view.quantity,
            stop_price=view.stop_price,
            display_quantity=view.display_quantity,
            visible=view.visible,
            budget=view.budget,
            extreme=view.extreme,
        )

    def instrument(self, instrument):
        """Return an instrument's settings and state."""
        cdef core.InstrumentView view
        memset(&view, 0, sizeof(view))
        self.engine.instrument(self._opened(instrument), view)
        return Instrument(
            id=view.id,
            tick=view.tick,
            lot=view.lot,
            lowest=view.lowest,
            highest=view.highest,
            phase=Phase(view.phase),
            last_order_id=view.last_order_id,
            last_price=view.last_price,
        )

    def instruments(self):
        """Return the ids of all open instruments."""
        self._ready()
        return list(self.engine.instruments())

    def snapshot(self):
        """Return the whole state."""
        self._ready()
        content = _bytes(self.engine.encode())
        return content + state.digest(content)

    def restore(self, snapshot):
        """Replace the whole state by a snapshot's."""
        self._ready()
        cdef bytes content = state.unseal(snapshot)
        cdef const char *fault = self.engine.restore(
            <const uint8_t *>PyBytes_AS_STRING(content), len(content)
        )
        if fault != NULL:
            raise ValueError(fault.decode())

    def state_hash(self, instrument=None):
        """Return the hash of one instrument's state or of all."""
        self._ready()
        if instrument is None:
            return state.digest(_bytes(self.engine.encode()))
        return state.digest(_bytes(self.engine.encode_one(self._opened(instrument))))

    def memory(self):
        """Say how much memory the orders take."""
        self._ready()
        cdef core.Memory used = self.engine.memory()
        return Memory(used.live_orders, used.order_bytes, used.mapped_bytes)

    cdef int _ready(self) except -1:
        if self.busy:
            raise RuntimeError("another thread is inside this engine; give each thread its own")
        return 0

    cdef uint32_t _opened(self, instrument) except? 0:
        """Return the number of an open instrument."""
        cdef core.InstrumentView view
        self._ready()
        number = operator.index(instrument)
        if not 0 <= number <= arguments.HIGHEST_INSTRUMENT or not self.engine.instrument(number, view):
            raise LookupError(f"instrument {number} is not open")
        return number

    cdef object _levels(self, uint32_t instrument, uint8_t side, wanted):
        """Return the first levels of a side, in an array that grows until they fit."""
        cdef size_t filled, room = min(wanted, FIRST_LEVELS)
        cdef Py_buffer memory
        while True:
            rows = np.empty(room, LEVEL)
            PyObject_GetBuffer(rows, &memory, PyBUF_WRITABLE)
            filled = self.engine.depth(instrument, side, <core.LevelRow *>memory.buf, room)
            PyBuffer_Release(&memory)
            if filled < room or room >= wanted:
                return rows[:filled]
            room = min(wanted, 2 * room)

    cdef size_t _one(self, const core.Command *command) except? 0:
        self._ready()
        self.buffer.clear()
        self.engine.apply(command, 1, self.buffer[0])
        return self.buffer.size()

    cdef object _told(self):
        if self.place != self.buffer.data():  # the first time, and where address space is very short
            self.window = np.frombuffer(self.memory_of_events, EVENT)
            self.place = self.buffer.data()
        return self.window[: self.buffer.size()]

    cdef object _run(self, commands, out):
        """Carry out commands; copy their events to `out` if it is given and holds them all."""
        cdef Py_buffer given, wanted
        cdef Py_ssize_t size = 0
        self._ready()
        PyObject_GetBuffer(commands, &given, PyBUF_SIMPLE)
        try:
            if <uintptr_t>given.buf % ALIGNMENT or self._holds(given.buf):
                return self._run(commands.copy(), out)
            if out is None:
                self._apply(<const core.Command *>given.buf, given.len // sizeof(core.Command))
                return None
            PyObject_GetBuffer(out, &wanted, PyBUF_WRITABLE)
            self._apply(<const core.Command *>given.buf, given.len // sizeof(core.Command))
            size = self.buffer.size()
            if size * <Py_ssize_t>sizeof(core.Event) <= wanted.len:
                memcpy(wanted.buf, self.buffer.data(), size * sizeof(core.Event))
            PyBuffer_Release(&wanted)
            return out[:size] if size <= len(out) else self._told()
        finally:
            PyBuffer_Release(&given)

    cdef void _apply(self, const core.Command *commands, size_t count) noexcept:
        if count < SHORT_BATCH:
            self.buffer.clear()
            self.engine.apply(commands, count, self.buffer[0])
            return
        self.busy = True
        with nogil:
            self.buffer.clear()
            self.engine.apply(commands, count, self.buffer[0])
        self.busy = False

    cdef bint _holds(self, const void *place) noexcept:
        """Say whether a place lies in the event memory, which `_apply` writes to."""
        cdef uintptr_t start = <uintptr_t>self.buffer.data()
        return start <= <uintptr_t>place < start + self.buffer.capacity() * sizeof(core.Event)


class CompiledEngine(Core, Engine):
    """The engine in C++ behind the public face."""

    __slots__ = ()

    name = "compiled"


cdef inline uint64_t _unsigned(number) except? 0:
    """Convert an integer and nothing else: a float would be cut off in silence."""
    if PyLong_Check(number):
        return <uint64_t>number
    return <uint64_t>operator.index(number)


cdef bytes _bytes(const vector[uint8_t] &content):
    return PyBytes_FromStringAndSize(<const char *>content.data(), content.size())
