// What is refused, and why: the order of matching/checks.py and matching/terms.py, where each rule is explained.
#pragma once

#include <algorithm>

#include "core.hpp"

namespace alef {

constexpr int64_t MOST_SLICES = 1000;

namespace checks {

inline Reason price(int64_t limit, const Book& book) {
    if (limit <= 0) return INVALID_PRICE;
    return book.tick.divides(limit) ? NONE : INVALID_TICK;
}

inline Reason price_of_type(uint32_t type, int64_t limit, const Book& book) {
    if (type == LIMIT || type == STOP_LIMIT || type == ICEBERG) return price(limit, book);
    return limit != 0 ? PRICE_NOT_ALLOWED : NONE;
}

inline Reason stop_price(uint32_t type, uint32_t flags, int64_t given, const Book& book) {
    if (type - STOP_LOSS > TRAILING_STOP - STOP_LOSS) return given != 0 ? STOP_PRICE_NOT_ALLOWED : NONE;
    if (type == TRAILING_STOP && (flags & TRAIL_PERCENT) != 0) {
        return given > 0 && given <= 9999 ? NONE : INVALID_STOP_PRICE;
    }
    if (given <= 0) return INVALID_STOP_PRICE;
    return book.tick.divides(given) ? NONE : INVALID_TICK;
}

inline Reason slices(int64_t quantity, int64_t display) {
    return static_cast<int128>(display) * MOST_SLICES >= quantity ? NONE : INVALID_DISPLAY_QUANTITY;
}

inline Reason display_quantity(const Command& c, const Book& book) {
    if (c.order_type != ICEBERG) return c.display_quantity != 0 ? DISPLAY_QUANTITY_NOT_ALLOWED : NONE;
    if (c.display_quantity <= 0) return INVALID_DISPLAY_QUANTITY;
    if (!book.lot.divides(c.display_quantity)) return INVALID_LOT;
    return slices(c.quantity, c.display_quantity);
}

inline Reason budget(const Command& c) {
    if (c.budget < 0) return INVALID_BUDGET;
    const bool allowed =
        c.side == BUY && (c.order_type == MARKET || c.order_type == STOP_LOSS || c.order_type == TRAILING_STOP);
    return c.budget != 0 && !allowed ? BUDGET_NOT_ALLOWED : NONE;
}

inline Reason conflicts(const Command& c) {
    const uint32_t t = terms::of(c);
    const bool rests = c.time_in_force <= GTD, stop = terms::is_stop(t);
    const bool limit = c.order_type == LIMIT || c.order_type == ICEBERG;
    const bool contradict = (!rests && (stop || c.order_type == ICEBERG)) ||
                            ((c.flags & POST_ONLY) != 0 && !(rests && limit)) || ((c.flags & OCO) != 0 && !stop) ||
                            ((c.flags & TRAIL_PERCENT) != 0 && c.order_type != TRAILING_STOP);
    return contradict ? CONFLICTING_TERMS : NONE;
}

}  // namespace checks

inline Reason Core::check_quantity(int64_t quantity, const Book& book) const {
    if (quantity <= 0) return INVALID_QUANTITY;
    return book.lot.divides(quantity) ? NONE : INVALID_LOT;
}

inline Reason Core::check_record(const Command& c, const Book& book) const {
    if (c.side != BUY && c.side != SELL) return INVALID_SIDE;
    if (c.order_type > ICEBERG) return INVALID_ORDER_TYPE;
    if (c.time_in_force > FOK) return INVALID_TIME_IN_FORCE;
    if (c.self_trade > DECREMENT) return INVALID_SELF_TRADE;
    if ((c.flags & ~static_cast<uint32_t>(KNOWN_FLAGS)) != 0) return INVALID_FLAGS;
    if (c.order_id == 0 || c.order_id > LAST_ID) return INVALID_ORDER_ID;
    if (Reason reason = check_quantity(c.quantity, book)) return reason;
    if (Reason reason = checks::price_of_type(c.order_type, c.price, book)) return reason;
    if (Reason reason = checks::stop_price(c.order_type, c.flags, c.stop_price, book)) return reason;
    if (Reason reason = checks::display_quantity(c, book)) return reason;
    if (Reason reason = checks::budget(c)) return reason;
    return checks::conflicts(c);
}

inline Reason Core::check_new(const Command& c, Book& book) {
    if (Reason reason = check_record(c, book)) return reason;
    const uint32_t t = terms::of(c);
    const bool stop = terms::is_stop(t), rests = terms::may_rest(t);
    if (book.phase == HALTED || book.phase == AUCTION_HALTED) return INSTRUMENT_HALTED;
    if (book.phase == AUCTION && !stop && (!rests || (c.flags & POST_ONLY) != 0)) return ORDER_NOT_FOR_AUCTION;
    if (c.order_id <= last_order_id_) return ORDER_ID_NOT_INCREASING;
    if ((c.flags & OCO) != 0) {
        if (Reason reason = check_partner(c, book)) return reason;
    }
    if (c.order_type == TRAILING_STOP && book.last_price == 0) return NO_LAST_PRICE;
    if (c.price != 0 && !book.within_collar(c.price)) return PRICE_OUTSIDE_COLLAR;
    if (rests && c.quantity > HIGHEST - book.own(t).open) return OPEN_QUANTITY_LIMIT;
    if ((rests || stop) && !store_.has_room(stop || c.order_type == ICEBERG)) return BOOK_FULL;
    if (c.time_in_force == FOK) return fillable(c, book) ? NONE : FOK_NOT_FILLABLE;
    const bool crosses = c.price != 0 && book.other(t).best_key <= book.other(t).key(c.price);
    return (c.flags & POST_ONLY) != 0 && crosses ? POST_ONLY_WOULD_TRADE : NONE;
}

// The other leg of a pair rests as a limit order of equal terms. It has no partner yet: that would have this id.
inline Reason Core::check_partner(const Command& c, const Book& book) const {
    const uint32_t number = store_.ids.find(c.order_id - 1);
    if (book_of_node(number) != &book) return OCO_PARTNER;
    const Node& node = store_.nodes[number];
    const bool equal = terms::type(node.terms) == LIMIT && terms::side(node.terms) == c.side &&
                       node.account == c.account && node.owner == c.owner && node.open == c.quantity;
    return equal ? NONE : OCO_PARTNER;
}

inline Reason Core::check_replace(const Command& c, Book& book, uint32_t number) {
    const uint32_t t = store_.nodes[number].terms, type = terms::type(t);
    const bool stop = terms::is_stop(t);
    if (Reason reason = checks::price_of_type(type, c.price, book)) return reason;
    if (stop) {
        if (Reason reason = checks::stop_price(type, terms::flags(t), c.stop_price, book)) return reason;
    } else if (type == ICEBERG) {
        if (Reason reason = checks::slices(c.quantity, store_.extra(number).display)) return reason;
    }
    if (c.price != 0 && !book.within_collar(c.price)) return PRICE_OUTSIDE_COLLAR;
    if (stop) return NONE;
    if (c.quantity > HIGHEST - (book.own(t).open - store_.nodes[number].open)) return OPEN_QUANTITY_LIMIT;
    if (!store_.roomy && !store_.has_levels()) return BOOK_FULL;
    const bool crosses = book.phase == CONTINUOUS && book.other(t).best_key <= book.other(t).key(c.price);
    return (t & terms::POST_ONLY_BIT) != 0 && crosses ? POST_ONLY_WOULD_TRADE : NONE;
}

// Whether the whole order would trade now, self-trade prevention and budget included. Only with self-trade prevention
// must the orders of a level be looked at, and only if the totals of levels, own orders and all, would do.
inline bool Core::fillable(const Command& c, const Book& book) const {
    return levels_fill(c, book, false) && (c.self_trade == ALLOW || levels_fill(c, book, true));
}

inline bool Core::levels_fill(const Command& c, const Book& book, bool prevents) const {
    const Ladder& side = book.sides[c.side == BUY];
    const uint64_t limit = c.price != 0 ? side.key(c.price) : book.market_key[c.side == SELL];
    int64_t wanted = c.quantity;
    uint128 spent = 0;
    uint32_t number = 0;
    for (uint64_t key = side.next_key(0, number); key <= limit; key = side.next_key(key + 1, number)) {
        const Level& level = store_.levels[number];
        int64_t there = level.total;
        const bool goes_on = !prevents || level_fills(c, level, there);
        const int64_t quantity = std::min(wanted, there);
        spent += static_cast<uint128>(static_cast<uint64_t>(quantity)) * static_cast<uint64_t>(level.price);
        if (c.budget != 0 && spent > static_cast<uint64_t>(c.budget)) return false;
        wanted -= quantity;
        if (wanted == 0) return true;
        if (!goes_on) return false;
    }
    return false;
}

// How much of a level an order would trade, into `there`, and whether it would go on behind the level. An own order is
// cancelled on the way (CANCEL_OLDEST) or ends the walk; up to there an iceberg trades one slice, for its next one
// stands behind the own order.
inline bool Core::level_fills(const Command& c, const Level& level, int64_t& there) const {
    int64_t ahead = 0, own = 0;
    for (uint32_t number = level.head; number != 0; number = store_.nodes[number].next) {
        const Node& node = store_.nodes[number];
        if (node.owner == c.owner) {
            if (c.self_trade != CANCEL_OLDEST) {
                there = ahead;
                return false;
            }
            own += node.open;
        } else {
            ahead += terms::type(node.terms) == ICEBERG ? store_.extra(number).visible : node.open;
            if (ahead >= c.quantity) return true;  // the rest is not reached
        }
    }
    there = level.total - own;
    return true;
}

}  // namespace alef
