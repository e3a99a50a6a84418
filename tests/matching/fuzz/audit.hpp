// Look at an engine from outside: its answers, its snapshot and the ledger tell of the same books.
#pragma once

#include "ledger.hpp"

namespace fuzz {

using alef::Engine;
using Bytes = std::vector<uint8_t>;

// A snapshot's records, read by the layout in matching/state.py and not by the engine's own code.
struct Row {
    uint64_t id;
    uint32_t account, owner;
    int64_t price, open;
    uint32_t flags;
    uint8_t type, time, self_trade, side;
    int64_t display, visible, stop, budget, extreme;
};

struct Page {
    uint32_t id, phase;
    int64_t tick, lot, lowest, highest, last_price;
    uint64_t last_id;
    std::vector<Row> sides[2], stops;
};

class Reader {
  public:
    explicit Reader(const Bytes& bytes) : bytes_(bytes) {}

    std::vector<Page> pages() {
        check(bytes_.size() >= 16 && !std::memcmp(bytes_.data(), "ALEFBOOK", 8), "a snapshot begins with its name");
        at_ = 8;
        check(number<uint32_t>() == 2, "a snapshot is of version 2");
        std::vector<Page> read(number<uint32_t>());
        for (Page& page : read) one(page);
        check(at_ == bytes_.size(), "a snapshot ends with its last book");
        return read;
    }

  private:
    template <class T>
    T number() {
        T value;
        check(at_ + sizeof value <= bytes_.size(), "a snapshot does not end in the middle of a record");
        std::memcpy(&value, bytes_.data() + at_, sizeof value);
        at_ += sizeof value;
        return value;
    }

    void one(Page& p) {
        p.id = number<uint32_t>(), p.phase = number<uint32_t>();
        p.tick = number<int64_t>(), p.lot = number<int64_t>();
        p.lowest = number<int64_t>(), p.highest = number<int64_t>();
        p.last_id = number<uint64_t>(), p.last_price = number<int64_t>();
        const uint64_t counts[] = {number<uint64_t>(), number<uint64_t>(), number<uint64_t>()};
        for (int part = 0; part < 3; ++part) {
            auto& rows = part < 2 ? p.sides[part] : p.stops;
            for (uint64_t i = 0; i < counts[part]; ++i) rows.push_back(row(part == 2));
        }
    }

    Row row(bool waits) {
        Row r{};
        r.id = number<uint64_t>(), r.account = number<uint32_t>(), r.owner = number<uint32_t>();
        r.price = number<int64_t>(), r.open = number<int64_t>(), r.flags = number<uint32_t>();
        r.type = number<uint8_t>(), r.time = number<uint8_t>();
        r.self_trade = number<uint8_t>(), r.side = number<uint8_t>();
        if (waits) r.stop = number<int64_t>(), r.budget = number<int64_t>(), r.extreme = number<int64_t>();
        else r.visible = r.open;
        if (r.type == ICEBERG) r.display = number<int64_t>(), r.visible = number<int64_t>();
        return r;
    }

    const Bytes& bytes_;
    size_t at_ = 0;
};

inline void same_order(const Engine& engine, const Page& p, const Row& r, const Ledger& ledger) {
    alef::OrderView v{};
    check(engine.order(r.id, v), "an order in the snapshot is found by its id");
    check(v.order_id == r.id && v.instrument == p.id && v.account == r.account && v.owner == r.owner &&
          v.flags == r.flags, "an order and its record say the same");
    check(v.side == r.side && v.order_type == r.type && v.time_in_force == r.time && v.self_trade == r.self_trade,
          "an order and its record say the same");
    check(v.price == r.price && v.quantity == r.open && v.visible == r.visible && v.stop_price == r.stop,
          "an order and its record say the same");
    check(v.budget == r.budget && v.extreme == r.extreme && v.display_quantity == r.display,
          "an order and its record say the same");
    const auto known = ledger.open.find(r.id);
    check(known != ledger.open.end(), "an order in the book was never ended");
    check(known->second.open == r.open, "an order's open quantity is what its events leave");
    check(known->second.side == r.side && known->second.instrument == p.id && known->second.account == r.account,
          "an order is where it was placed");
}

inline void audit_side(const Engine& engine, const Page& p, int side) {
    struct Sum { int64_t price, quantity, orders; };
    std::vector<Sum> sums;
    uint64_t total = 0;
    for (const Row& r : p.sides[side]) {
        check(r.side == side + 1 && r.open > 0 && r.visible > 0 && r.visible <= r.open,
              "a resting order is of its side and open");
        if (sums.empty() || sums.back().price != r.price) {
            check(sums.empty() || (side ? sums.back().price < r.price : sums.back().price > r.price),
                  "levels stand best first");
            sums.push_back({r.price, 0, 0});
        }
        sums.back().quantity += r.visible;
        ++sums.back().orders;
        total += static_cast<uint64_t>(r.open);
        check(total <= static_cast<uint64_t>(TOP), "a side holds no more than 2^63 - 1");
    }
    std::vector<alef::LevelRow> levels(sums.size() + 1);
    check(engine.depth(p.id, static_cast<uint8_t>(side + 1), levels.data(), levels.size()) == sums.size(),
          "depth has every level");
    for (size_t i = 0; i < sums.size(); ++i) {
        check(levels[i].price == sums[i].price && levels[i].quantity == sums[i].quantity &&
              levels[i].orders == sums[i].orders, "a level is the sum of its orders");
    }
    check(engine.best(p.id, static_cast<uint8_t>(side + 1)) == (sums.empty() ? 0 : sums[0].price),
          "best is the first level");
}

struct Crossing { uint64_t volume, surplus; };

inline Crossing crossing_at(const Page& p, int64_t price) {
    uint64_t demand = 0, supply = 0;
    for (const Row& r : p.sides[0]) if (r.price >= price) demand += static_cast<uint64_t>(r.open);
    for (const Row& r : p.sides[1]) if (r.price <= price) supply += static_cast<uint64_t>(r.open);
    return {std::min(demand, supply), demand > supply ? demand - supply : supply - demand};
}

// The price that an auction would find trades most, with least left over, judged by every price that could be better.
inline void audit_auction(const Engine& engine, const Page& p, int64_t reference) {
    const alef::Indicative told = engine.auction(p.id, reference);
    std::set<int64_t> prices;
    for (const auto& side : p.sides) {
        for (const Row& r : side) {
            prices.insert(r.price);
            if (r.price > p.tick) prices.insert(r.price - p.tick);
            if (r.price <= TOP - p.tick) prices.insert(r.price + p.tick);
        }
    }
    if (!told.price) check(!told.quantity && !told.surplus && !told.side, "an auction of nothing says nothing");
    const Crossing there = told.price ? crossing_at(p, told.price) : Crossing{0, 0};
    check(there.volume == static_cast<uint64_t>(told.quantity),
          "an auction trades what both sides hold at its price");
    if (told.price) check(told.price % p.tick == 0 && there.surplus == static_cast<uint64_t>(told.surplus),
                          "an auction tells what is left over");
    for (int64_t price : prices) {
        const Crossing here = crossing_at(p, price);
        check(here.volume <= there.volume, "no price trades more than the auction's");
        if (told.price && here.volume == there.volume) check(here.surplus >= there.surplus,
                                                             "no price leaves less over than the auction's");
    }
}

inline void audit(const Engine& engine, const Ledger& ledger) {
    const Bytes bytes = engine.encode();
    size_t alive = 0;
    std::vector<uint32_t> ids;
    for (const Page& p : Reader(bytes).pages()) {
        ids.push_back(p.id);
        alef::InstrumentView v{};
        check(engine.instrument(p.id, v), "an open instrument is found");
        check(v.id == p.id && v.phase == p.phase && v.tick == p.tick && v.lot == p.lot && v.lowest == p.lowest,
              "an instrument and its record say the same");
        check(v.highest == p.highest && v.last_price == p.last_price && v.last_order_id == p.last_id,
              "an instrument and its record say the same");
        const auto last = ledger.last_price.find(p.id);
        check(p.last_price == (last == ledger.last_price.end() ? 0 : last->second),
              "the last price is the last trade's");
        for (const auto* rows : {&p.sides[0], &p.sides[1], &p.stops}) {
            alive += rows->size();
            for (const Row& r : *rows) same_order(engine, p, r, ledger);
        }
        audit_side(engine, p, 0);
        audit_side(engine, p, 1);
        const bool crossed = !p.sides[0].empty() && !p.sides[1].empty() && p.sides[0][0].price >= p.sides[1][0].price;
        check(!crossed || p.phase >= 3, "a book is crossed only in an auction");
        if (p.sides[0].size() + p.sides[1].size() <= 60) {
            audit_auction(engine, p, 0);
            audit_auction(engine, p, p.tick);
        }
    }
    check(alive == ledger.open.size(), "every order that was not ended is in a book");
    check(ids == engine.instruments(), "the snapshot has every instrument");
    check(engine.memory().live_orders == alive, "as many orders are counted as there are");
}

}  // namespace fuzz
