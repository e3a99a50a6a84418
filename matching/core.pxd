"""Declare what compiled.pyx uses of the C++ engine in core/."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libcpp cimport bool as cbool
from libcpp.vector cimport vector


cdef extern from "engine.hpp" namespace "alef" nogil:
    cdef cppclass Command:
        uint64_t sequence
        uint32_t op, instrument, account, owner
        uint64_t order_id
        uint8_t side, order_type, time_in_force, self_trade
        uint32_t flags
        int64_t price, quantity, stop_price, display_quantity, budget

    cdef cppclass Event:
        uint64_t sequence

    cdef cppclass LevelRow:
        int64_t price, quantity, orders

    cdef cppclass OrderView:
        uint64_t order_id
        uint32_t instrument, account, owner, flags
        uint8_t side, order_type, time_in_force, self_trade
        int64_t price, quantity, stop_price, display_quantity, visible, budget, extreme

    cdef cppclass InstrumentView:
        uint32_t id, phase
        int64_t tick, lot, lowest, highest, last_price
        uint64_t last_order_id

    cdef cppclass Indicative:
        int64_t price, quantity, surplus
        uint8_t side

    cdef cppclass Memory:
        uint64_t live_orders, order_bytes, mapped_bytes

    cdef cppclass EventBuffer:
        EventBuffer() except +
        const Event *data()
        size_t size()
        size_t capacity()
        void clear()

    cdef cppclass Engine:
        Engine() except +
        cbool open_instrument(uint32_t, int64_t, int64_t, int64_t, int64_t) except +
        void apply(const Command *, size_t, EventBuffer &)
        size_t depth(uint32_t, uint8_t, LevelRow *, size_t)
        int64_t best(uint32_t, uint8_t)
        cbool order(uint64_t, OrderView &)
        cbool instrument(uint32_t, InstrumentView &)
        vector[uint32_t] instruments() except +
        Indicative auction(uint32_t, int64_t)
        vector[uint8_t] encode() except +
        vector[uint8_t] encode_one "encode"(uint32_t) except +
        const char *restore(const uint8_t *, size_t) except +
        Memory memory()
