// One input of the fuzzer: the instruments to open and the commands to give.
//
// As bytes: u32 number of instruments, then for each u32 id, u32 unused, i64 tick, lot, lowest, highest; then
// commands of 80 bytes. Any bytes are an input: numbers out of range are brought into it, a torn command at the end
// is left out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine.hpp"

namespace fuzz {

using alef::Command;
using alef::Event;

// Numbers for the checks that must not depend on how the engine spells them.
enum Op : uint32_t {
    NEW = 1, CANCEL, REDUCE, REPLACE, EXPIRE, CANCEL_ALL, HALT, RESUME, OPEN_AUCTION, UNCROSS, SET_COLLAR
};
enum Type : uint8_t { LIMIT, MARKET, STOP_LOSS, STOP_LIMIT, TRAILING_STOP, ICEBERG };
enum Kind : uint8_t {
    ACCEPTED = 1, TRADE, CANCELLED, REJECTED, REDUCED, REPLACED, EXPIRED, TRIGGERED, HALTED, RESUMED, COLLAR_SET,
    AUCTION, REFILLED, ALL_CANCELLED, AUCTION_OPENED
};
constexpr uint32_t POST_ONLY = 1, OCO = 2, TRAIL_PERCENT = 4;
constexpr int64_t TOP = INT64_MAX;

struct Setting {
    uint32_t id, unused;
    int64_t tick, lot, lowest, highest;
};
static_assert(sizeof(Setting) == 40, "the layout of a reproducing file");

struct Input {
    std::vector<Setting> settings;
    std::vector<Command> commands;
};

constexpr size_t MOST_COMMANDS = 1000000;

inline int64_t at_least(int64_t least, int64_t number) { return number < least ? least : number; }

// The engine only copies a sequence; here it tells the answers apart.
inline void number(Input& input) {
    uint64_t sequence = 0;
    for (Command& c : input.commands) c.sequence = ++sequence;
}

inline Input parse(const uint8_t* bytes, size_t size) {
    Input input;
    uint32_t count = 0;
    if (size < 4) return input;
    std::memcpy(&count, bytes, 4);
    size_t at = 4;
    for (count %= 9; count && at + sizeof(Setting) <= size; --count, at += sizeof(Setting)) {
        Setting s;
        std::memcpy(&s, bytes + at, sizeof s);
        s.unused = 0;
        s.tick = at_least(1, s.tick);
        s.lot = at_least(1, s.lot);
        s.lowest = at_least(0, s.lowest);
        s.highest = at_least(0, s.highest);
        if (s.highest && s.lowest > s.highest) s.highest = 0;
        input.settings.push_back(s);
    }
    auto& commands = input.commands;
    commands.resize(std::min((size - at) / sizeof(Command), MOST_COMMANDS));
    if (!commands.empty()) std::memcpy(commands.data(), bytes + at, commands.size() * sizeof(Command));
    number(input);
    return input;
}

inline std::vector<uint8_t> written(const Input& input) {
    const auto count = static_cast<uint32_t>(input.settings.size());
    const size_t settings = count * sizeof(Setting), commands = input.commands.size() * sizeof(Command);
    std::vector<uint8_t> bytes(4 + settings + commands);
    std::memcpy(bytes.data(), &count, 4);
    if (settings) std::memcpy(bytes.data() + 4, input.settings.data(), settings);
    if (commands) std::memcpy(bytes.data() + 4 + settings, input.commands.data(), commands);
    return bytes;
}

// Small dice that fall the same way for the same seed on every machine (splitmix64, Steele et al. 2014).
class Dice {
  public:
    explicit Dice(uint64_t seed) : state_(seed) {}
    uint64_t bits() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
    }
    uint64_t below(uint64_t n) { return n ? bits() % n : 0; }
    int64_t between(int64_t low, int64_t high) {
        return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
    }
    bool chance(uint32_t percent) { return below(100) < percent; }

  private:
    uint64_t state_;
};

[[noreturn]] void found(const char* what);  // report a broken rule with the input that broke it

inline void check(bool holds, const char* rule) {
    if (!holds) found(rule);
}

}  // namespace fuzz
