// One instrument: its two sides, its waiting stops, its rules and its state.
#pragma once

#include "ladder.hpp"
#include "stops.hpp"

namespace alef {

struct alignas(64) Book {
    Ladder sides[2];  // bids, asks
    Divisor tick, lot;
    int64_t low = 1, high = HIGHEST;  // the collar as bounds that are always there
    uint32_t number = 0, phase = CONTINUOUS;
    uint32_t id = 0, spare = 0;
    int64_t last_price = 0;
    uint64_t last_order_id = 0;
    uint64_t market_key[2] = {0, 0};  // by side of an incoming order without a limit: the worst key it may take
    int64_t lowest = 0, highest = 0;  // the collar as it was given, 0 for none
    Stops stops;

    Book(Store& store, uint32_t place, uint32_t instrument, int64_t tick_size, int64_t lot_size)
        : sides{{store, place, true, tick_size}, {store, place, false, tick_size}},
          tick(tick_size), lot(lot_size), number(place), id(instrument) {
        set_collar(0, 0);
    }

    Ladder& own(uint32_t t) { return sides[terms::index(t)]; }
    Ladder& other(uint32_t t) { return sides[terms::index(t) ^ 1]; }

    bool within_collar(int64_t price) const { return price >= low && price <= high; }

    void set_collar(int64_t from, int64_t to) {
        lowest = from;
        highest = to;
        low = from > 0 ? from : 1;
        high = to > 0 ? to : HIGHEST;
        auto size = static_cast<uint64_t>(tick.value());
        uint64_t down = static_cast<uint64_t>(high) / size;
        uint64_t up = (static_cast<uint64_t>(low) + size - 1) / size;
        market_key[0] = to > 0 ? down ^ sides[1].mask : Ladder::LAST_KEY;
        market_key[1] = from > 0 ? up ^ sides[0].mask : Ladder::LAST_KEY;
    }
};

}  // namespace alef
