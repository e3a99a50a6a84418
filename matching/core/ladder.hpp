// One side of a book: from prices to levels, best first.
//
// Prices are counted in ticks and turned round for bids, so that on both sides the lowest key trades first and one
// code serves both. Around the market lies a window of keys; the few prices outside stand in a sorted map, so one
// wild price costs a search and not gigabytes.
#pragma once

#include "exact.hpp"
#include "store.hpp"

namespace alef {

class Ladder {
  public:
    static constexpr uint64_t NO_KEY = UINT64_MAX;            // no price is so bad: what an empty side answers
    static constexpr uint64_t LAST_KEY = uint64_t{INT64_MAX};  // the worst key that a price can have
    static constexpr uint64_t NO_WINDOW = LAST_KEY + 1;         // so far away that no key lies in it

    uint64_t best_key = NO_KEY;
    uint32_t best_level = 0;
    uint32_t book = 0;      // the number of the book, for its levels
    uint64_t mask = 0;      // turns ticks into keys and back
    uint64_t base = NO_WINDOW;  // the first key of the window, a multiple of 64
    Window* window = nullptr;  // number 0, in which there is nothing, if the side has none of its own
    int64_t open = 0;       // all open quantity of the side
    uint64_t orders = 0;

    Ladder(Store& store, uint32_t book_number, bool bids, int64_t tick)
        : book(book_number), mask(bids ? LAST_KEY : 0), window(store.windows), store_(&store), tick_(tick),
          far_(PoolAllocator<PoolMap<uint64_t, uint32_t>::value_type>(store.pool)),
          hidden_(PoolAllocator<PoolMap<uint64_t, int64_t>::value_type>(store.pool)) {}

    // The key of a price that is a multiple of the tick, and the price of a key.
    uint64_t key(int64_t price) const { return tick_.quotient(price) ^ mask; }
    int64_t price(uint64_t key) const {
        return static_cast<int64_t>((key ^ mask) * static_cast<uint64_t>(tick_.value()));
    }

    // The level of a key, made if need be; 0 only if the memory for levels is used up. Levels may change their
    // numbers meanwhile.
    uint32_t level(uint64_t key) {
        uint64_t at = key - base;
        if (likely(at < Window::SPAN)) {
            uint32_t page = window->chunks[at / 64].page;
            if (likely(page != 0)) return page + static_cast<uint32_t>(at % 64);
        }
        return make_level(key);
    }

    // The number of the level of a key, if it is there and near the market; else that of any other level, or of none.
    // Any number may be given for a key. Without a branch, for it is asked about commands whose turn has not come.
    uint32_t peek(uint64_t key) const {
        uint64_t at = key - base;
        at = at < Window::SPAN ? at : 0;
        return window->chunks[at / 64].page + static_cast<uint32_t>(at % 64);
    }

    // Tell that a level got its first order.
    void occupy(uint64_t key, uint32_t level) {
        uint64_t at = key - base;
        if (likely(at < Window::SPAN)) {
            Chunk& chunk = window->chunks[at / 64];
            if (chunk.bits == 0) occupy_chunk(at / 64);
            chunk.bits |= uint64_t{1} << at % 64;
        }
        if (key < best_key) {
            best_key = key;
            best_level = level;
        }
    }

    // Tell that a level lost its last order.
    void vacate(uint64_t key) {
        uint64_t at = key - base;
        if (unlikely(at >= Window::SPAN)) return vacate_far(key);
        Chunk& chunk = window->chunks[at / 64];
        chunk.bits &= ~(uint64_t{1} << at % 64);
        if (key == best_key) {
            if (likely(chunk.bits != 0)) {
                auto slot = static_cast<uint32_t>(__builtin_ctzll(chunk.bits));
                best_key = base + at / 64 * 64 + slot;
                best_level = chunk.page + slot;
            } else {
                vacate_chunk(at / 64);
                find_best();
            }
        } else if (chunk.bits == 0) {
            vacate_chunk(at / 64);
        }
    }

    // Walk the levels, best first: the first key at or behind `from`, NO_KEY if there is none. Sets its level.
    uint64_t next_key(uint64_t from, uint32_t& level) const;

    // Let go of all pages and of the window. Only when no order is left.
    void clear();

    // Hidden quantity of icebergs, by key, so that the depth need not visit every order.
    void hide(uint64_t key, int64_t change) {
        if (change == 0) return;
        int64_t& sum = hidden_[key];
        sum += change;
        if (sum == 0) hidden_.erase(key);
    }
    int64_t hidden(uint64_t key) const {
        auto found = hidden_.find(key);
        return found == hidden_.end() ? 0 : found->second;
    }

  private:
    void occupy_chunk(uint64_t chunk) {
        window->occupied[chunk / 64] |= uint64_t{1} << chunk % 64;
        window->top |= uint64_t{1} << chunk / 64;
        --idle_;
    }
    void vacate_chunk(uint64_t chunk) {
        uint64_t& word = window->occupied[chunk / 64];
        word &= ~(uint64_t{1} << chunk % 64);
        if (word == 0) window->top &= ~(uint64_t{1} << chunk / 64);
        if (unlikely(++idle_ > limits::MANY_IDLE)) give_idle_pages();
    }

    uint32_t make_level(uint64_t key);
    void make_window(uint64_t key);
    void vacate_far(uint64_t key);
    void give_idle_pages();
    void recentre();
    ALEF_RARE void find_best() { best_key = next_key(0, best_level); }
    uint32_t make_page(uint64_t chunk);
    uint64_t next_in_window(uint64_t at) const;
    uint64_t base_around(uint64_t key) const;

    Store* store_ = nullptr;
    Divisor tick_;
    uint32_t window_number_ = 0;
    uint32_t idle_ = 0;       // pages none of whose levels holds an order
    uint64_t far_uses_ = 0;   // since the window was last moved
    PoolMap<uint64_t, uint32_t> far_;
    PoolMap<uint64_t, int64_t> hidden_;
};

}  // namespace alef

#include "ladder_cold.hpp"
