// UNCROSS: the end of a call auction.
#pragma once

#include "auction.hpp"
#include "core.hpp"

namespace alef {

namespace cursors {

// The levels of one side, best first, with all that is open at each.
class Levels {
  public:
    Levels(const Store& store, const Ladder& side) : store_(store), side_(side) {}

    bool next(int64_t& price, int64_t& total) {
        uint32_t number = 0;
        const uint64_t key = side_.next_key(from_, number);
        if (key == Ladder::NO_KEY) return false;
        from_ = key + 1;
        price = store_.levels[number].price;
        total = store_.levels[number].total;
        return true;
    }

  private:
    const Store& store_;
    const Ladder& side_;
    uint64_t from_ = 0;
};

// The orders of one side by priority. The one shown last must still stand in the book when the next is asked for.
class Orders {
  public:
    Orders(const Store& store, const Ladder& side) : store_(store), side_(side) {}

    bool next(uint32_t& number, int64_t& open) {
        uint32_t level = 0;
        if (last_ == 0) {
            side_.next_key(0, level);
            last_ = store_.levels[level].head;  // level 0 has no orders
        } else {
            const Node& node = store_.nodes[last_];
            if (node.next == 0) side_.next_key(side_.key(store_.levels[node.level].price) + 1, level);
            last_ = node.next != 0 ? node.next : store_.levels[level].head;
        }
        if (last_ == 0) return false;
        number = last_;
        open = store_.nodes[last_].open;
        return true;
    }

  private:
    const Store& store_;
    const Ladder& side_;
    uint32_t last_ = 0;
};

}  // namespace cursors

inline Indicative Core::auction(const Book& book, int64_t reference) const {
    cursors::Levels bids(store_, book.sides[0]), asks(store_, book.sides[1]);
    const Cross cross = find_cross(bids, asks, book.tick.value(), reference != 0 ? reference : book.last_price);
    return Indicative{cross.price, cross.quantity, cross.surplus, cross.side};
}

inline void Core::uncross(const Command& c, Book& book) {
    if (c.price < 0) return refuse(c, INVALID_PRICE);
    if (!book.tick.divides(c.price)) return refuse(c, INVALID_TICK);
    if (book.phase != AUCTION) return refuse(c, NOT_IN_AUCTION);
    Indicative found = auction(book, c.price);
    while (prevent_one_self_trade(c, book, found.quantity)) found = auction(book, c.price);
    tell_instrument(c, Kind::AUCTION, found.side, found.price, found.quantity, found.surplus);
    cursors::Orders bids(store_, book.sides[0]), asks(store_, book.sides[1]);
    walk_pairs(bids, asks, found.quantity, [&](uint32_t bid, uint32_t ask, int64_t quantity) {
        trade_in_auction(c, book, bid, ask, quantity, found.price);
        return true;
    });
    book.phase = CONTINUOUS;
    if (!queue_.empty()) work_off(c, book);
}

// Find the first pair of one owner that may not trade, and do what the later order's mode says.
inline bool Core::prevent_one_self_trade(const Command& c, Book& book, int64_t volume) {
    uint32_t earlier = 0, later = 0;
    cursors::Orders bids(store_, book.sides[0]), asks(store_, book.sides[1]);
    const bool clean = walk_pairs(bids, asks, volume, [&](uint32_t bid, uint32_t ask, int64_t) {
        if (store_.nodes[bid].owner != store_.nodes[ask].owner) return true;
        const bool bid_first = store_.order_ids[bid] < store_.order_ids[ask];
        earlier = bid_first ? bid : ask;
        later = bid_first ? ask : bid;
        return terms::self_trade(store_.nodes[later].terms) == ALLOW;
    });
    if (clean) return false;
    part(c, book, earlier, later);
    return true;
}

// Keep two orders of one owner from trading with each other.
inline void Core::part(const Command& c, Book& book, uint32_t earlier, uint32_t later) {
    const int64_t early_open = store_.nodes[earlier].open, late_open = store_.nodes[later].open;
    switch (terms::self_trade(store_.nodes[later].terms)) {
        case CANCEL_NEWEST: take_off(c, book, later, late_open, Kind::CANCELLED, SELF_TRADE_CANCEL_NEWEST); break;
        case CANCEL_OLDEST: take_off(c, book, earlier, early_open, Kind::CANCELLED, SELF_TRADE_CANCEL_OLDEST); break;
        case CANCEL_BOTH:
            take_off(c, book, earlier, early_open, Kind::CANCELLED, SELF_TRADE_CANCEL_BOTH);
            take_off(c, book, later, late_open, Kind::CANCELLED, SELF_TRADE_CANCEL_BOTH);
            break;
        default: {
            const int64_t both = early_open < late_open ? early_open : late_open;
            take_off(c, book, earlier, both, Kind::CANCELLED, SELF_TRADE_DECREMENT);
            take_off(c, book, later, both, Kind::CANCELLED, SELF_TRADE_DECREMENT);
        }
    }
}

// Exchange a quantity at the auction's price; the later order counts as the incoming one.
inline void Core::trade_in_auction(const Command& c, Book& book, uint32_t bid, uint32_t ask, int64_t quantity,
                                   int64_t price) {
    const bool bid_first = store_.order_ids[bid] < store_.order_ids[ask];
    const uint32_t pair[2] = {bid_first ? bid : ask, bid_first ? ask : bid};
    const Node nodes[2] = {store_.nodes[pair[0]], store_.nodes[pair[1]]};
    const uint64_t ids[2] = {store_.order_ids[pair[0]], store_.order_ids[pair[1]]};
    for (int i = 0; i < 2; ++i) {
        lower(book, pair[i], quantity);
        if (nodes[i].open != quantity) show_fresh_slice(book.own(nodes[i].terms), pair[i]);
    }
    out_->put(c.sequence, EventBuffer::head(Kind::TRADE, terms::side(nodes[1].terms), NONE, c.instrument), ids[1],
              ids[0], nodes[1].account | static_cast<uint64_t>(nodes[0].account) << 32, price, quantity,
              nodes[1].open - quantity);
    for (int i = 0; i < 2; ++i) cancel_other_leg(c, book, ids[i], nodes[i].terms);
    traded_at(book, price);
}

}  // namespace alef
