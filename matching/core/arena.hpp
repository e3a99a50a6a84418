// Address space that is reserved once and touched as needed, so that nothing ever moves, is copied to grow, or has
// to be asked of malloc while orders trade.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif
#if !defined(MAP_ANONYMOUS) && defined(MAP_ANON)
#define MAP_ANONYMOUS MAP_ANON
#endif

namespace alef {

#define ALEF_COLD [[gnu::noinline, gnu::cold]]
#define ALEF_RARE [[gnu::noinline]]

inline bool likely(bool value) { return __builtin_expect(value, 1); }
inline bool unlikely(bool value) { return __builtin_expect(value, 0); }

// One reservation of address space. Fresh bytes read as 0.
class Mapping {
  public:
    static constexpr size_t SMALL_PAGE = 4096, HUGE_PAGE = size_t{1} << 21;

    Mapping() = default;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping() { drop(); }

    bool reserve(size_t bytes) {
        void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) return false;
        drop();
        base_ = static_cast<char*>(at);
        bytes_ = bytes;
        return true;
    }

    // Take over another's reservation, letting go of one's own.
    void take(Mapping& other) {
        drop();
        base_ = other.base_;
        bytes_ = other.bytes_;
        other.base_ = nullptr;
    }

    char* data() const { return base_; }
    size_t size() const { return bytes_; }

    // Give the whole pages within [from, to) back to the machine; they read as 0 again. The
    // parts of pages at both ends stay as they were.
    static void give_back(char* from, char* to) {
        auto first = (reinterpret_cast<uintptr_t>(from) + SMALL_PAGE - 1) & ~(SMALL_PAGE - 1);
        auto last = reinterpret_cast<uintptr_t>(to) & ~(SMALL_PAGE - 1);
        if (first >= last) return;
        void* at = reinterpret_cast<void*>(first);
#ifdef __linux__
        madvise(at, last - first, MADV_DONTNEED);
#else  // elsewhere DONTNEED is only a hint: put fresh pages in their place
        mmap(at, last - first, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
#endif
    }

    // Ask for huge pages: a million orders otherwise miss the TLB at every step.
    static void prefer_huge(char* from, size_t bytes) {
#ifdef MADV_HUGEPAGE
        if (bytes > 0) madvise(from, bytes, MADV_HUGEPAGE);
#else
        (void)from, (void)bytes;
#endif
    }

    // Let go of it.
    void drop() {
        if (base_) munmap(base_, bytes_);
        base_ = nullptr;
    }

  private:
    char* base_ = nullptr;
    size_t bytes_ = 0;
};

// Hands out the numbers first .. end - 1 of the elements of an array, the last returned first: it is the one most
// likely still in the cache. Number 0 is never handed out and means none. Elements lend the free list four bytes.
class Range {
  public:
    void set(uint32_t first, uint32_t end) {
        first_ = top_ = first;
        end_ = end;
        free_ = live_ = 0;
    }

    template <class T>
    uint32_t take(T* array) {
        uint32_t number = free_;
        if (likely(number != 0)) {
            free_ = array[number].free_link();
        } else {
            if (unlikely(top_ == end_)) return 0;
            number = top_++;
        }
        ++live_;
        return number;
    }

    template <class T>
    void give(T* array, uint32_t number) {
        array[number].free_link() = free_;
        free_ = number;
        --live_;
    }

    void reset() {
        top_ = first_;
        free_ = live_ = 0;
    }

    uint32_t first() const { return first_; }
    uint32_t top() const { return top_; }  // every number from here on was never touched
    uint32_t live() const { return live_; }
    uint32_t left() const { return end_ - first_ - live_; }

  private:
    uint32_t first_ = 1, top_ = 1, end_ = 1, free_ = 0, live_ = 0;
};

}  // namespace alef
