// How orders stand in the book, and how they leave it.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "core.hpp"

namespace alef {

// Put an order behind all others at its price. All checks are done: nothing can go wrong any more.
inline void Core::rest(Book& book, const Incoming& in) {
    if (unlikely(terms::type(in.terms) == ICEBERG)) return rest_special(book, in);
    uint32_t number = in.node;
    if (number == 0) {
        number = store_.take_node(in.id);
        store_.ids.add(in.id, number);
    }
    Node& node = store_.nodes[number];
    node.open = in.open;
    node.account = in.account;
    node.owner = in.owner;
    node.terms = in.terms;
    Ladder& side = book.own(in.terms);
    link(side, number, side.key(in.price));
}

ALEF_RARE inline void Core::rest_special(Book& book, const Incoming& in) {
    uint32_t number = in.node;
    if (number == 0) {
        number = store_.take_special(in.id);
        store_.ids.add(in.id, number);
    }
    Node& node = store_.nodes[number];
    node.open = in.open;
    node.account = in.account;
    node.owner = in.owner;
    node.terms = in.terms | terms::SPECIAL;
    Extra& extra = store_.extra(number);
    extra.display = in.display;
    extra.visible = std::min(in.display, in.open);
    Ladder& side = book.own(in.terms);
    uint64_t key = side.key(in.price);
    side.hide(key, node.open - extra.visible);
    link(side, number, key);
}

inline void Core::link(Ladder& side, uint32_t number, uint64_t key) {
    uint32_t where = side.level(key);
    if (unlikely(where == 0)) std::abort();  // never, as `roomy` and the checks behind it say: but rather than corrupt
    Level& level = store_.levels[where];
    Node& node = store_.nodes[number];
    uint32_t tail = level.tail;
    node.next = 0;
    node.prev = tail;
    node.level = where;
    *(tail != 0 ? &store_.nodes[tail].next : &level.head) = number;
    level.tail = number;
    level.total += node.open;
    side.open += node.open;
    ++side.orders;
    if (level.count++ == 0) side.occupy(key, where);
}

// Take an order out of its level's queue; it keeps its node.
inline void Core::unlink(Ladder& side, const Node& node) {
    Level& level = store_.levels[node.level];
    *(node.prev != 0 ? &store_.nodes[node.prev].next : &level.head) = node.next;
    *(node.next != 0 ? &store_.nodes[node.next].prev : &level.tail) = node.prev;
    level.total -= node.open;
    side.open -= node.open;
    --side.orders;
    if (--level.count == 0) side.vacate(side.key(level.price));
}

// Take the first order of the best level out of its queue; its open quantity is taken off already.
inline void Core::pop(Ladder& side, Level& level, const Node& node) {
    level.head = node.next;
    *(node.next != 0 ? &store_.nodes[node.next].prev : &level.tail) = 0;
    --side.orders;
    if (--level.count == 0) side.vacate(side.best_key);
}

// Forget an order that stands in no queue any more.
inline void Core::release(uint32_t number) {
    store_.ids.erase(store_.order_ids[number]);
    store_.give_node(number);
}

inline int64_t Core::price_of(uint32_t number) const {
    const Node& node = store_.nodes[number];
    return node.level != 0 ? store_.levels[node.level].price : store_.extra(number).price;
}

inline const Book* Core::book_of_node(uint32_t number) const {
    if (number == 0) return nullptr;
    const Node& node = store_.nodes[number];
    return books_[node.level != 0 ? store_.levels[node.level].book : store_.extra(number).book].get();
}

// Lower any live order, resting or waiting, and tell nobody. With nothing left it is gone.
inline void Core::lower(Book& book, uint32_t number, int64_t quantity) {
    Node& node = store_.nodes[number];
    Ladder& side = book.own(node.terms);
    const bool waits = node.level == 0, gone = quantity == node.open;
    if (waits) {
        node.open -= quantity;
        if (!gone) return;
        Extra& extra = store_.extra(number);
        if (extra.queued != 0) {
            queue_[extra.queued - 1] = 0;
        } else {
            book.stops.remove(number);
        }
        return release(number);
    }
    if (terms::type(node.terms) == ICEBERG) {  // what is hidden goes first
        Extra& extra = store_.extra(number);
        int64_t visible = std::min(extra.visible, node.open - quantity);
        side.hide(side.key(price_of(number)), (node.open - quantity - visible) - (node.open - extra.visible));
        extra.visible = visible;
    }
    if (gone) {
        unlink(side, node);
        return release(number);
    }
    node.open -= quantity;
    store_.levels[node.level].total -= quantity;
    side.open -= quantity;
}

// Take open quantity off any live order and tell it; with nothing left the order ends as `end` says.
inline void Core::take_off(const Command& c, Book& book, uint32_t number, int64_t quantity, Kind end, Reason reason) {
    const Node node = store_.nodes[number];
    const uint64_t id = store_.order_ids[number];
    const int64_t price = price_of(number), left = node.open - quantity;
    lower(book, number, quantity);
    tell(c, left != 0 ? Kind::REDUCED : end, reason, id, node.terms, node.account, price, quantity, left);
    cancel_other_leg(c, book, id, node.terms);
}

// If these are the terms of one leg of a pair, cancel the other leg; from then on neither is a leg.
inline void Core::cancel_other_leg(const Command& c, Book& book, uint64_t id, uint32_t t) {
    if (likely((t & terms::OCO_BIT) == 0)) return;
    uint32_t self = store_.ids.find(id);
    uint32_t other = store_.ids.find(terms::is_stop(t) ? id - 1 : id + 1);
    for (uint32_t leg : {self, other}) {
        if (leg == 0) continue;  // gone already
        Node& node = store_.nodes[leg];
        node.terms &= ~terms::OCO_BIT;
        if (terms::type(node.terms) == LIMIT) node.terms &= ~terms::SPECIAL;
    }
    if (other != 0) take_off(c, book, other, store_.nodes[other].open, Kind::CANCELLED, OCO_OTHER_LEG);
}

// Move an order behind all others at its price.
inline void Core::to_the_back(uint32_t number) {
    Node& node = store_.nodes[number];
    Level& level = store_.levels[node.level];
    if (node.next == 0) return;
    *(node.prev != 0 ? &store_.nodes[node.prev].next : &level.head) = node.next;
    store_.nodes[node.next].prev = node.prev;
    node.prev = level.tail;
    node.next = 0;
    store_.nodes[level.tail].next = number;
    level.tail = number;
}

// Let an iceberg show as much as it is to show. Nothing changes for others.
inline void Core::show_fresh_slice(Ladder& side, uint32_t number) {
    const Node& node = store_.nodes[number];
    if (terms::type(node.terms) != ICEBERG) return;
    Extra& extra = store_.extra(number);
    int64_t visible = std::min(extra.display, node.open);
    side.hide(side.key(price_of(number)), extra.visible - visible);
    extra.visible = visible;
}

}  // namespace alef
