// Small blocks for the ordered containers of the cold paths: taken from chunks, given back all at once.
//
// malloc keeps the pages of a million freed tree nodes. A pool lets its owner give all of them back
// to the system the moment its containers are empty, and can say how much it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <new>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#if !defined(MAP_ANONYMOUS)
#define MAP_ANONYMOUS MAP_ANON
#endif
#define ALEF_POOL_MAPS 1
#endif

namespace alef {

class Pool {
  public:
    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() { release(); }

    // Bytes taken from the system and not yet given back.
    size_t bytes() const { return bytes_; }

    // Throws std::bad_alloc.
    void* take(size_t size) {
        if (size > LARGEST) {
            return get(size);
        }
        Free*& first = free_[size_class(size)];
        if (first != nullptr) {
            Free* block = first;
            first = block->next;
            return block;
        }
        return cut((size_class(size) + 1) * STEP);
    }

    void give(void* block, size_t size) noexcept {
        if (size > LARGEST) {
            put(block, size);
            return;
        }
        Free*& first = free_[size_class(size)];
        first = new (block) Free{first};
    }

    // Give every chunk back. No block may be in use, but those above LARGEST, which stay.
    void release() noexcept {
        while (chunks_ != nullptr) {
            Chunk* next = chunks_->next;
            put(chunks_, chunks_->size);
            chunks_ = next;
        }
        for (Free*& first : free_) first = nullptr;
        at_ = end_ = nullptr;
        next_size_ = FIRST_CHUNK;
    }

  private:
    struct Free {
        Free* next;
    };
    struct Chunk {
        Chunk* next;
        size_t size;
    };
    static constexpr size_t STEP = 16;  // also the alignment of every block
    static constexpr size_t LARGEST = 512;
    static constexpr size_t FIRST_CHUNK = 1024;  // an instrument with one stop stays small
    static constexpr size_t LAST_CHUNK = size_t{1} << 20;
    static constexpr size_t MAPPED = size_t{1} << 16;
    static_assert(sizeof(Chunk) % STEP == 0 && alignof(std::max_align_t) >= STEP, "blocks are aligned");

    // From the system. Large ones are mapped, as free() keeps the pages of what it once had to give.
    void* get(size_t size) {
        void* block = nullptr;
#ifdef ALEF_POOL_MAPS
        if (size >= MAPPED) {
            block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (block == MAP_FAILED) throw std::bad_alloc();
        }
#endif
        if (block == nullptr) block = ::operator new(size);
        bytes_ += size;
        return block;
    }

    void put(void* block, size_t size) noexcept {
        bytes_ -= size;
#ifdef ALEF_POOL_MAPS
        if (size >= MAPPED) {
            munmap(block, size);
            return;
        }
#endif
        ::operator delete(block);
    }

    static size_t size_class(size_t size) { return size == 0 ? 0 : (size - 1) / STEP; }

    void* cut(size_t size) {
        if (static_cast<size_t>(end_ - at_) < size) {  // what is left of the old chunk is lost until release()
            void* chunk = get(next_size_);
            chunks_ = new (chunk) Chunk{chunks_, next_size_};
            at_ = static_cast<unsigned char*>(chunk) + sizeof(Chunk);
            end_ = static_cast<unsigned char*>(chunk) + next_size_;
            if (next_size_ < LAST_CHUNK) next_size_ *= 2;
        }
        void* block = at_;
        at_ += size;
        return block;
    }

    Chunk* chunks_ = nullptr;
    Free* free_[LARGEST / STEP] = {};
    unsigned char* at_ = nullptr;
    unsigned char* end_ = nullptr;
    size_t next_size_ = FIRST_CHUNK;
    size_t bytes_ = 0;
};

// The allocator that std containers want.
template <class T>
class PoolAllocator {
  public:
    using value_type = T;

    explicit PoolAllocator(Pool& pool) : pool_(&pool) {}
    template <class U>
    PoolAllocator(const PoolAllocator<U>& other) : pool_(other.pool()) {}  // NOLINT: containers rebind it

    T* allocate(size_t count) {
        if (count > std::numeric_limits<size_t>::max() / sizeof(T)) throw std::bad_alloc();
        return static_cast<T*>(pool_->take(count * sizeof(T)));
    }
    void deallocate(T* block, size_t count) noexcept { pool_->give(block, count * sizeof(T)); }
    Pool* pool() const { return pool_; }

    template <class U>
    bool operator==(const PoolAllocator<U>& other) const {
        return pool_ == other.pool();
    }
    template <class U>
    bool operator!=(const PoolAllocator<U>& other) const {
        return pool_ != other.pool();
    }

  private:
    Pool* pool_;
};

// A sorted map whose nodes live in a pool.
template <class Key, class Value>
using PoolMap = std::map<Key, Value, std::less<Key>, PoolAllocator<std::pair<const Key, Value>>>;

}  // namespace alef
