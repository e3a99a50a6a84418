// Stops: how they wait for a trade, and how they come in when one elects them.
#pragma once

#include "core.hpp"

namespace alef {

// Let a stop wait; in continuous trading, elect it if the last price is there already.
inline void Core::wait(Book& book, const Incoming& in, int64_t stop) {
    uint32_t number = in.node;
    if (number == 0) {
        number = store_.take_special(in.id);
        store_.ids.add(in.id, number);
    }
    store_.nodes[number] = Node{in.open, in.account, in.owner, 0, 0, 0, in.terms | terms::SPECIAL};
    Extra& extra = store_.extra(number);
    extra.price = in.price;
    extra.stop = stop;
    extra.budget = in.budget;
    extra.book = book.number;
    const bool buy = terms::side(in.terms) == BUY;
    const Trail trail = trail_of(in.terms);
    const int64_t extreme = trail == Trail::none ? 0 : book.last_price;
    const bool now = book.phase == CONTINUOUS && book.last_price > 0 &&
                     Stops::through(buy, trail, stop, extreme, book.last_price);
    if (now) {
        queue_.push_back(number);
        extra.queued = static_cast<uint32_t>(queue_.size());
    } else {
        extra.queued = 0;
        book.stops.add(number, buy, trail, stop, extreme, ++arrivals_);
    }
}

inline Trail Core::trail_of(uint32_t t) {
    if (terms::type(t) != TRAILING_STOP) return Trail::none;
    return (terms::flags(t) & TRAIL_PERCENT) != 0 ? Trail::percent : Trail::absolute;
}

// Bring in the elected stops, first elected first; their trades may elect more, which come last.
ALEF_RARE inline void Core::work_off(const Command& c, Book& book) {
    for (size_t i = 0; i < queue_.size(); ++i) {
        if (queue_[i] != 0) trigger(c, book, queue_[i]);
    }
    queue_.clear();
}

// Turn an elected stop into the order it stands for, and let that come in.
inline void Core::trigger(const Command& c, Book& book, uint32_t number) {
    const Node node = store_.nodes[number];
    const Extra extra = store_.extra(number);
    Incoming in{store_.order_ids[number], node.open, extra.price, extra.budget, 0, node.account, node.owner,
                node.terms & ~(terms::OCO_BIT | terms::SPECIAL), 0};
    release(number);
    tell_incoming(c, Kind::TRIGGERED, NONE, in, in.open);
    cancel_other_leg(c, book, in.id, node.terms);
    if (terms::type(in.terms) == STOP_LIMIT) {
        in.terms = terms::with_type(in.terms, LIMIT);
        if (!book.within_collar(in.price)) return drop(c, in, in.open, PRICE_OUTSIDE_COLLAR);
        if (in.open > HIGHEST - book.own(in.terms).open) return drop(c, in, in.open, OPEN_QUANTITY_LIMIT);
    }
    enter(c, book, in);
}

}  // namespace alef
