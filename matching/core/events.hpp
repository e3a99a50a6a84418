// Where events are written to: one line of 64 bytes each, one after the other.
#pragma once

#include <cstdlib>
#include <cstring>

#include "arena.hpp"
#include "codes.hpp"
#include "limits.hpp"
#include "records.hpp"

namespace alef {

class EventBuffer {
  public:
    // Throws std::bad_alloc if not even a small reservation of address space can be had.
    EventBuffer() {
        size_t bytes = MOST;
        while (!map_.reserve(bytes)) {
            if (bytes <= LEAST) throw std::bad_alloc();
            bytes /= 2;
        }
        if (bytes < limits::EVENT_BYTES) {  // address space is short: leave most of it to others, and grow if need be
            const size_t modest = bytes >> (limits::MODESTY + 2);
            map_.drop();
            if (!map_.reserve(modest > limits::LEAST_EVENT_BYTES ? modest : limits::LEAST_EVENT_BYTES)) {
                throw std::bad_alloc();
            }
        }
        attach(0);
    }

    const Event* data() const { return begin_; }
    size_t size() const { return static_cast<size_t>(end_ - begin_); }
    size_t capacity() const { return static_cast<size_t>(limit_ - begin_); }

    // Forget all events. What one unusually long answer used is given back to the machine.
    void clear() {
        if (unlikely(size() > KEPT)) {
            Mapping::give_back(reinterpret_cast<char*>(begin_ + KEPT), reinterpret_cast<char*>(end_));
        }
        end_ = begin_;
    }

    // Room for one more event, whose 64 bytes the caller writes all.
    Event& next() {
        if (unlikely(end_ == limit_)) grow();
        return *end_++;
    }

    // Write one event; `head` is kind, side, reason and instrument as they lie in the record.
    void put(uint64_t sequence, uint64_t head, uint64_t id, uint64_t maker, uint64_t accounts, int64_t price,
             int64_t quantity, int64_t remaining) {
        Event& event = next();
        event.sequence = sequence;
        std::memcpy(&event.kind, &head, 8);
        event.order_id = id;
        event.maker_order_id = maker;
        std::memcpy(&event.account, &accounts, 8);
        event.price = price;
        event.quantity = quantity;
        event.remaining = remaining;
    }

    static uint64_t head(Kind kind, uint32_t side, uint32_t reason, uint32_t instrument) {
        return static_cast<uint64_t>(kind) | side << 8 | reason << 16 | static_cast<uint64_t>(instrument) << 32;
    }

  private:
    static constexpr size_t MOST = limits::EVENT_BYTES, LEAST = limits::LEAST_EVENT_BYTES, KEPT = limits::KEPT_EVENTS;

    void attach(size_t used) {
        begin_ = reinterpret_cast<Event*>(map_.data());
        end_ = begin_ + used;
        limit_ = begin_ + map_.size() / sizeof(Event);
    }

    // Reached only where address space was so short that the reservation had to be small. The old place stays, for
    // whoever still reads what was told there.
    ALEF_COLD void grow() {
        Mapping larger;
        if (!larger.reserve(map_.size() * 2)) std::abort();  // an answer lost would be worse
        std::memcpy(larger.data(), begin_, size() * sizeof(Event));
        size_t used = size();
        old_[moves_++].take(map_);
        map_.take(larger);
        attach(used);
    }

    Mapping map_, old_[48];  // each twice as large as the one before
    size_t moves_ = 0;
    Event *begin_ = nullptr, *end_ = nullptr, *limit_ = nullptr;
};

}  // namespace alef
