// The records that go in and come out (the bytes of matching/records.py), and the answers to questions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace alef {

// What a signed 64-bit number holds: the highest price, quantity, budget, order id and open quantity of a side.
constexpr int64_t HIGHEST = INT64_MAX;
constexpr uint64_t LAST_ID = INT64_MAX;

struct Command {
    uint64_t sequence;
    uint32_t op, instrument, account, owner;
    uint64_t order_id;
    uint8_t side, order_type, time_in_force, self_trade;
    uint32_t flags;
    int64_t price, quantity, stop_price, display_quantity, budget;
};

struct Event {
    uint64_t sequence;
    uint8_t kind, side;
    uint16_t reason;
    uint32_t instrument;
    uint64_t order_id, maker_order_id;
    uint32_t account, maker_account;
    int64_t price, quantity, remaining;
};

struct LevelRow {
    int64_t price, quantity, orders;
};

struct OrderView {
    uint64_t order_id;
    uint32_t instrument, account, owner, flags;
    uint8_t side, order_type, time_in_force, self_trade;
    int64_t price, quantity, stop_price, display_quantity, visible, budget, extreme;
};

struct InstrumentView {
    uint32_t id, phase;
    int64_t tick, lot, lowest, highest, last_price;
    uint64_t last_order_id;
};

struct Indicative {
    int64_t price, quantity, surplus;
    uint8_t side;
};

// `order_bytes`: what the live orders, their index and their levels use now. `mapped_bytes`: what was touched and
// not yet given back to the machine.
struct Memory {
    uint64_t live_orders, order_bytes, mapped_bytes;
};

static_assert(sizeof(Command) == 80 && sizeof(Event) == 64 && sizeof(LevelRow) == 24, "the layout of the journal");
static_assert(offsetof(Command, side) == 32 && offsetof(Command, price) == 40, "the layout of the journal");
static_assert(offsetof(Event, kind) == 8 && offsetof(Event, account) == 32, "the layout of the journal");
static_assert(std::is_trivial<Command>::value && std::is_trivial<Event>::value, "records are plain bytes");
#if defined(__BYTE_ORDER__)
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little endian");
#endif

}  // namespace alef
