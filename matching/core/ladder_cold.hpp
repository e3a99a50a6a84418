// The rare half of the ladder: making, finding, giving back and moving levels.
#pragma once

#include <utility>
#include <vector>

#include "ladder.hpp"

namespace alef {

inline uint64_t Ladder::base_around(uint64_t key) const {
    uint64_t low = key < Window::SPAN / 2 ? 0 : key - Window::SPAN / 2;
    uint64_t most = LAST_KEY - Window::SPAN + 1;
    return (low < most ? low : most) & ~uint64_t{63};
}

ALEF_COLD inline void Ladder::make_window(uint64_t key) {
    if (window_number_ == 0) {
        window_number_ = store_->take_window();
        if (window_number_ == 0) return;  // more books than windows: the sorted map serves this one
        window = &store_->windows[window_number_];
        window->link = 0;
    }
    base = base_around(key);
}

ALEF_COLD inline uint32_t Ladder::make_level(uint64_t key) {
    if (orders == 0 && (window_number_ == 0 || key - base >= Window::SPAN)) {
        if (idle_ > 0) give_idle_pages();
        make_window(key);
        far_uses_ = 0;
    }
    if (key - base < Window::SPAN) {
        uint64_t at = key - base;
        uint32_t page = window->chunks[at / 64].page;
        if (page == 0) page = make_page(at / 64);
        return page == 0 ? 0 : page + static_cast<uint32_t>(at % 64);
    }
    if (++far_uses_ > limits::FAR_USES && 4 * far_uses_ > orders) {
        recentre();
        return make_level(key);
    }
    auto found = far_.find(key);
    if (found != far_.end()) return found->second;
    uint32_t level = store_->take_far();
    if (level == 0) return 0;
    store_->levels[level] = Level{price(key), 0, 0, 0, 0, book};
    far_[key] = level;
    return level;
}

// All 64 levels of a page are written now, so that the plain path never asks whether a level is fresh.
inline uint32_t Ladder::make_page(uint64_t chunk) {
    uint32_t page = store_->take_page();
    if (page == 0) return 0;
    for (uint32_t slot = 0; slot < LevelPage::SIZE; ++slot) {
        store_->levels[page + slot] = Level{price(base + chunk * 64 + slot), 0, 0, 0, 0, book};
    }
    window->chunks[chunk].page = page;
    window->paged[chunk / 64] |= uint64_t{1} << chunk % 64;
    ++idle_;
    return page;
}

ALEF_COLD inline void Ladder::vacate_far(uint64_t key) {
    ++far_uses_;
    auto found = far_.find(key);
    store_->give_far(found->second);
    far_.erase(found);
    if (key == best_key) find_best();
}

ALEF_COLD inline void Ladder::give_idle_pages() {
    for (uint64_t word = 0; word < 64; ++word) {
        uint64_t idle = window->paged[word] & ~window->occupied[word];
        window->paged[word] &= ~idle;
        for (; idle != 0; idle &= idle - 1) {
            Chunk& chunk = window->chunks[word * 64 + static_cast<uint64_t>(__builtin_ctzll(idle))];
            store_->give_page(chunk.page);
            chunk.page = 0;
        }
    }
    idle_ = 0;
}

// The first occupied place of the window at or behind `at`; SPAN if there is none.
inline uint64_t Ladder::next_in_window(uint64_t at) const {
    uint64_t chunk = at / 64;
    uint64_t bits = window->chunks[chunk].bits >> at % 64;
    if (bits != 0) return at + static_cast<uint64_t>(__builtin_ctzll(bits));
    if (++chunk == Window::CHUNKS) return Window::SPAN;
    uint64_t word = chunk / 64;
    bits = window->occupied[word] >> chunk % 64;
    if (bits != 0) {
        chunk += static_cast<uint64_t>(__builtin_ctzll(bits));
    } else {
        if (++word == 64 || window->top >> word == 0) return Window::SPAN;
        word += static_cast<uint64_t>(__builtin_ctzll(window->top >> word));
        chunk = word * 64 + static_cast<uint64_t>(__builtin_ctzll(window->occupied[word]));
    }
    return chunk * 64 + static_cast<uint64_t>(__builtin_ctzll(window->chunks[chunk].bits));
}

inline uint64_t Ladder::next_key(uint64_t from, uint32_t& level) const {
    level = 0;
    if (from > LAST_KEY) return NO_KEY;
    auto far = far_.empty() ? far_.end() : far_.lower_bound(from);
    uint64_t far_key = far == far_.end() ? NO_KEY : far->first;
    if (window_number_ != 0 && from < base + Window::SPAN && far_key >= base) {
        uint64_t at = next_in_window(from < base ? 0 : from - base);
        if (at < Window::SPAN) {
            level = window->chunks[at / 64].page + static_cast<uint32_t>(at % 64);
            return base + at;
        }
    }
    if (far_key != NO_KEY) level = far->second;
    return far_key;
}

inline void Ladder::clear() {
    if (window_number_ != 0) {
        give_idle_pages();
        store_->give_window(window_number_);
    }
    window = store_->windows;
    base = NO_WINDOW;
    window_number_ = 0;
    far_uses_ = 0;
}

// The market has left the window. Costs a step per order, so it happens only after a quarter as many far accesses,
// each of which costs more than a step.
ALEF_COLD inline void Ladder::recentre() {
    far_uses_ = 0;
    if (best_key == NO_KEY) return;
    uint64_t wanted = base_around(best_key);
    uint64_t moved = wanted > base ? wanted - base : base - wanted;
    if (window_number_ == 0 || moved < Window::SPAN / 4) return;
    std::vector<std::pair<uint64_t, uint32_t>> old;
    uint32_t level = 0;
    for (uint64_t key = next_key(0, level); key != NO_KEY; key = next_key(key + 1, level)) old.emplace_back(key, level);
    if (!store_->has_pages(old.size() + 1) || !store_->has_far(old.size() + 1)) return;

    std::vector<std::pair<uint64_t, Level>> kept;
    for (auto& [key, number] : old) kept.emplace_back(key, store_->levels[number]);
    for (auto& [key, number] : far_) store_->give_far(number);
    far_.clear();
    for (uint64_t word = 0; word < 64; ++word) window->occupied[word] = 0;
    for (auto& [key, number] : old) {
        if (key - base < Window::SPAN) window->chunks[(key - base) / 64].bits = 0;
    }
    window->top = 0;
    give_idle_pages();
    base = wanted;
    best_key = NO_KEY;
    for (auto& [key, content] : kept) {
        uint32_t number = make_level(key);
        store_->levels[number] = content;
        for (uint32_t node = content.head; node != 0; node = store_->nodes[node].next) {
            store_->nodes[node].level = number;
        }
        occupy(key, number);
    }
    far_uses_ = 0;
}

}  // namespace alef
