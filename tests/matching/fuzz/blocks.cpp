// Count which blocks of the engine an input reaches. Built without tracing and sanitizers, unlike all the rest.
#include <cstddef>
#include <cstdint>

namespace {
constexpr size_t PLACES = 1 << 16;
uint8_t now[PLACES], ever[PLACES];
uint16_t touched[PLACES];
size_t touched_count;
uintptr_t before;
}  // namespace

// Called by the compiler's tracing at every block: a pair of blocks is one place.
extern "C" void __sanitizer_cov_trace_pc() {
    const auto here = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
    const uint64_t mixed = (here * 0x9e3779b97f4a7c15u) >> 40;
    const size_t place = (mixed ^ before) % PLACES;
    before = mixed >> 1;
    if (!now[place]) touched[touched_count++] = static_cast<uint16_t>(place);
    if (now[place] < 255) ++now[place];
}

// Count what was never reached so often before (1, 2 to 3, 4 to 15 and more times are told apart); begin anew.
extern "C" size_t alef_new_blocks() {
    size_t fresh = 0;
    for (size_t i = 0; i < touched_count; ++i) {
        const uint8_t often = now[touched[i]];
        const auto bit = static_cast<uint8_t>(often < 2 ? 1 : often < 4 ? 2 : often < 16 ? 4 : 8);
        if (!(ever[touched[i]] & bit)) {
            ever[touched[i]] |= bit;
            ++fresh;
        }
        now[touched[i]] = 0;
    }
    touched_count = 0;
    return fresh;
}
