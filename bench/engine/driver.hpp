// What the driver measures with: clocks, percentiles, resident memory, a pointer chase, and a tally of events.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "matching/core/engine.hpp"

namespace bench {

using Clock = std::chrono::steady_clock;

constexpr size_t BATCH = 1000, RECEIVED = 50;
constexpr uint32_t NEW = 1, CANCEL = 2;
constexpr uint8_t TRADE = 2, REJECTED = 4;

[[noreturn]] inline void fail(const std::string& why) {
    std::fprintf(stderr, "driver: %s\n", why.c_str());
    std::exit(1);
}

inline uint32_t narrow(uint64_t ticks) { return uint32_t(std::min<uint64_t>(ticks, UINT32_MAX)); }

inline unsigned long long ull(uint64_t number) { return number; }

inline double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds that this thread has been on a processor: what others do meanwhile isn't counted.
inline double processor_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

// Nanoseconds of one step of arithmetic that never leaves the registers: only a processor that others use too, or that
// runs slower than it can, makes it longer.
inline double yardstick() {
    constexpr int STEPS = 300000;
    uint64_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    const double start = processor_seconds();
    for (int step = 0; step < STEPS; ++step) {
        for (auto& word : state) {
            word ^= word << 13;
            word = (word ^ word >> 7) + uint64_t(step);
            __asm__ volatile("" : "+r"(word));  // or the compiler would do without
        }
    }
    return (processor_seconds() - start) * 1e9 / STEPS;
}

// Waits until the processor is as fast as it was at its best, which another process may have seen, two seconds at most.
inline void wait_for_quiet(double best_elsewhere) {
    static double best = yardstick();
    if (best_elsewhere > 0) best = std::min(best, best_elsewhere);
    for (const auto start = Clock::now(); since(start) < 2;) {
        const double now = yardstick();
        best = std::min(best, now);
        if (now <= best * 1.05) return;
    }
}

// The processor's own counter where there is one, fenced so that nothing measured moves across it.
#if defined(__x86_64__)
constexpr const char* TIMER = "rdtsc, fenced";

inline uint64_t timer_start() {
    _mm_lfence();
    const uint64_t time = __rdtsc();
    _mm_lfence();
    return time;
}

inline uint64_t timer_end() {
    unsigned core;
    const uint64_t time = __rdtscp(&core);
    _mm_lfence();
    return time;
}
#else
constexpr const char* TIMER = "steady clock";

inline uint64_t timer_start() { return uint64_t(Clock::now().time_since_epoch() / std::chrono::nanoseconds(1)); }
inline uint64_t timer_end() { return timer_start(); }
#endif

// How many ticks of the timer a nanosecond has, from 50 ms of the steady clock.
inline double ticks_per_nanosecond() {
    const auto start = Clock::now();
    const uint64_t first = timer_start();
    while (since(start) < 0.05) {
    }
    const uint64_t last = timer_end();
    return double(last - first) / (since(start) * 1e9);
}

inline uint64_t percentile(std::vector<uint32_t>& times, size_t thousandth) {
    if (times.empty()) return 0;
    const size_t place = std::min(times.size() - 1, times.size() * thousandth / 1000);
    std::nth_element(times.begin(), times.begin() + long(place), times.end());
    return times[place];
}

// Anonymous resident bytes of this process; 0 where nobody can tell.
inline uint64_t resident() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("RssAnon:", 0) == 0) return std::strtoull(line.c_str() + 8, nullptr, 10) * 1024;
    return 0;
}

inline uint64_t mix(uint64_t word) {
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ull;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBull;
    return word ^ (word >> 31);
}

// Walks a ring through every cache line of so many bytes in random order, each load waiting for the one before.
// On huge pages, where there are any, a load pays for the memory alone; on small ones for finding the page as well.
inline double chase(size_t bytes, bool huge) {
    constexpr size_t LINE = 64, HUGE_PAGE = size_t(2) << 20;
    const size_t lines = std::max<size_t>(bytes / LINE, 2);
    std::vector<uint32_t> order(lines);
    std::iota(order.begin(), order.end(), 0u);
    for (size_t n = lines - 1; n > 0; --n) std::swap(order[n], order[mix(n) % n]);
    const size_t size = (lines * LINE + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    std::unique_ptr<uint32_t, decltype(&std::free)> kept(
        static_cast<uint32_t*>(std::aligned_alloc(HUGE_PAGE, size)), &std::free);
    uint32_t* ring = kept.get();
    if (!ring) fail("no memory for a pointer chase");
#ifdef MADV_HUGEPAGE
    madvise(ring, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
    (void)huge;
#endif
    for (size_t n = 0; n < lines; ++n) ring[order[n] * size_t(16)] = order[(n + 1) % lines] * 16;
    auto walk = [&](size_t steps, uint32_t at) {
        while (steps--) at = ring[at];
        return at;
    };
    const size_t steps = std::min<size_t>(std::max<size_t>(lines * 4, 1'000'000), 4'000'000);
    volatile uint32_t sink = walk(lines < steps ? lines : steps, 0);
    const double start = processor_seconds();
    sink = walk(steps, sink);
    return (processor_seconds() - start) * 1e9 / double(steps);
}

// What happened: counts, and the digest of the events' bytes as `numbers.digest` defines it.
struct Tally {
    uint64_t events = 0, trades = 0, volume = 0, refused = 0, trading = 0, digest = 0;
    unsigned __int128 value = 0;

    void add(const alef::Event* happened, size_t count) {
        for (size_t n = 0; n < count; ++n) {
            const alef::Event& event = happened[n];
            uint64_t words[sizeof(alef::Event) / 8];
            std::memcpy(words, &event, sizeof words);
            for (uint64_t word : words) digest += mix(word ^ mix(++place_));
            ++events;
            refused += event.kind == REJECTED;
            if (event.kind != TRADE) continue;
            ++trades;
            volume += uint64_t(event.quantity);
            value += (unsigned __int128)(event.quantity) * (unsigned __int128)(event.price);
            trading += event.sequence != last_;
            last_ = event.sequence;
        }
    }

  private:
    uint64_t place_ = 0, last_ = 0;
};

inline std::string decimal(unsigned __int128 number) {
    std::string digits;
    do {
        digits.insert(digits.begin(), char('0' + int(number % 10)));
        number /= 10;
    } while (number);
    return digits;
}

}  // namespace bench
