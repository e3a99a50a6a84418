// What is kept of an order and of a price level.
#pragma once

#include <cstdint>
#include <cstring>

#include "codes.hpp"
#include "records.hpp"

namespace alef {

// The terms of an order in one number: the record's four bytes as they lie there (side, order type, time in force,
// self-trade mode), the flags in bits 4 to 6, and in bit 7 that the order needs more than the plain path.
namespace terms {

constexpr uint32_t FLAG_SHIFT = 4;
constexpr uint32_t OCO_BIT = OCO << FLAG_SHIFT;
constexpr uint32_t POST_ONLY_BIT = POST_ONLY << FLAG_SHIFT;
constexpr uint32_t SPECIAL = 1u << 7;

inline uint32_t word(const Command& c) {
    uint32_t word;
    std::memcpy(&word, &c.side, 4);
    return word;
}
inline uint32_t of(const Command& c) { return word(c) | c.flags << FLAG_SHIFT; }
inline uint32_t side(uint32_t t) { return t & 3; }
inline uint32_t index(uint32_t t) { return (t & 3) - 1; }  // 0 bids, 1 asks
inline uint32_t flags(uint32_t t) { return t >> FLAG_SHIFT & KNOWN_FLAGS; }
inline uint32_t type(uint32_t t) { return t >> 8 & 7; }
inline uint32_t time(uint32_t t) { return t >> 16 & 7; }
inline uint32_t self_trade(uint32_t t) { return t >> 24 & 7; }
inline uint32_t with_type(uint32_t t, OrderType type) { return (t & ~0xff00u) | static_cast<uint32_t>(type) << 8; }
inline bool is_stop(uint32_t t) { return type(t) - STOP_LOSS <= TRAILING_STOP - STOP_LOSS; }
inline bool is_market(uint32_t t) { return type(t) == MARKET; }
inline bool may_rest(uint32_t t) { return time(t) <= GTD && (type(t) == LIMIT || type(t) == ICEBERG); }

}  // namespace terms

// An order in the book: half a cache line. Its id stands in an array beside (most work on an order does not need
// it), its price in its level. `next` and `prev` are its neighbours in the level's queue, 0 for none.
struct Node {
    int64_t open;  // all that is open, the hidden part of an iceberg too
    uint32_t account, owner;
    uint32_t next, prev, level, terms;

    uint32_t& free_link() { return next; }
};
static_assert(sizeof(Node) == 32, "two orders to a cache line");

// What only icebergs and waiting stops have; a parallel array for the second range of nodes.
struct Extra {
    int64_t price;             // of a waiting stop: its limit once it is triggered, or 0
    int64_t stop;              // stop price, or what a trailing stop trails by
    int64_t budget;
    int64_t display, visible;  // of an iceberg
    uint32_t book;
    uint32_t queued;           // its place, from 1, in the queue of elected stops; 0: it waits
};

// The orders at one price of one side. `total` counts hidden quantity too.
struct Level {
    int64_t price, total;
    uint32_t head, tail, count, book;

    uint32_t& free_link() { return head; }
};
static_assert(sizeof(Level) == 32, "two levels to a cache line");

constexpr uint32_t NO_BOOK = UINT32_MAX;

}  // namespace alef
