// NEW: the plain path for limit orders that may rest, and the way for all others.
#pragma once

#include "core.hpp"

namespace alef {

// All that can be wrong with a limit order, in few operations and one branch. False means only that the order needs
// the long way, which names the reason if there is one.
inline bool Core::is_plain(const Command& c, const Book& book) const {
    // Side 1 or 2, type 0, time 0 to 3 (all but FOK), mode 0 to 4: each byte's top bit tells whether it, or it plus
    // 128 minus its first value too high, has reached 128.
    const uint32_t word = terms::word(c);
    uint64_t wrong = (word | (word + 0x7B7C7F7Du)) & 0x80808080u;
    wrong |= (word & 0xFF) == 0;
    wrong |= c.flags & ~static_cast<uint32_t>(c.time_in_force != IOC);  // POST_ONLY, if it may rest
    wrong |= static_cast<uint64_t>(c.stop_price | c.display_quantity | c.budget);
    wrong |= book.phase ^ CONTINUOUS;
    wrong |= !store_.roomy;
    // The bounds are not negative and in order, so a value below them wraps round to one far above.
    const auto price = static_cast<uint64_t>(c.price), quantity = static_cast<uint64_t>(c.quantity);
    const auto low = static_cast<uint64_t>(book.low), high = static_cast<uint64_t>(book.high);
    wrong |= price - low > high - low;
    wrong |= !book.tick.divides(c.price);
    wrong |= !book.lot.divides(c.quantity);
    wrong |= c.order_id - last_order_id_ - 1 >= LAST_ID - last_order_id_;
    const Ladder& own = book.sides[(word & 3) == SELL];
    wrong |= quantity - 1 >= static_cast<uint64_t>(HIGHEST - own.open);
    return wrong == 0;
}

inline Incoming Core::incoming(const Command& c) const {
    return Incoming{c.order_id, c.quantity, c.price,         c.budget, c.display_quantity,
                    c.account,  c.owner,    terms::of(c), 0};
}

inline void Core::new_order(const Command& c, Book& book) {
    if (unlikely(!is_plain(c, book))) return new_other(c, book);
    const uint32_t t = terms::of(c);
    const uint64_t ticks = book.tick.quotient(c.price);
    Ladder &own = book.own(t), &other = book.other(t);
    const uint64_t key = ticks ^ own.mask;
    const bool crosses = other.best_key <= (ticks ^ other.mask);
    if (unlikely(crosses && c.flags != 0)) return refuse(c, POST_ONLY_WOULD_TRADE);
    last_order_id_ = book.last_order_id = c.order_id;
    tell(c, Kind::ACCEPTED, NONE, c.order_id, t, c.account, c.price, c.quantity, c.quantity);
    if (crosses || c.time_in_force == IOC) {
        Incoming in = incoming(c);
        enter(c, book, in);
        if (unlikely(!queue_.empty())) work_off(c, book);
        return;
    }
    const uint32_t number = store_.take_node(c.order_id);
    store_.ids.add(c.order_id, number);
    Node& node = store_.nodes[number];
    node.open = c.quantity;
    node.account = c.account;
    node.owner = c.owner;
    node.terms = t;
    link(own, number, key);
}

inline void Core::new_other(const Command& c, Book& book) {
    if (Reason reason = check_new(c, book)) return refuse(c, reason);
    last_order_id_ = book.last_order_id = c.order_id;
    if ((c.flags & OCO) != 0) {
        store_.nodes[store_.ids.find(c.order_id - 1)].terms |= terms::OCO_BIT | terms::SPECIAL;
    }
    tell(c, Kind::ACCEPTED, NONE, c.order_id, terms::of(c), c.account, c.price, c.quantity, c.quantity);
    Incoming in = incoming(c);
    if (terms::is_stop(in.terms)) {
        wait(book, in, c.stop_price);
    } else {
        enter(c, book, in);
    }
    if (!queue_.empty()) work_off(c, book);
}

}  // namespace alef
