// The canonical bytes of the books, version 2, as matching/state.py lays them out, and which of them are believed.
//
// Two engines are in the same state exactly if these bytes are equal. The records below are the bytes: little
// endian, each field naturally aligned, nothing unnamed. They are copied in and out, as they may lie anywhere.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "codes.hpp"
#include "exact.hpp"
#include "records.hpp"

namespace alef {
namespace snapshot {

constexpr char MAGIC[8] = {'A', 'L', 'E', 'F', 'B', 'O', 'O', 'K'};
constexpr uint32_t VERSION = 2;
constexpr int64_t SLICES = 1000;        // an iceberg shows at least this part of itself
constexpr int64_t WHOLE_PERCENT = 10000;  // in basis points

struct Header {
    char magic[8];
    uint32_t version, instruments;
};

// Followed by its bids, its asks, each in the order in which they would trade, and its stops as they arrived.
struct Instrument {
    uint32_t id, phase;
    int64_t tick, lot, lowest, highest;
    uint64_t last_order_id;
    int64_t last_price;
    uint64_t bids, asks, stops;
};

struct Order {
    uint64_t id;
    uint32_t account, owner;
    int64_t price, open;
    uint32_t flags;
    uint8_t type, time, self_trade, side;
};

// Behind the order, if it is an iceberg.
struct Slice {
    int64_t display, visible;
};

// Behind the order, if it is a waiting stop. `extreme`: 0 unless it trails.
struct Wait {
    int64_t stop, budget, extreme;
};

static_assert(sizeof(Header) == 16 && sizeof(Instrument) == 80 && sizeof(Order) == 40, "the layout of a snapshot");
static_assert(sizeof(Slice) == 16 && sizeof(Wait) == 24, "the layout of a snapshot");

// Reads records one after the other and never past the end.
class Source {
  public:
    Source(const uint8_t* content, size_t size) : at_(content), left_(size) {}

    template <class T>
    bool read(T& record) {
        static_assert(std::is_trivially_copyable<T>::value, "a record is plain bytes");
        if (left_ < sizeof(T)) return false;
        std::memcpy(&record, at_, sizeof(T));
        at_ += sizeof(T);
        left_ -= sizeof(T);
        return true;
    }
    size_t left() const { return left_; }

  private:
    const uint8_t* at_;
    size_t left_;
};

// An instrument's settings, with its tick and lot made ready to divide by.
struct Settings {
    Instrument given;
    Divisor tick, lot;
};

inline bool sound_settings(const Instrument& i) {
    const bool collar = i.lowest >= 0 && i.highest >= 0 && (i.highest == 0 || i.lowest <= i.highest);
    return i.phase >= CONTINUOUS && i.phase <= AUCTION_HALTED && i.tick > 0 && i.lot > 0 && collar &&
           i.last_order_id <= static_cast<uint64_t>(HIGHEST) && i.last_price >= 0 && i.last_price % i.tick == 0;
}

// What every order has, wherever it stands.
inline bool sound_order(const Settings& in, const Order& o, uint32_t side, uint32_t flags) {
    return o.side == side && o.time <= GTD && o.self_trade <= DECREMENT && (o.flags & ~flags) == 0 && o.open > 0 &&
           in.lot.divides(o.open) && o.id > 0 && o.id <= in.given.last_order_id;
}

inline bool sound_limit(const Settings& in, int64_t price) { return price > 0 && in.tick.divides(price); }

inline bool sound_resting(const Settings& in, const Order& o, uint32_t side) {
    const uint32_t flags = o.type == LIMIT ? POST_ONLY | OCO : POST_ONLY;
    return (o.type == LIMIT || o.type == ICEBERG) && sound_order(in, o, side, flags) && sound_limit(in, o.price);
}

inline bool sound_slice(const Settings& in, const Order& o, const Slice& s) {
    return s.display > 0 && in.lot.divides(s.display) && s.visible > 0 && in.lot.divides(s.visible) &&
           s.visible <= s.display && s.visible <= o.open && o.open <= int128{s.display} * SLICES;
}

inline bool sound_extreme(const Settings& in, const Order& o, int64_t extreme) {
    const int64_t last = in.given.last_price;
    const bool beyond = o.side == SELL ? extreme >= last : extreme <= last;
    return last > 0 && extreme > 0 && in.tick.divides(extreme) && beyond;
}

inline bool sound_stop(const Settings& in, const Order& o, const Wait& w) {
    const bool trails = o.type == TRAILING_STOP;
    const uint32_t flags = trails ? OCO | TRAIL_PERCENT : OCO;
    const bool known = o.type == STOP_LOSS || o.type == STOP_LIMIT || trails;
    if (!known || (o.side != BUY && o.side != SELL) || !sound_order(in, o, o.side, flags)) return false;
    const bool limit = o.type == STOP_LIMIT;
    if (limit ? !sound_limit(in, o.price) : o.price != 0) return false;
    const bool percent = (o.flags & TRAIL_PERCENT) != 0;
    if (percent ? w.stop < 1 || w.stop >= WHOLE_PERCENT : !sound_limit(in, w.stop)) return false;
    if (w.budget < 0 || (w.budget > 0 && (limit || o.side != BUY))) return false;
    return trails ? sound_extreme(in, o, w.extreme) : w.extreme == 0;
}

}  // namespace snapshot
}  // namespace alef
