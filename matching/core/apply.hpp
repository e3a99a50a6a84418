// From a batch of commands to the verbs.
#pragma once

#include <algorithm>

#include "core.hpp"

namespace alef {

inline void Core::apply(const Command* commands, size_t count, EventBuffer& events) noexcept {
    out_ = &events;
    for (size_t i = 0; i < count;) {
        const size_t stop = std::min(count, i + limits::BLOCK);
        const bool deep = store_.live_orders() > limits::DEEP && last_book_;
        for (; i < stop; ++i) {
            if (deep) {
                look_far_ahead(commands, i, count);
            } else {
                look_ahead(commands, i, count);
            }
            one(commands[i]);
        }
    }
    if (unlikely(store_.live_orders() == 0) && store_.worth_a_reset()) {
        for (auto& book : books_) {
            for (Ladder& side : book->sides) side.clear();
        }
        store_.reset();
    }
}

inline void Core::one(const Command& c) {
    Book* book = last_book_;
    if (unlikely(c.instrument != last_instrument_)) book = book_at(c.instrument);
    if (unlikely(!book)) return refuse(c, c.op - NEW <= SET_COLLAR - NEW ? UNKNOWN_INSTRUMENT : UNKNOWN_OP);
    carry_out(c, *book);
}

inline void Core::carry_out(const Command& c, Book& book) {
    if (c.op == NEW) {
        new_order(c, book);
    } else if (c.op == CANCEL) {
        cancel(c, book);
    } else {
        carry_out_rare(c, book);
    }
}

ALEF_RARE inline void Core::carry_out_rare(const Command& c, Book& book) {
    switch (c.op) {
        case REDUCE: reduce(c, book); break;
        case REPLACE: replace(c, book); break;
        case EXPIRE: expire(c, book); break;
        case CANCEL_ALL: cancel_all(c, book); break;
        case HALT: halt(c, book); break;
        case RESUME: resume(c, book); break;
        case OPEN_AUCTION: open_auction(c, book); break;
        case UNCROSS: uncross(c, book); break;
        case SET_COLLAR: set_collar(c, book); break;
        default: refuse(c, UNKNOWN_OP);
    }
}

// With more orders than the cache holds, each step on the way to one is a miss of 20 ns and more. So the steps of the
// commands to come are begun early, each when the one before should be there. Nothing that is read here is believed.
// (The empty asm: g++ takes a function that only fetches for one without effect, and drops the call.)
inline void Core::look_ahead(const Command* commands, size_t i, size_t count) {
    constexpr size_t FIRST = 6, SECOND = 3;
    if (i + FIRST >= count) return;
    __asm__ volatile("");
    __builtin_prefetch(store_.ids.peek(commands[i + FIRST].order_id));
    __builtin_prefetch(&store_.nodes[*store_.ids.peek(commands[i + SECOND].order_id)], 1);
}

inline void Core::look_far_ahead(const Command* commands, size_t i, size_t count) {
    constexpr size_t FIRST = 12, SECOND = 8, THIRD = 4;
    if (i + FIRST >= count) return;
    __asm__ volatile("");
    const Command &first = commands[i + FIRST], &second = commands[i + SECOND], &third = commands[i + THIRD];
    if (first.op == NEW) {
        __builtin_prefetch(&level_ahead(first), 1);
    } else {
        __builtin_prefetch(store_.ids.peek(first.order_id));
    }
    if (second.op == NEW) {
        __builtin_prefetch(&store_.nodes[level_ahead(second).tail], 1);
    } else {
        __builtin_prefetch(&store_.nodes[*store_.ids.peek(second.order_id)], 1);
    }
    if (third.op == NEW) return;
    const uint32_t number = *store_.ids.peek(third.order_id);
    const Node& node = store_.nodes[number];
    __builtin_prefetch(&store_.order_ids[number], 1);  // the next new order takes this node over
    __builtin_prefetch(&store_.nodes[node.next], 1);
    __builtin_prefetch(&store_.nodes[node.prev], 1);
    __builtin_prefetch(&store_.levels[node.level], 1);
}

// Where an order would come to rest, if it is about the book of the last command.
inline const Level& Core::level_ahead(const Command& c) const {
    const Ladder& side = last_book_->sides[c.side == SELL];
    return store_.levels[side.peek(side.key(c.price))];
}

inline size_t Core::place_of(uint32_t instrument) const {
    return (instrument * uint64_t{0x9E3779B97F4A7C15} >> 32) & (books_by_id_.size() - 1);
}

// The book of an instrument; remembered, for most commands are about the same one as the command before.
ALEF_RARE inline Book* Core::book_at(uint32_t instrument) {
    size_t last = books_by_id_.size() - 1;
    for (size_t at = place_of(instrument);; at = (at + 1) & last) {
        Book* book = books_by_id_[at];
        if (!book) return nullptr;
        if (book->id != instrument) continue;
        last_instrument_ = instrument;
        return last_book_ = book;
    }
}

}  // namespace alef
