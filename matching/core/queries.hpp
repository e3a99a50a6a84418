// What is asked and changes nothing, and the doors for snapshots.
#pragma once

#include <algorithm>

#include "core.hpp"

namespace alef {

inline const Book* Core::find(uint32_t instrument) const { return const_cast<Core*>(this)->book_at(instrument); }
inline Book* Core::book_of(uint32_t instrument) { return book_at(instrument); }

inline std::vector<const Book*> Core::books() const {
    std::vector<const Book*> sorted;
    for (const auto& book : books_) sorted.push_back(book.get());
    std::sort(sorted.begin(), sorted.end(), [](const Book* a, const Book* b) { return a->id < b->id; });
    return sorted;
}

inline size_t Core::depth(const Book& book, uint8_t side, LevelRow* out, size_t n) const {
    const Ladder& ladder = book.sides[side == SELL];
    uint32_t where = 0;
    uint64_t key = ladder.next_key(0, where);
    size_t rows = 0;
    for (; rows < n && key != Ladder::NO_KEY; key = ladder.next_key(key + 1, where)) {
        const Level& level = store_.levels[where];
        out[rows++] = LevelRow{level.price, level.total - ladder.hidden(key), level.count};
    }
    return rows;
}

inline bool Core::order(uint64_t order_id, OrderView& out) const {
    const uint32_t number = store_.ids.find(order_id);
    if (number == 0) return false;
    view(number, out);
    return true;
}

inline void Core::view(uint32_t number, OrderView& out) const {
    const Node& node = store_.nodes[number];
    const uint32_t t = node.terms, type = terms::type(t);
    const Book& book = *book_of_node(number);
    out = OrderView{};
    out.order_id = store_.order_ids[number];
    out.instrument = book.id;
    out.account = node.account;
    out.owner = node.owner;
    out.flags = terms::flags(t);
    out.side = static_cast<uint8_t>(terms::side(t));
    out.order_type = static_cast<uint8_t>(type);
    out.time_in_force = static_cast<uint8_t>(terms::time(t));
    out.self_trade = static_cast<uint8_t>(terms::self_trade(t));
    out.price = price_of(number);
    out.quantity = node.open;
    if (terms::is_stop(t)) {
        const Extra& extra = store_.extra(number);
        out.stop_price = extra.stop;
        out.budget = extra.budget;
        out.extreme = book.stops.extreme(number);
    } else if (type == ICEBERG) {
        out.display_quantity = store_.extra(number).display;
        out.visible = store_.extra(number).visible;
    } else {
        out.visible = node.open;
    }
}

template <class Visit>
inline void Core::each_resting(const Book& book, uint32_t side, Visit visit) const {
    const Ladder& ladder = book.sides[side];
    OrderView out;
    uint32_t where = 0;
    for (uint64_t key = ladder.next_key(0, where); key != Ladder::NO_KEY; key = ladder.next_key(key + 1, where)) {
        for (uint32_t number = store_.levels[where].head; number != 0; number = store_.nodes[number].next) {
            view(number, out);
            visit(static_cast<const OrderView&>(out));
        }
    }
}

template <class Visit>
inline void Core::each_stop(const Book& book, Visit visit) const {
    OrderView out;
    book.stops.each([&](uint32_t number) {
        view(number, out);
        visit(static_cast<const OrderView&>(out));
    });
}

inline bool Core::restore_order(Book& book, const OrderView& o) {
    const uint32_t t = o.side | static_cast<uint32_t>(o.order_type) << 8 |
                       static_cast<uint32_t>(o.time_in_force) << 16 | static_cast<uint32_t>(o.self_trade) << 24 |
                       o.flags << terms::FLAG_SHIFT;
    const bool stop = terms::is_stop(t), iceberg = o.order_type == ICEBERG;
    if (!store_.has_room(stop || iceberg)) return false;
    const uint32_t number = stop || iceberg ? store_.take_special(o.order_id) : store_.take_node(o.order_id);
    restored_.emplace_back(o.order_id, number);
    if (stop) {
        store_.nodes[number] = Node{o.quantity, o.account, o.owner, 0, 0, 0, t | terms::SPECIAL};
        store_.extra(number) = Extra{o.price, o.stop_price, o.budget, 0, 0, book.number, 0};
        book.stops.add(number, o.side == BUY, trail_of(t), o.stop_price, o.extreme, ++arrivals_);
        return true;
    }
    rest(book, Incoming{o.order_id, o.quantity, o.price, 0, o.display_quantity, o.account, o.owner, t, number});
    if ((t & terms::OCO_BIT) != 0) store_.nodes[number].terms |= terms::SPECIAL;
    if (iceberg) {
        Extra& extra = store_.extra(number);
        Ladder& side = book.own(t);
        side.hide(side.key(o.price), extra.visible - o.visible);
        extra.visible = o.visible;
    }
    return true;
}

// Ids are entered in ascending order, so that their index is as dense as if the orders had come one by one.
inline void Core::index_restored() {
    std::sort(restored_.begin(), restored_.end());
    for (auto [id, number] : restored_) store_.ids.add(id, number);
    restored_.clear();
    restored_.shrink_to_fit();
    for (const auto& book : books_) last_order_id_ = std::max(last_order_id_, book->last_order_id);
}

inline Memory Core::memory() const {
    uint64_t stops = 0;
    for (const auto& book : books_) stops += book->stops.bytes();
    return Memory{store_.live_orders(), store_.used_bytes() + stops, store_.touched_bytes() + stops};
}

inline bool Core::open_instrument(uint32_t id, int64_t tick, int64_t lot, int64_t lowest, int64_t highest) {
    if (book_at(id)) return false;
    if (2 * (books_.size() + 1) > books_by_id_.size()) {
        std::vector<Book*> larger(books_by_id_.size() * 2);
        larger.swap(books_by_id_);
        for (const auto& book : books_) enter_book(book.get());
    }
    books_.push_back(std::make_unique<Book>(store_, static_cast<uint32_t>(books_.size()), id, tick, lot));
    books_.back()->set_collar(lowest, highest);
    enter_book(books_.back().get());
    return true;
}

inline void Core::enter_book(Book* book) {
    const size_t last = books_by_id_.size() - 1;
    size_t at = place_of(book->id);
    while (books_by_id_[at]) at = (at + 1) & last;
    books_by_id_[at] = book;
}

}  // namespace alef
