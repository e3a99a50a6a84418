// Numbers that decide how fast and how large the engine is, and never what it answers (BOOK_FULL aside). Compiled with
// -DALEF_SMALL_LIMITS everything rare happens all the time: for tests, which would need millions of orders otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace alef {
namespace limits {

#ifdef ALEF_SMALL_LIMITS
constexpr bool SMALL = true;
#else
constexpr bool SMALL = false;
#endif

constexpr uint64_t power(int exponent) { return uint64_t{1} << exponent; }

// Address space, in elements; halved together until the machine grants it.
constexpr uint64_t PLAIN_ORDERS = power(SMALL ? 16 : 28), SPECIAL_ORDERS = power(SMALL ? 16 : 26);
constexpr uint64_t LEVELS = power(SMALL ? 18 : 28);  // in pages, and as many far ones again
constexpr uint64_t WINDOWS = power(SMALL ? 2 : 16), ID_PAGES = power(SMALL ? 12 : 22);
constexpr uint64_t EVENT_BYTES = power(SMALL ? 12 : 36), LEAST_EVENT_BYTES = power(SMALL ? 12 : 20);
constexpr uint32_t MOST_HALVINGS = 12;
constexpr uint32_t MODESTY = 2;  // halvings more, if it had to be halved at all: others live in the rest

constexpr uint64_t DIRECTORY = power(SMALL ? 6 : 22);  // pages of ids between the oldest and the newest
constexpr uint64_t FREE_ID_PAGES = SMALL ? 2 : 64;     // so many may hold few ids each before any is dissolved

constexpr uint64_t DEEP = SMALL ? 30 : 200000;           // so many orders do not fit any cache: look further ahead
constexpr size_t BLOCK = SMALL ? 16 : 256;               // commands between two looks at how many orders there are
constexpr uint32_t WORTH_A_RESET = SMALL ? 20 : 1 << 15;  // orders whose memory is worth a call to the system
constexpr uint32_t MANY_IDLE = SMALL ? 2 : 16;           // pages without orders that a side keeps
constexpr uint64_t FAR_USES = SMALL ? 20 : 1024;         // before the window is moved
constexpr size_t KEPT_EVENTS = SMALL ? 64 : power(16);   // a longer answer's memory is given back

}  // namespace limits
}  // namespace alef
