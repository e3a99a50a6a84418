// The public face of the compiled engine: commands in, events out, and questions that change nothing.
//
// One thread at a time may use an engine; several engines do not know of each other. What each command does is told in
// matching/README.md; the same commands give the same events and the same state, byte for byte, as the reference.
#pragma once

#include <memory>
#include <vector>

#include "apply.hpp"
#include "checks.hpp"
#include "core.hpp"
#include "match.hpp"
#include "new_order.hpp"
#include "queries.hpp"
#include "resting.hpp"
#include "snapshot.hpp"
#include "tell.hpp"
#include "uncross.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace alef {

class Engine {
  public:
    // Throws std::bad_alloc if address space cannot be had.
    Engine() : core_(new Core) {}
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Open an empty book in continuous trading. `tick`, `lot` above 0; bounds of the collar 0 or above and in order,
    // 0 for none. False: it is open already.
    bool open_instrument(uint32_t id, int64_t tick, int64_t lot, int64_t lowest, int64_t highest) {
        return core_->open_instrument(id, tick, lot, lowest, highest);
    }

    // Carry out commands one after the other and append their events. Any bits in any field are taken. `commands` is
    // aligned to 8 bytes and does not overlap the events.
    void apply(const Command* commands, size_t count, EventBuffer& events) noexcept {
        core_->apply(commands, count, events);
    }

    // Write the first `n` price levels of a side, best first; return how many there are of them.
    size_t depth(uint32_t id, uint8_t side, LevelRow* out, size_t n) const {
        const Book* book = core_->find(id);
        return book ? core_->depth(*book, side, out, n) : 0;
    }

    // The best price of a side, 0 where it is empty.
    int64_t best(uint32_t id, uint8_t side) const {
        LevelRow row;
        return depth(id, side, &row, 1) == 1 ? row.price : 0;
    }

    // A resting order or waiting stop; false if there is none of this id.
    bool order(uint64_t order_id, OrderView& out) const { return core_->order(order_id, out); }

    // False: not open.
    bool instrument(uint32_t id, InstrumentView& out) const {
        const Book* book = core_->find(id);
        if (!book) return false;
        out = InstrumentView{book->id,      book->phase,   book->tick.value(), book->lot.value(),
                             book->lowest, book->highest, book->last_price,   book->last_order_id};
        return true;
    }

    // The ids of all open instruments, ascending.
    std::vector<uint32_t> instruments() const {
        std::vector<uint32_t> ids;
        for (const Book* book : core_->books()) ids.push_back(book->id);
        return ids;
    }

    // What UNCROSS would trade now, self-trade prevention aside. `reference`: a multiple of the tick; 0: the last price.
    Indicative auction(uint32_t id, int64_t reference) const {
        const Book* book = core_->find(id);
        return book ? core_->auction(*book, reference) : Indicative{0, 0, 0, 0};
    }

    // The canonical bytes of all books, or of one, without their hash; empty if it is not open. Throws std::bad_alloc.
    std::vector<uint8_t> encode() const { return snapshot::encode(*core_, core_->books()); }
    std::vector<uint8_t> encode(uint32_t id) const {
        const Book* book = core_->find(id);
        return book ? snapshot::encode(*core_, {book}) : std::vector<uint8_t>();
    }

    // Replace everything by the state in canonical bytes, without their hash. nullptr: done; else why not, and nothing
    // is changed. Throws std::bad_alloc, and then nothing is changed either.
    const char* restore(const uint8_t* content, size_t size) {
        if (const char* why = snapshot::fault(content, size)) return why;
        std::unique_ptr<Core> fresh(new Core);
        if (const char* why = snapshot::build(*fresh, content, size)) return why;
        core_ = std::move(fresh);
        return nullptr;
    }

    Memory memory() const { return core_->memory(); }

  private:
    std::unique_ptr<Core> core_;
};

}  // namespace alef
