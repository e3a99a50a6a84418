// From an order's id to its node. Ids rise, so most live ones lie close together: pages of 512 numbers, found
// through a directory, cost one dependent load where a hash table costs a search. Ids that stand alone, because the
// caller leaves wide gaps or because all their neighbours are gone, move to a sorted map.
#pragma once

#include <cstring>

#include "arena.hpp"
#include "limits.hpp"
#include "pool.hpp"

namespace alef {

struct IdPage {
    static constexpr uint32_t SHIFT = 9, SIZE = 1u << SHIFT;
    uint32_t slot[SIZE];

    uint32_t& free_link() { return slot[0]; }
};

struct IdEntry {
    uint32_t page, live;
};

class Ids {
  public:
    static constexpr uint64_t DIRECTORY = limits::DIRECTORY;  // entries

    explicit Ids(Pool& pool) : sparse_(PoolAllocator<PoolMap<uint64_t, uint32_t>::value_type>(pool)) {}

    // `pages` and `directory` are zeroed address space; page 0 stays empty and stands for all that is missing.
    void attach(IdPage* pages, uint32_t page_count, IdEntry* directory) {
        pages_ = pages;
        directory_ = directory;
        range_.set(1, page_count);
    }

    // The node of an id, 0 if there is none.
    uint32_t find(uint64_t id) const {
        uint64_t place = (id >> IdPage::SHIFT) - first_;
        if (likely(place < used_)) {
            uint32_t node = pages_[directory_[place].page].slot[id & (IdPage::SIZE - 1)];
            if (likely(node != 0)) return node;
        }
        return sparse_.empty() ? 0 : find_sparse(id);
    }

    // Where the node of an id stands; for an id that has no page, where any or none does. Without a branch, for it is
    // asked about commands whose turn has not come.
    const uint32_t* peek(uint64_t id) const {
        uint64_t place = (id >> IdPage::SHIFT) - first_;
        place = place < used_ ? place : 0;
        return &pages_[directory_[place].page].slot[id & (IdPage::SIZE - 1)];
    }

    // Remember an id that is not there yet. Those not above all before are put where there is room for them.
    void add(uint64_t id, uint32_t node) {
        uint64_t place = (id >> IdPage::SHIFT) - first_;
        if (likely(place + 1 == used_)) {
            put(place, id, node);
            newest_ = id;
        } else {
            add_elsewhere(id, node);
        }
    }

    // Give an id that is there another node.
    void move(uint64_t id, uint32_t node) {
        uint64_t place = (id >> IdPage::SHIFT) - first_;
        if (place < used_) {
            uint32_t& slot = pages_[directory_[place].page].slot[id & (IdPage::SIZE - 1)];
            if (slot != 0) {
                slot = node;
                return;
            }
        }
        sparse_[id] = node;
    }

    void erase(uint64_t id) {
        uint64_t place = (id >> IdPage::SHIFT) - first_;
        if (likely(place < used_)) {
            IdEntry& entry = directory_[place];
            uint32_t& slot = pages_[entry.page].slot[id & (IdPage::SIZE - 1)];
            if (likely(slot != 0)) {
                slot = 0;
                if (unlikely(--entry.live == 0) && place + 1 != used_) free_page(entry);
                return;
            }
        }
        sparse_.erase(id);
    }

    // Forget everything and give the memory back. Only when no id is left.
    void reset() {
        give_back(pages_, range_.top());
        give_back(directory_, used_);
        range_.reset();
        sparse_.clear();
        first_ = used_ = newest_ = sweep_ = crowd_ = 0;
    }

    uint64_t used_bytes() const {
        return range_.live() * sizeof(IdPage) + used_ * sizeof(IdEntry) + sparse_.size() * SPARSE_BYTES;
    }
    uint64_t touched_bytes() const {  // the sorted map aside, which lives in a pool
        return range_.top() * sizeof(IdPage) + used_ * sizeof(IdEntry);
    }

  private:
    static constexpr uint64_t SPARSE_BYTES = 48;  // what a node of std::map comes to
    static constexpr uint64_t WIDE_GAP = 64;      // above it a page would hold so few ids that the map is smaller
    static constexpr uint32_t FEW = 8;

    template <class T>
    static void give_back(T* array, uint64_t count) {
        char *from = reinterpret_cast<char*>(array), *to = reinterpret_cast<char*>(array + count);
        Mapping::give_back(from, to);
        // The page in which the last ones lie is not a whole one.
        char* rest = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(to) & ~(Mapping::SMALL_PAGE - 1));
        if (rest < from) rest = from;
        std::memset(rest, 0, static_cast<size_t>(to - rest));
    }

    void put(uint64_t place, uint64_t id, uint32_t node) {
        IdEntry& entry = directory_[place];
        pages_[entry.page].slot[id & (IdPage::SIZE - 1)] = node;
        ++entry.live;
    }

    void free_page(IdEntry& entry) {
        range_.give(pages_, entry.page);
        entry = IdEntry{};
    }

    ALEF_COLD uint32_t find_sparse(uint64_t id) const {
        auto found = sparse_.find(id);
        return found == sparse_.end() ? 0 : found->second;
    }

    // An older id, the first of a new page, or one behind a wide gap.
    ALEF_RARE void add_elsewhere(uint64_t id, uint32_t node) {
        uint64_t place = (id >> IdPage::SHIFT) - first_;
        if (place < used_ && directory_[place].page != 0) {
            put(place, id, node);
            return;
        }
        bool older = used_ != 0 && id < newest_;
        bool alone = used_ != 0 && id - newest_ > WIDE_GAP;
        if (!older) newest_ = id;
        if (older || alone || !open_page(id)) {
            sparse_[id] = node;
        } else {
            put((id >> IdPage::SHIFT) - first_, id, node);
        }
    }

    // Make the page of `id` the newest one. False if there is no more room for pages.
    bool open_page(uint64_t id) {
        uint64_t page = id >> IdPage::SHIFT;
        if (used_ == 0) first_ = page;
        if (page - first_ >= DIRECTORY) shift_directory(page);
        uint32_t fresh = range_.take(pages_);
        if (fresh == 0) return false;
        pages_[fresh].slot[0] = 0;  // the link of the free list; all others are 0 in a page without ids
        if (used_ != 0) {
            IdEntry& last = directory_[used_ - 1];
            if (last.page != 0 && last.live == 0) free_page(last);
        }
        used_ = page - first_ + 1;
        directory_[used_ - 1] = IdEntry{fresh, 0};
        sweep();
        return true;
    }

    // Where pages hold few ids on average, dissolve some of the emptiest, a few at a time.
    void sweep() {
        for (int looks = 0; looks < 8; ++looks) {
            if (range_.live() < limits::FREE_ID_PAGES + crowd_) return;
            if (sweep_ + 1 >= used_) sweep_ = 0;
            if (sweep_ + 1 >= used_) return;
            IdEntry& entry = directory_[sweep_];
            if (entry.page != 0 && entry.live <= FEW) dissolve(sweep_);
            if (++sweep_ + 1 >= used_) crowd_ = range_.live() * 2;  // what is left is worth its pages for now
        }
    }

    void dissolve(uint64_t place) {
        IdEntry& entry = directory_[place];
        IdPage& page = pages_[entry.page];
        uint64_t first_id = (first_ + place) << IdPage::SHIFT;
        for (uint32_t i = 0; i < IdPage::SIZE && entry.live > 0; ++i) {
            if (page.slot[i] == 0) continue;
            sparse_[first_id + i] = page.slot[i];
            page.slot[i] = 0;
            --entry.live;
        }
        free_page(entry);
    }

    // The directory is at its end, once in a thousand million ids: drop its empty beginning, and dissolve what
    // stands in the way of keeping half of it free.
    ALEF_COLD void shift_directory(uint64_t page) {
        uint64_t keep_from = page - first_ - DIRECTORY / 2;
        if (keep_from > used_) keep_from = used_;
        for (uint64_t place = 0; place < keep_from; ++place) {
            if (directory_[place].page != 0) dissolve(place);
        }
        uint64_t kept = used_ - keep_from;
        std::memmove(directory_, directory_ + keep_from, kept * sizeof(IdEntry));
        give_back(directory_ + kept, keep_from);
        first_ += keep_from;
        used_ = kept;
        sweep_ = 0;
        if (used_ == 0) first_ = page;
    }

    IdPage* pages_ = nullptr;
    IdEntry* directory_ = nullptr;
    uint64_t first_ = 0;   // the number (id / 512) of the directory's first page
    uint64_t used_ = 0;    // entries of the directory in use; the last is the newest page
    uint64_t newest_ = 0;  // the highest id added
    uint64_t sweep_ = 0;   // where the search for nearly empty pages goes on
    uint64_t crowd_ = 0;   // pages that the last round of it found worth keeping
    Range range_;
    PoolMap<uint64_t, uint32_t> sparse_;
};

}  // namespace alef
