// What can be asked for besides NEW: check, then act.
#pragma once

#include <algorithm>

#include "core.hpp"

namespace alef {

// The order named, if it is in this book and the account's; account 0 is the venue.
inline Reason Core::find_existing(const Command& c, const Book& book, uint32_t& number) const {
    number = store_.ids.find(c.order_id);
    if (book_of_node(number) != &book) return UNKNOWN_ORDER;
    return c.account == 0 || c.account == store_.nodes[number].account ? NONE : WRONG_ACCOUNT;
}

inline void Core::cancel(const Command& c, Book& book) {
    const uint32_t number = store_.ids.find(c.order_id);
    const Node& node = store_.nodes[number];  // number 0: all zero, in the level of no book
    const Level& level = store_.levels[node.level];
    const bool other = (level.book ^ book.number) | (node.terms & terms::SPECIAL) |
                       static_cast<uint32_t>((c.account != 0) & (c.account != node.account));
    if (unlikely(other)) return cancel_other(c, book);
    tell(c, Kind::CANCELLED, NONE, c.order_id, node.terms, node.account, level.price, node.open, 0);
    unlink(book.own(node.terms), node);
    store_.ids.erase(c.order_id);
    store_.give_node(number);
}

ALEF_RARE inline void Core::cancel_other(const Command& c, Book& book) {
    uint32_t number = 0;
    if (Reason reason = find_existing(c, book, number)) return refuse(c, reason);
    take_off(c, book, number, store_.nodes[number].open, Kind::CANCELLED, NONE);
}

inline void Core::reduce(const Command& c, Book& book) {
    uint32_t number = 0;
    if (Reason reason = check_quantity(c.quantity, book)) return refuse(c, reason);
    if (Reason reason = find_existing(c, book, number)) return refuse(c, reason);
    const Node& node = store_.nodes[number];
    if ((node.terms & terms::OCO_BIT) != 0) return refuse(c, OCO_LEG);
    take_off(c, book, number, std::min(c.quantity, node.open), Kind::CANCELLED, NONE);
}

inline void Core::expire(const Command& c, Book& book) {
    uint32_t number = 0;
    if (Reason reason = find_existing(c, book, number)) return refuse(c, reason);
    const Node& node = store_.nodes[number];
    if (terms::time(node.terms) != DAY && terms::time(node.terms) != GTD) return refuse(c, NOT_EXPIRABLE);
    take_off(c, book, number, node.open, Kind::EXPIRED, NONE);
}

// The order leaves its place and comes in as if it were new. It keeps its node, so its id need not be entered again.
inline void Core::replace(const Command& c, Book& book) {
    uint32_t number = 0;
    if (Reason reason = check_quantity(c.quantity, book)) return refuse(c, reason);
    if (book.phase == HALTED || book.phase == AUCTION_HALTED) return refuse(c, INSTRUMENT_HALTED);
    if (Reason reason = find_existing(c, book, number)) return refuse(c, reason);
    const Node node = store_.nodes[number];
    if ((node.terms & terms::OCO_BIT) != 0) return refuse(c, OCO_LEG);
    if (Reason reason = check_replace(c, book, number)) return refuse(c, reason);
    const uint32_t type = terms::type(node.terms);
    Incoming in{c.order_id, c.quantity, c.price, 0, 0, node.account, node.owner, node.terms & ~terms::SPECIAL, number};
    tell_incoming(c, Kind::REPLACED, NONE, in, in.open);
    if (terms::is_stop(node.terms)) {
        in.budget = store_.extra(number).budget;
        book.stops.remove(number);
        wait(book, in, c.stop_price);
    } else {
        Ladder& side = book.own(node.terms);
        if (type == ICEBERG) {
            const Extra& extra = store_.extra(number);
            in.display = extra.display;
            side.hide(side.key(price_of(number)), extra.visible - node.open);
        }
        unlink(side, node);
        enter(c, book, in);
    }
    if (!queue_.empty()) work_off(c, book);
}

// All orders of an account, or of every account, in the order in which they would trade, then the stops by arrival.
inline void Core::cancel_all(const Command& c, Book& book) {
    std::vector<uint32_t> going;
    auto take = [&](uint32_t number) {
        if (c.account == 0 || c.account == store_.nodes[number].account) going.push_back(number);
    };
    for (const Ladder& side : book.sides) {
        uint32_t where = 0;
        for (uint64_t key = side.next_key(0, where); key != Ladder::NO_KEY; key = side.next_key(key + 1, where)) {
            for (uint32_t number = store_.levels[where].head; number != 0; number = store_.nodes[number].next) {
                take(number);
            }
        }
    }
    const size_t resting = going.size();
    book.stops.each(take);
    tell_instrument(c, Kind::ALL_CANCELLED, 0, 0, static_cast<int64_t>(going.size()));
    // A stop that is the other leg of a resting order goes with it, before its own turn: then its node is free, and
    // as nothing comes in meanwhile it stays free.
    for (size_t i = 0; i < going.size(); ++i) {
        const uint32_t number = going[i];
        if (i + 16 < going.size()) {  // neighbours in the queue lie anywhere in memory
            __builtin_prefetch(&store_.nodes[going[i + 16]], 1);
            __builtin_prefetch(&store_.order_ids[going[i + 16]]);
            __builtin_prefetch(store_.ids.peek(store_.order_ids[going[i + 8]]));
        }
        if (i >= resting && store_.ids.find(store_.order_ids[number]) != number) continue;
        take_off(c, book, number, store_.nodes[number].open, Kind::CANCELLED, NONE);
    }
}

inline void Core::halt(const Command& c, Book& book) {
    if (book.phase == HALTED || book.phase == AUCTION_HALTED) return refuse(c, ALREADY_HALTED);
    book.phase = book.phase == AUCTION ? AUCTION_HALTED : HALTED;
    tell_instrument(c, Kind::HALTED);
}

inline void Core::resume(const Command& c, Book& book) {
    if (book.phase != HALTED && book.phase != AUCTION_HALTED) return refuse(c, NOT_HALTED);
    book.phase = book.phase == AUCTION_HALTED ? AUCTION : CONTINUOUS;
    tell_instrument(c, Kind::RESUMED);
}

inline void Core::open_auction(const Command& c, Book& book) {
    if (book.phase == AUCTION) return refuse(c, ALREADY_IN_AUCTION);
    book.phase = AUCTION;
    tell_instrument(c, Kind::AUCTION_OPENED);
}

inline void Core::set_collar(const Command& c, Book& book) {
    const int64_t lowest = c.price, highest = c.stop_price;
    if (lowest < 0 || highest < 0 || (highest != 0 && lowest > highest)) return refuse(c, INVALID_COLLAR);
    book.set_collar(lowest, highest);
    tell_instrument(c, Kind::COLLAR_SET, 0, lowest, highest);
}

}  // namespace alef
