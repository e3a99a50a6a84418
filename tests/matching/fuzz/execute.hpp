// Carry one input out in several ways that must all come to the same.
#pragma once

#include "audit.hpp"

namespace fuzz {

inline void open_all(Engine& engine, const Input& input) {
    for (const Setting& s : input.settings) {
        const bool fresh = engine.open_instrument(s.id, s.tick, s.lot, s.lowest, s.highest);
        alef::InstrumentView v{};
        check(engine.instrument(s.id, v), "an instrument that was opened is open");
        check(!fresh || (v.tick == s.tick && v.lot == s.lot),
              "an instrument has the settings that it was opened with");
    }
}

// What an engine answers to some commands given in one batch. It lies there until the next call.
inline const alef::EventBuffer& answer(Engine& engine, const Command* commands, size_t count) {
    static alef::EventBuffer events;
    events.clear();
    engine.apply(commands, count, events);
    return events;
}

inline Bytes answers(Engine& engine, const Command* commands, size_t count) {
    const alef::EventBuffer& events = answer(engine, commands, count);
    const auto* first = reinterpret_cast<const uint8_t*>(events.data());
    return Bytes(first, first + events.size() * sizeof(Event));
}

inline void restore_whole(Engine& engine, const Bytes& content) {
    const char* why = engine.restore(content.data(), content.size());
    check(why == nullptr, why ? why : "");
    check(engine.encode() == content, "a restored engine has the same snapshot");
}

// Damaged bytes are refused and change nothing, or are a sound state that lives on.
inline void restore_damaged(Dice& dice, Bytes content, const Input& input) {
    Engine engine;
    open_all(engine, input);
    const Bytes before = engine.encode();
    for (uint64_t n = 1 + dice.below(3); n && content.size() > 16; --n) {
        const size_t at = 8 + dice.below(content.size() - 8);
        const uint64_t changed = dice.chance(50) ? dice.below(6) : content[at] ^ 1u << dice.below(8);
        content[at] = static_cast<uint8_t>(changed);
    }
    if (dice.chance(10)) content.resize(dice.below(content.size()));
    if (engine.restore(content.data(), content.size())) {
        check(engine.encode() == before, "a refused snapshot changes nothing");
        return;
    }
    check(engine.encode() == content, "a restored engine has the same snapshot");
    answers(engine, input.commands.data(), std::min<size_t>(input.commands.size(), 100));
    const Bytes after = engine.encode();
    Engine again;
    restore_whole(again, after);
}

inline void refuse_without_a_trace(Engine& engine, const Command& c) {
    const Bytes before = engine.encode();
    const alef::EventBuffer& events = answer(engine, &c, 1);
    check(events.size() == 1 && events.data()[0].kind == REJECTED, "what was refused is refused again");
    check(engine.encode() == before, "a refused command changes nothing");
}

inline void end_everything(Engine& engine) {
    for (uint32_t id : engine.instruments()) {
        Command all{};
        all.op = CANCEL_ALL;
        all.instrument = id;
        answers(engine, &all, 1);
        check(!engine.best(id, 1) && !engine.best(id, 2), "after a cancel of all orders a book is empty");
    }
    check(engine.memory().live_orders == 0, "after a cancel of all orders none is counted");
}

// Run one input; `seed` chooses where it is cut and which extra questions are asked.
inline void execute(const Input& input, uint64_t seed) {
    Dice dice(seed);
    Engine engine, whole, restored;
    open_all(engine, input);
    open_all(whole, input);
    const Command* commands = input.commands.data();
    const size_t count = input.commands.size(), middle = dice.below(count + 1);
    Ledger ledger;
    Bytes all, went_on;
    for (size_t at = 0, size = 0; at < count; at += size) {
        size = std::min<size_t>(count - at, dice.chance(30) ? 1 : dice.chance(70) ? 7 : 1 + dice.below(300));
        const Bytes part = answers(engine, commands + at, size);
        const auto* events = reinterpret_cast<const Event*>(part.data());
        ledger.take(commands + at, size, events, part.size() / sizeof(Event));
        all.insert(all.end(), part.begin(), part.end());
        if (size == 1 && events[0].kind == REJECTED && dice.chance(20)) refuse_without_a_trace(engine, commands[at]);
        if (at <= middle && middle < at + size) {
            audit(engine, ledger);
            restore_whole(restored, engine.encode());
            went_on = answers(restored, commands + at + size, count - at - size);
        }
    }
    audit(engine, ledger);
    check(answers(whole, commands, count) == all, "the size of a batch changes no event");
    check(whole.encode() == engine.encode(), "the size of a batch changes no state");
    check(std::equal(went_on.rbegin(), went_on.rend(), all.rbegin()), "a restored engine goes on as the first");
    check(!count || restored.encode() == engine.encode() || middle == count, "a restored engine ends as the first");
    if (dice.chance(25)) restore_damaged(dice, engine.encode(), input);
    if (dice.chance(25)) end_everything(engine);
}

}  // namespace fuzz
