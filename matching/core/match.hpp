// How an incoming order trades.
#pragma once

#include <algorithm>

#include "core.hpp"

namespace alef {

// Trade an incoming order as far as it goes; then let the rest stand in the book, or cancel it. In an auction nothing
// trades, and only orders that may rest are let in.
inline void Core::enter(const Command& c, Book& book, Incoming& in) {
    const bool limited = in.price != 0;
    Reason why = NO_LIQUIDITY;
    if (likely(book.phase == CONTINUOUS)) {
        const uint64_t worst = limited ? book.other(in.terms).key(in.price) : book.market_key[terms::index(in.terms)];
        why = match(c, book, in, worst);
    }
    if (in.open == 0) {
        if (in.node != 0) release(in.node);
        return;
    }
    if (limited && why == NO_LIQUIDITY) {
        if (likely(terms::time(in.terms) <= GTD)) return rest(book, in);
        why = IOC_REMAINDER;
    }
    if (in.node != 0) release(in.node);
    drop(c, in, in.open, why);
}

inline void Core::drop(const Command& c, Incoming& in, int64_t quantity, Reason reason) {
    in.open -= quantity;
    tell_incoming(c, in.open != 0 ? Kind::REDUCED : Kind::CANCELLED, reason, in, quantity);
}

// Trade against the other side's first order again and again, to the key `limit`; return why it stopped. NONE: nothing
// is left open; NO_LIQUIDITY: no resting order is within the limit.
inline Reason Core::match(const Command& c, Book& book, Incoming& in, uint64_t limit) {
    Ladder& other = book.other(in.terms);
    const bool prevents = terms::self_trade(in.terms) != ALLOW;
    const uint64_t head = EventBuffer::head(Kind::TRADE, terms::side(in.terms), NONE, c.instrument);
    int64_t cash = in.budget;
    while (other.best_key <= limit) {
        Level& level = store_.levels[other.best_level];
        const uint32_t number = level.head;
        Node& maker = store_.nodes[number];
        if (unlikely((maker.terms & terms::SPECIAL) != 0 || in.budget != 0 || (prevents && maker.owner == in.owner))) {
            Reason why = meet(c, book, in, cash);
            if (why != NONE || in.open == 0) return why;
            continue;
        }
        const int64_t price = level.price, quantity = std::min(in.open, maker.open);
        in.open -= quantity;
        out_->put(c.sequence, head, in.id, store_.order_ids[number],
                  in.account | static_cast<uint64_t>(maker.account) << 32, price, quantity, in.open);
        level.total -= quantity;
        other.open -= quantity;
        if (quantity == maker.open) {
            pop(other, level, maker);
            release(number);
        } else {
            maker.open -= quantity;
        }
        traded_at(book, price);
        if (in.open == 0) return NONE;
    }
    return in.price != 0 || other.best_key == Ladder::NO_KEY ? NO_LIQUIDITY : PRICE_OUTSIDE_COLLAR;
}

inline void Core::traded_at(Book& book, int64_t price) {
    book.last_price = price;
    if (unlikely(!book.stops.quiet(price))) elect(book, price);
}

// One step of the walk where the plain path does not do: a budget, an own order, an iceberg or a leg of a pair.
// Returns why the walk ends here, or NONE.
ALEF_RARE inline Reason Core::meet(const Command& c, Book& book, Incoming& in, int64_t& cash) {
    const Level& level = store_.levels[book.other(in.terms).best_level];
    const uint32_t number = level.head;
    const Node& maker = store_.nodes[number];
    const int64_t price = level.price;
    const bool iceberg = terms::type(maker.terms) == ICEBERG;
    int64_t quantity = std::min(in.open, iceberg ? store_.extra(number).visible : maker.open);
    if (in.budget != 0) {
        int64_t affordable = cash / price;
        affordable -= affordable % book.lot.value();
        if (affordable == 0) return BUDGET_EXHAUSTED;
        quantity = std::min(quantity, affordable);
    }
    if (terms::self_trade(in.terms) != ALLOW && maker.owner == in.owner) return prevent_self_trade(c, book, in, number);
    if (in.budget != 0) cash -= quantity * price;  // at most `cash`
    trade_special(c, book, in, number, quantity);
    return NONE;
}

// Do what the incoming order's mode says; return a reason if the incoming order must go.
inline Reason Core::prevent_self_trade(const Command& c, Book& book, Incoming& in, uint32_t maker) {
    const int64_t open = store_.nodes[maker].open;
    switch (terms::self_trade(in.terms)) {
        case CANCEL_NEWEST: return SELF_TRADE_CANCEL_NEWEST;
        case CANCEL_OLDEST:
            take_off(c, book, maker, open, Kind::CANCELLED, SELF_TRADE_CANCEL_OLDEST);
            return NONE;
        case CANCEL_BOTH:
            take_off(c, book, maker, open, Kind::CANCELLED, SELF_TRADE_CANCEL_BOTH);
            return SELF_TRADE_CANCEL_BOTH;
        default: {
            const int64_t both = std::min(in.open, open);
            take_off(c, book, maker, both, Kind::CANCELLED, SELF_TRADE_DECREMENT);
            drop(c, in, both, SELF_TRADE_DECREMENT);
            return NONE;
        }
    }
}

// Trade with any resting order: an iceberg whose slice is used up shows its next one and goes to the back; a leg of a
// pair ends the other leg.
inline void Core::trade_special(const Command& c, Book& book, Incoming& in, uint32_t number, int64_t quantity) {
    const Node maker = store_.nodes[number];
    const uint64_t maker_id = store_.order_ids[number];
    const int64_t price = price_of(number);
    Ladder& side = book.own(maker.terms);
    in.open -= quantity;
    out_->put(c.sequence, EventBuffer::head(Kind::TRADE, terms::side(in.terms), NONE, c.instrument), in.id, maker_id,
              in.account | static_cast<uint64_t>(maker.account) << 32, price, quantity, in.open);
    if (terms::type(maker.terms) == ICEBERG && quantity != maker.open) {
        Extra& extra = store_.extra(number);
        store_.nodes[number].open -= quantity;
        store_.levels[maker.level].total -= quantity;
        side.open -= quantity;
        extra.visible -= quantity;
        if (extra.visible == 0) {
            show_fresh_slice(side, number);
            to_the_back(number);
            tell(c, Kind::REFILLED, NONE, maker_id, maker.terms, maker.account, price, extra.visible,
                 store_.nodes[number].open);
        }
    } else {
        lower(book, number, quantity);
    }
    cancel_other_leg(c, book, maker_id, maker.terms);
    traded_at(book, price);
}

ALEF_RARE inline void Core::elect(Book& book, int64_t price) {
    size_t before = queue_.size();
    book.stops.traded(price, queue_);
    for (size_t i = before; i < queue_.size(); ++i) store_.extra(queue_[i]).queued = static_cast<uint32_t>(i + 1);
}

}  // namespace alef
