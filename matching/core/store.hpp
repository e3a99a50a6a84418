// All memory of one engine: orders, levels and ids of every book, cut from one reservation of address space.
#pragma once

#include <algorithm>

#include "arena.hpp"
#include "ids.hpp"
#include "limits.hpp"
#include "node.hpp"
#include "pool.hpp"

namespace alef {

// 64 levels of neighbouring prices: one word of a ladder's bitmap.
struct LevelPage {
    static constexpr uint32_t SIZE = 64;
    Level level[SIZE];

    uint32_t& free_link() { return level[0].head; }
};

struct Chunk {
    uint64_t bits;  // which of its levels hold orders
    uint32_t page;  // the number of its first level; 0: none yet
    uint32_t spare;
};

// The prices near the middle of one side of a book: 262,144 of them, found by their distance from the first.
struct Window {
    static constexpr uint64_t CHUNKS = 64 * 64, SPAN = CHUNKS * LevelPage::SIZE;
    uint32_t link;
    uint32_t spare;
    uint64_t top;           // which words of `occupied` are not 0
    uint64_t occupied[64];  // which chunks hold orders
    uint64_t paged[64];     // which chunks have a page
    Chunk chunks[CHUNKS];

    uint32_t& free_link() { return link; }
};

class Store {
  public:
    Node* nodes = nullptr;
    uint64_t* order_ids = nullptr;  // by node
    Extra* extras = nullptr;        // by node, from the first special one on: use extra()
    Level* levels = nullptr;
    Window* windows = nullptr;
    Pool pool;  // of the sorted maps of ids and ladders, all empty where there is no order
    Ids ids{pool};
    bool roomy = true;  // no range is near its end, so the plain path need not ask

    // Throws std::bad_alloc if not even a small reservation of address space can be had.
    Store() {
        uint32_t shrink = 0;
        while (!map_.reserve(lay_out(shrink))) {
            if (++shrink > limits::MOST_HALVINGS) throw std::bad_alloc();
        }
        if (shrink > 0 && shrink < limits::MOST_HALVINGS) {  // others, a second engine too, live in what there is
            shrink = std::min(shrink + limits::MODESTY, limits::MOST_HALVINGS);
            map_.drop();
            if (!map_.reserve(lay_out(shrink))) throw std::bad_alloc();
        }
        place(shrink);
    }

    uint32_t take_node(uint64_t id) {
        uint32_t node = plain_.take(nodes);
        if (unlikely(node == 0)) node = special_.take(nodes);  // a triggered stop that comes to rest has one to spare
        if (unlikely(node >= comfortable_)) roomy = false;
        order_ids[node] = id;
        return node;
    }
    uint32_t take_special(uint64_t id) {
        uint32_t node = special_.take(nodes);
        if (special_.left() < special_.live()) roomy = false;
        watch_levels();
        order_ids[node] = id;
        extra(node) = Extra{};
        return node;
    }
    void give_node(uint32_t node) {
        (likely(node < special_.first()) ? plain_ : special_).give(nodes, node);
    }
    Extra& extra(uint32_t node) { return extras[node - special_.first()]; }
    const Extra& extra(uint32_t node) const { return extras[node - special_.first()]; }

    // The number of the first of 64 levels, or 0.
    uint32_t take_page() {
        uint32_t page = pages_.take(level_pages());
        watch_levels();
        return page * LevelPage::SIZE;
    }
    void give_page(uint32_t first_level) { pages_.give(level_pages(), first_level / LevelPage::SIZE); }

    uint32_t take_far() {
        uint32_t level = far_.take(levels);
        watch_levels();
        return level;
    }
    void give_far(uint32_t level) { far_.give(levels, level); }
    // Whether so many pages, or levels far from the market, can be taken beside those promised to waiting stops.
    bool has_pages(size_t wanted) const { return pages_.left() >= wanted + special_.live(); }
    bool has_far(size_t wanted) const { return far_.left() >= wanted + special_.live(); }

    uint32_t take_window() { return windows_.take(windows); }
    void give_window(uint32_t window) { windows_.give(windows, window); }

    // Whether one more order can be kept, and every waiting stop beside it could come to rest at a price of its own.
    bool has_room(bool special) const {
        uint32_t nodes_left = special ? special_.left() : plain_.left();
        uint32_t promised = special_.live();
        return nodes_left > 0 && pages_.left() > promised && far_.left() > promised && plain_.left() > promised;
    }

    // Whether an order that has its node can move to another price.
    bool has_levels() const { return pages_.left() > special_.live() && far_.left() > special_.live(); }

    uint64_t live_orders() const { return uint64_t{plain_.live()} + special_.live(); }
    bool worth_a_reset() const { return plain_.top() > WORTH || special_.top() - special_.first() > WORTH; }

    // Forget all orders and levels and give their memory back. The ladders have let go of their pages before.
    void reset() {
        give_back(nodes, plain_.first(), plain_.top());
        give_back(order_ids, plain_.first(), plain_.top());
        give_back(nodes, special_.first(), special_.top());
        give_back(order_ids, special_.first(), special_.top());
        give_back(extras, 0, special_.top() - special_.first());
        give_back(levels, LevelPage::SIZE, pages_.top() * LevelPage::SIZE);
        give_back(levels, far_.first(), far_.top());
        give_back(windows, 1, windows_.top());
        for (Range* range : {&plain_, &special_, &pages_, &far_, &windows_}) range->reset();
        ids.reset();
        pool.release();
        roomy = true;
    }

    uint64_t used_bytes() const {
        return plain_.live() * PLAIN_BYTES + special_.live() * SPECIAL_BYTES + pages_.live() * sizeof(LevelPage) +
               far_.live() * FAR_BYTES + ids.used_bytes();
    }
    uint64_t touched_bytes() const {
        return plain_.top() * PLAIN_BYTES + (special_.top() - special_.first()) * SPECIAL_BYTES +
               pages_.top() * sizeof(LevelPage) + (far_.top() - far_.first()) * sizeof(Level) +
               windows_.top() * WINDOW_BYTES + ids.touched_bytes() + pool.bytes();
    }

  private:
    static constexpr uint64_t PLAIN_BYTES = sizeof(Node) + sizeof(uint64_t);
    static constexpr uint64_t SPECIAL_BYTES = PLAIN_BYTES + sizeof(Extra);
    static constexpr uint64_t FAR_BYTES = sizeof(Level) + 48;  // with its node of std::map
    static constexpr uint64_t WINDOW_BYTES = 4 * 4096;         // what a book of ordinary width touches
    static constexpr uint32_t WORTH = limits::WORTH_A_RESET;
    static constexpr uint64_t PLAIN = limits::PLAIN_ORDERS, SPECIAL = limits::SPECIAL_ORDERS,
                              LEVELS = limits::LEVELS, WINDOWS = limits::WINDOWS, ID_PAGES = limits::ID_PAGES;

    struct Part {
        uint64_t at, bytes;
    };
    enum { NODES, IDS, EXTRAS, LEVELS_AT, WINDOWS_AT, ID_PAGES_AT, DIRECTORY_AT, PARTS };

    LevelPage* level_pages() { return reinterpret_cast<LevelPage*>(levels); }

    uint64_t lay_out(uint32_t shrink) {
        uint64_t bytes[PARTS];
        bytes[NODES] = ((PLAIN + SPECIAL) >> shrink) * sizeof(Node);
        bytes[IDS] = ((PLAIN + SPECIAL) >> shrink) * sizeof(uint64_t);
        bytes[EXTRAS] = (SPECIAL >> shrink) * sizeof(Extra);
        bytes[LEVELS_AT] = (2 * LEVELS >> shrink) * sizeof(Level);
        bytes[WINDOWS_AT] = (WINDOWS >> shrink) * sizeof(Window);
        bytes[ID_PAGES_AT] = (ID_PAGES >> shrink) * sizeof(IdPage);
        bytes[DIRECTORY_AT] = Ids::DIRECTORY * sizeof(IdEntry);
        uint64_t at = Mapping::HUGE_PAGE;  // so that all begins can be aligned
        for (int part = 0; part < PARTS; ++part) {
            parts_[part] = Part{at, bytes[part]};
            at += (bytes[part] + Mapping::HUGE_PAGE - 1) & ~(Mapping::HUGE_PAGE - 1);
        }
        return at;
    }

    void place(uint32_t shrink) {
        char* base = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(map_.data()) & ~(Mapping::HUGE_PAGE - 1));
        nodes = reinterpret_cast<Node*>(base + parts_[NODES].at);
        order_ids = reinterpret_cast<uint64_t*>(base + parts_[IDS].at);
        extras = reinterpret_cast<Extra*>(base + parts_[EXTRAS].at);
        levels = reinterpret_cast<Level*>(base + parts_[LEVELS_AT].at);
        windows = reinterpret_cast<Window*>(base + parts_[WINDOWS_AT].at);
        auto plain = static_cast<uint32_t>(PLAIN >> shrink), special = static_cast<uint32_t>(SPECIAL >> shrink);
        auto half = static_cast<uint32_t>(LEVELS >> shrink);
        plain_.set(1, plain);
        special_.set(plain, plain + special);
        pages_.set(1, half / LevelPage::SIZE);
        far_.set(half, 2 * half);
        windows_.set(1, static_cast<uint32_t>(WINDOWS >> shrink));
        comfortable_ = plain / 2;
        ids.attach(reinterpret_cast<IdPage*>(base + parts_[ID_PAGES_AT].at), static_cast<uint32_t>(ID_PAGES >> shrink),
                   reinterpret_cast<IdEntry*>(base + parts_[DIRECTORY_AT].at));
        levels[0].book = NO_BOOK;  // the level of node 0 and of waiting stops
        for (int part : {NODES, IDS, LEVELS_AT, ID_PAGES_AT}) {
            // The first megabytes stay in small pages, so that a small engine stays small.
            if (parts_[part].bytes <= Mapping::HUGE_PAGE) continue;
            Mapping::prefer_huge(base + parts_[part].at + Mapping::HUGE_PAGE,
                                 parts_[part].bytes - Mapping::HUGE_PAGE);
        }
    }

    // Every waiting stop may come to rest at a price of its own: what is promised to them nobody else may take.
    void watch_levels() {
        if (!has_levels()) roomy = false;
    }

    template <class T>
    static void give_back(T* array, uint64_t from, uint64_t to) {
        Mapping::give_back(reinterpret_cast<char*>(array + from), reinterpret_cast<char*>(array + to));
    }

    Mapping map_;
    Part parts_[PARTS] = {};
    Range plain_, special_, pages_, far_, windows_;
    uint32_t comfortable_ = 0;  // plain nodes from here on mean that half of them are in use
};

}  // namespace alef
