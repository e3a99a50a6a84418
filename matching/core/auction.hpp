// The price of a call auction, and who trades with whom in it.
//
// Both walk the two sides from their best ends towards each other, no further than they cross.
#pragma once

#include <algorithm>
#include <cstdint>

namespace alef {

// A price of 0 means that nothing can trade; then all is 0. `side` is that of the surplus: 1 buy, 2 sell, 0 none.
struct Cross {
    int64_t price, quantity, surplus;
    uint8_t side;
};

namespace auction {

// One side's levels, read one ahead. `Levels` has `bool next(int64_t& price, int64_t& total)`, best first.
template <class Levels>
struct Reader {
    explicit Reader(Levels& source) : levels(source) { advance(); }

    void advance() {
        any = levels.next(price, left);
        if (!any) price = left = 0;
    }

    Levels& levels;
    int64_t price = 0, left = 0;
    bool any = false;
};

// The prices that are equally good, both ends included, and what is left over at them.
// The surplus is one of bids up to `bids_to`, and of asks above it.
struct Range {
    int64_t low, high, surplus, bids_to;
};

// Everything that can trade has: the bids to `lowest_bid` with the asks to `highest_ask`, with nothing
// left at either level. The sides stand at what comes next. Prices are multiples of `tick`.
template <class Bids, class Asks>
Range between(Reader<Bids>& bids, Reader<Asks>& asks, int64_t tick, int64_t highest_ask, int64_t lowest_bid) {
    const bool gap = !bids.any || !asks.any || asks.price - bids.price > tick;
    if (gap) {  // a price between what comes next on both sides leaves nothing over
        const int64_t low = bids.any ? std::max(highest_ask, bids.price + tick) : highest_ask;
        const int64_t high = asks.any ? std::min(lowest_bid, asks.price - tick) : lowest_bid;
        return {low, high, 0, 0};
    }
    // Next bid and next ask are neighbours, and each price leaves one of them over: the smaller one, or both.
    const int64_t bid = bids.price, bid_left = bids.left, ask = asks.price, ask_left = asks.left;
    bids.advance();
    asks.advance();
    const int64_t low = bids.any ? std::max(highest_ask, bids.price + tick) : highest_ask;
    const int64_t high = asks.any ? std::min(lowest_bid, asks.price - tick) : lowest_bid;
    return {bid_left <= ask_left ? low : ask, ask_left <= bid_left ? high : bid, std::min(bid_left, ask_left), bid};
}

}  // namespace auction

// Find the price of most volume, then least surplus, then nearest to the reference; without a reference
// (0) the middle. Exact for every price to 2^63 - 1: no sum leaves 64 bits, as no side's total does.
// O(levels that cross). `reference` and all prices are multiples of `tick`.
template <class Bids, class Asks>
Cross find_cross(Bids& bid_levels, Asks& ask_levels, int64_t tick, int64_t reference) {
    auction::Reader<Bids> bids(bid_levels);
    auction::Reader<Asks> asks(ask_levels);
    int64_t volume = 0, lowest_bid = 0, highest_ask = 0;
    bool bid_open = false, ask_open = false;  // something is left at the level that traded last
    while (bids.any && asks.any && bids.price >= asks.price) {
        const int64_t traded = std::min(bids.left, asks.left);
        volume += traded;
        lowest_bid = bids.price;
        highest_ask = asks.price;
        bids.left -= traded;
        asks.left -= traded;
        bid_open = bids.left > 0;
        ask_open = asks.left > 0;
        if (!bid_open) bids.advance();
        if (!ask_open) asks.advance();
    }
    if (volume == 0) return {0, 0, 0, 0};
    auction::Range range{};
    if (bid_open) {  // every ask in reach has traded: the fewer bids reach the price, the better
        const int64_t left = bids.left;
        bids.advance();
        range = {bids.any ? std::max(highest_ask, bids.price + tick) : highest_ask, lowest_bid, left, lowest_bid};
    } else if (ask_open) {
        const int64_t left = asks.left;
        asks.advance();
        range = {highest_ask, asks.any ? std::min(lowest_bid, asks.price - tick) : lowest_bid, left, 0};
    } else {
        range = auction::between(bids, asks, tick, highest_ask, lowest_bid);
    }
    const int64_t middle = range.low + (range.high - range.low) / 2 / tick * tick;
    const int64_t price = reference > 0 ? std::min(std::max(reference, range.low), range.high) : middle;
    const uint8_t side = range.surplus == 0 ? 0 : price <= range.bids_to ? 1 : 2;
    return {price, volume, range.surplus, side};
}

// Pair the orders of both sides by priority, each with all its open quantity at its place, until `volume` has
// traded or `visit(bid, ask, quantity)` returns false. A cursor is `bool next(uint32_t& order, int64_t& open)`,
// and is asked for an order's successor before the pairs of that order are shown, so `visit` may take the
// orders that it has used up out of the book. Returns whether all was walked.
template <class Bids, class Asks, class Visit>
bool walk_pairs(Bids& bids, Asks& asks, int64_t volume, Visit visit) {
    uint32_t bid = 0, ask = 0, next_bid = 0, next_ask = 0;
    int64_t bid_left = 0, ask_left = 0, next_bid_left = 0, next_ask_left = 0;
    if (!bids.next(next_bid, next_bid_left)) next_bid_left = 0;
    if (!asks.next(next_ask, next_ask_left)) next_ask_left = 0;
    while (volume > 0) {
        if (bid_left == 0) {
            bid = next_bid;
            bid_left = next_bid_left;
            if (!bids.next(next_bid, next_bid_left)) next_bid_left = 0;
        }
        if (ask_left == 0) {
            ask = next_ask;
            ask_left = next_ask_left;
            if (!asks.next(next_ask, next_ask_left)) next_ask_left = 0;
        }
        const int64_t quantity = std::min({bid_left, ask_left, volume});
        if (quantity <= 0) return true;  // less is there than the caller said
        bid_left -= quantity;
        ask_left -= quantity;
        volume -= quantity;
        if (!visit(bid, ask, quantity)) return false;
    }
    return true;
}

}  // namespace alef
