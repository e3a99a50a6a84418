// Read a snapshot from end to end, believing nothing, before anything is built from it.
//
// What has passed here is a state that some stream of commands may lead to, so building it cannot fail half way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "snapshot_format.hpp"

namespace alef {
namespace snapshot {

class Survey {
  public:
    // One order: its id, and its place among all orders of the snapshot, from 0.
    struct Entry {
        uint64_t id, place;
        bool operator<(const Entry& other) const { return id < other.id; }
    };

    // Read canonical bytes, without the hash. nullptr: sound; else why not. May throw std::bad_alloc.
    const char* read(const uint8_t* content, size_t size) {
        Source source(content, size);
        Header header;
        if (!source.read(header) || std::memcmp(header.magic, MAGIC, sizeof MAGIC) != 0) {
            return "not a snapshot of an engine";
        }
        if (header.version != VERSION) return "a snapshot of another version";
        entries_.reserve(source.left() / sizeof(Order));
        for (uint32_t i = 0; i < header.instruments; ++i) {
            if (const char* why = read_instrument(source, i)) return why;
        }
        if (source.left() > 0) return "the snapshot has bytes after its last book";
        return check_whole();
    }

    // After a `read` that found nothing: every order, lowest id first.
    const std::vector<Entry>& entries() const { return entries_; }
    uint64_t extras() const { return extras_; }  // icebergs and waiting stops among them

  private:
    // One leg of an OCO pair.
    struct Leg {
        uint64_t id;
        int64_t open;
        uint32_t book, account, owner;
        uint8_t side;
        bool stop;
        bool operator<(const Leg& other) const { return id < other.id; }
        bool pairs_with(const Leg& next) const {
            return !stop && next.stop && next.id == id + 1 && next.open == open && next.book == book &&
                   next.account == account && next.owner == owner && next.side == side;
        }
    };

    // A side as far as it was read. `last` is the worst price so far, 0 before the first order.
    struct SideSoFar {
        int64_t best = 0, last = 0, total = 0;
    };

    static constexpr const char* SHORT = "the snapshot ends in the middle of a record";

    const char* read_instrument(Source& source, uint32_t book) {
        Settings in;
        if (!source.read(in.given)) return SHORT;
        if (book > 0 && in.given.id <= last_instrument_) return "the instruments are out of order";
        last_instrument_ = in.given.id;
        if (!sound_settings(in.given)) return "an instrument has impossible settings";
        in.tick = Divisor(in.given.tick);
        in.lot = Divisor(in.given.lot);
        SideSoFar bids, asks;
        if (const char* why = read_side(source, in, book, BUY, in.given.bids, bids)) return why;
        if (const char* why = read_side(source, in, book, SELL, in.given.asks, asks)) return why;
        const bool crossed = bids.best > 0 && asks.best > 0 && bids.best >= asks.best;
        const bool auction = in.given.phase == AUCTION || in.given.phase == AUCTION_HALTED;
        if (crossed && !auction) return "the book of an instrument is crossed";
        return read_stops(source, in, book);
    }

    const char* read_side(Source& source, const Settings& in, uint32_t book, uint8_t side, uint64_t count,
                          SideSoFar& so_far) {
        for (; count > 0; --count) {
            Order order;
            if (!source.read(order)) return SHORT;
            if (!sound_resting(in, order, side)) return "an order cannot rest in its book";
            if (order.type == ICEBERG) {
                Slice slice;
                if (!source.read(slice)) return SHORT;
                if (!sound_slice(in, order, slice)) return "an iceberg shows what it cannot";
                ++extras_;
            }
            const bool better = side == BUY ? order.price > so_far.last : order.price < so_far.last;
            if (so_far.last > 0 && better) return "an order stands out of priority";
            if (so_far.last == 0) so_far.best = order.price;
            so_far.last = order.price;
            if (order.open > HIGHEST - so_far.total) return "an instrument has more open quantity than a side can hold";
            so_far.total += order.open;
            note(order, book, false);
        }
        return nullptr;
    }

    const char* read_stops(Source& source, const Settings& in, uint32_t book) {
        for (uint64_t count = in.given.stops; count > 0; --count) {
            Order order;
            Wait wait;
            if (!source.read(order) || !source.read(wait)) return SHORT;
            if (!sound_stop(in, order, wait)) return "a stop cannot wait in its book";
            ++extras_;
            note(order, book, true);
        }
        return nullptr;
    }

    void note(const Order& order, uint32_t book, bool stop) {
        entries_.push_back({order.id, entries_.size()});
        if ((order.flags & OCO) == 0) return;
        legs_.push_back({order.id, order.open, book, order.account, order.owner, order.side, stop});
    }

    const char* check_whole() {
        std::sort(entries_.begin(), entries_.end());
        for (size_t i = 1; i < entries_.size(); ++i) {
            if (entries_[i].id == entries_[i - 1].id) return "an order stands in the books twice";
        }
        // A leg's id is its partner's id and one, so in order of ids the pairs stand together.
        std::sort(legs_.begin(), legs_.end());
        if (legs_.size() % 2 != 0) return "an order misses its partner";
        for (size_t i = 0; i < legs_.size(); i += 2) {
            if (!legs_[i].pairs_with(legs_[i + 1])) return "an order misses its partner";
        }
        return nullptr;
    }

    std::vector<Entry> entries_;
    std::vector<Leg> legs_;
    uint64_t extras_ = 0;
    uint32_t last_instrument_ = 0;
};

}  // namespace snapshot
}  // namespace alef
