// Draw commands that mean something, and change streams so that most of them still do.
#pragma once

#include <unordered_map>

#include "input.hpp"

namespace fuzz {

// Where an instrument's prices lie: `centre` ticks, of `top` that there are.
inline int64_t top_of(const Setting& s) { return TOP / s.tick; }
inline int64_t centre_of(const Setting& s) {
    const int64_t middle = s.id % 3 == 0 ? 1000 : s.id % 3 == 1 ? 4 : top_of(s) - 3;
    return std::max<int64_t>(1, std::min(middle, top_of(s)));
}

inline int64_t price_near(Dice& dice, const Setting& s, int64_t width) {
    const int64_t centre = centre_of(s), top = top_of(s), away = dice.between(-width, width);
    if (dice.chance(2)) return dice.chance(50) ? s.tick : top * s.tick;
    if (dice.chance(1)) return dice.between(1, std::min<int64_t>(top, 1 << 20)) * s.tick;
    return std::max<int64_t>(1, away < 0 ? centre + away : centre + std::min(away, top - centre)) * s.tick;
}

inline int64_t odd_number(Dice& dice) {
    static const int64_t odd[] = {0, 1, 2, 3, 7, 100, 9999, 10000, INT64_C(1) << 31, INT64_C(1) << 32,
                                  INT64_C(1) << 62, TOP, TOP - 1, -1, INT64_MIN};
    return odd[dice.below(sizeof odd / sizeof *odd)];
}

inline Setting draw_setting(Dice& dice, uint32_t id) {
    Setting s{id, 0, 1, 1, 0, 0};
    if (dice.chance(40)) s.tick = dice.between(1, 10);
    if (dice.chance(5)) s.tick = TOP / dice.between(1, 9);
    if (dice.chance(30)) s.lot = dice.between(1, 10);
    if (dice.chance(5)) s.lot = TOP / dice.between(1, 9);
    if (dice.chance(15)) {
        s.lowest = std::max<int64_t>(1, centre_of(s) - 6) * s.tick;
        s.highest = centre_of(s) < top_of(s) - 6 ? (centre_of(s) + 6) * s.tick : 0;
    }
    return s;
}

inline int64_t draw_quantity(Dice& dice, const Setting& s) {
    const int64_t most = TOP / s.lot;
    if (dice.chance(3)) return std::max<int64_t>(1, most / dice.between(1, 3) - dice.between(0, 2)) * s.lot;
    return std::min(most, dice.chance(5) ? dice.between(1, 3000) : dice.between(1, 12)) * s.lot;
}

inline void draw_terms(Dice& dice, const Setting& s, Command& c) {
    c.side = static_cast<uint8_t>(dice.between(1, 2));
    c.self_trade = static_cast<uint8_t>(dice.below(5));
    c.order_type = static_cast<uint8_t>(dice.chance(45) ? 0 : dice.below(6));
    c.time_in_force = static_cast<uint8_t>(dice.chance(70) ? 0 : dice.below(5));
    c.quantity = draw_quantity(dice, s);
    const bool limited = c.order_type == LIMIT || c.order_type == STOP_LIMIT || c.order_type == ICEBERG;
    if (limited) c.price = price_near(dice, s, 6);
    if (c.order_type == STOP_LOSS || c.order_type == STOP_LIMIT) c.stop_price = price_near(dice, s, 8);
    if (c.order_type == TRAILING_STOP) {
        if (dice.chance(50)) c.flags |= TRAIL_PERCENT;
        c.stop_price = c.flags & TRAIL_PERCENT ? dice.between(1, dice.chance(80) ? 200 : 9999)
                                               : std::min(top_of(s), dice.between(1, 8)) * s.tick;
    }
    if (c.order_type == ICEBERG) {
        const int64_t least = c.quantity / 1000 / s.lot * s.lot + s.lot;
        c.display_quantity = std::max(least, std::min(TOP / s.lot, dice.between(1, 4)) * s.lot);
    }
    if (c.order_type != LIMIT && c.side == 1 && !c.price && dice.chance(40)) c.budget = dice.between(1, 20000);
    if (c.order_type == LIMIT && dice.chance(8)) c.flags |= POST_ONLY;
}

inline Command draw(Dice& dice, const Input& input, uint64_t next_id) {
    Command c{};
    const Setting& s = input.settings[dice.below(input.settings.size())];
    static const uint8_t ops[] = {CANCEL,  CANCEL,  CANCEL, REDUCE,  REDUCE, REPLACE,
                                  REPLACE, REPLACE, EXPIRE, UNCROSS, RESUME};
    static const uint8_t rare[] = {CANCEL_ALL, HALT, OPEN_AUCTION, OPEN_AUCTION, UNCROSS, SET_COLLAR, RESUME};
    c.op = NEW;
    if (dice.chance(30)) c.op = dice.chance(93) ? ops[dice.below(sizeof ops)] : rare[dice.below(sizeof rare)];
    c.instrument = s.id;
    c.owner = static_cast<uint32_t>(dice.between(1, 4));
    c.account = c.owner * 10;
    if (c.op == NEW) {
        c.order_id = next_id;
        draw_terms(dice, s, c);
    } else if (c.op <= EXPIRE) {
        c.order_id = next_id - std::min<uint64_t>(next_id, 1 + dice.below(dice.chance(70) ? 12 : 200));
        if (dice.chance(80)) c.account = 0;
        c.price = price_near(dice, s, 6);
        c.quantity = draw_quantity(dice, s);
        if (c.op == REPLACE && dice.chance(40)) {
            c.stop_price = price_near(dice, s, 8);
            if (dice.chance(60)) c.price = 0;
            if (dice.chance(30)) c.stop_price = dice.between(1, 300);
        }
    } else if (c.op == SET_COLLAR && dice.chance(50)) {
        c.price = price_near(dice, s, 8);
        c.stop_price = dice.chance(50) ? price_near(dice, s, 8) : 0;
    } else if (c.op == UNCROSS && dice.chance(40)) {
        c.price = price_near(dice, s, 8);
    } else if (c.op == CANCEL_ALL && dice.chance(30)) {
        c.account = 0;
    }
    return c;
}

// Two orders of which one cancels the other.
inline void draw_pair(Dice& dice, const Input& input, uint64_t next_id, std::vector<Command>& out) {
    Command limit = draw(dice, input, next_id);
    const Setting& s = input.settings[0];
    limit.op = NEW;
    limit.order_id = next_id;
    limit.side = static_cast<uint8_t>(dice.between(1, 2));
    limit.instrument = s.id;
    limit.flags = 0;
    limit.order_type = LIMIT;
    limit.time_in_force = static_cast<uint8_t>(dice.below(3));
    limit.stop_price = limit.display_quantity = limit.budget = 0;
    limit.quantity = draw_quantity(dice, s);
    limit.price = price_near(dice, s, 4);
    Command stop = limit;
    stop.order_id = next_id + 1;
    stop.flags = OCO;
    stop.order_type = static_cast<uint8_t>(dice.between(STOP_LOSS, TRAILING_STOP));
    stop.stop_price = price_near(dice, s, 8);
    if (stop.order_type == TRAILING_STOP) stop.stop_price = std::min(top_of(s), dice.between(1, 5)) * s.tick;
    if (stop.order_type != STOP_LIMIT) stop.price = 0;
    if (dice.chance(5)) stop.quantity = draw_quantity(dice, s);
    out.push_back(limit);
    out.push_back(stop);
}

inline Input draw_input(Dice& dice, size_t count) {
    Input input;
    const auto settings = static_cast<uint32_t>(dice.between(1, 3));
    for (uint32_t i = 0; i < settings; ++i) {
        const auto shift = static_cast<uint32_t>(dice.chance(70) ? 0 : dice.below(3));
        input.settings.push_back(draw_setting(dice, i * 3 + shift));
    }
    uint64_t next_id = dice.chance(90) ? 1 : static_cast<uint64_t>(TOP) - 100;
    while (input.commands.size() < count) {
        if (dice.chance(4)) draw_pair(dice, input, next_id, input.commands);
        else input.commands.push_back(draw(dice, input, next_id));
        if (input.commands.back().op == NEW) next_id = input.commands.back().order_id + 1;
    }
    number(input);
    return input;
}

inline void spoil(Dice& dice, Command& c) {
    int64_t* const wide[] = {&c.price, &c.quantity, &c.stop_price, &c.display_quantity, &c.budget};
    uint8_t* const narrow[] = {&c.side, &c.order_type, &c.time_in_force, &c.self_trade};
    switch (dice.below(8)) {
        case 0: *wide[dice.below(5)] = odd_number(dice); break;
        case 1: {
            int64_t& number = *wide[dice.below(5)];
            number = static_cast<int64_t>(static_cast<uint64_t>(number) + static_cast<uint64_t>(dice.between(-2, 2)));
            break;
        }
        case 2: *narrow[dice.below(4)] = static_cast<uint8_t>(dice.below(dice.chance(90) ? 6 : 256)); break;
        case 3: c.flags ^= 1u << dice.below(dice.chance(90) ? 3 : 32); break;
        case 4: c.op = static_cast<uint32_t>(dice.below(13)); break;
        case 5: c.owner = static_cast<uint32_t>(dice.between(1, 3)); break;
        case 6: c.account = static_cast<uint32_t>(dice.below(4)) * 10; break;
        default: {
            uint8_t bytes[sizeof c];
            std::memcpy(bytes, &c, sizeof c);
            bytes[dice.below(sizeof c)] = static_cast<uint8_t>(dice.bits());
            std::memcpy(&c, bytes, sizeof c);
        }
    }
}

// Number all NEW commands anew, rising, and point what named them at their new numbers.
inline void renumber(Dice& dice, Input& input) {
    std::unordered_map<uint64_t, uint64_t> numbers;
    uint64_t next_id = 1;
    if (dice.chance(5)) next_id = static_cast<uint64_t>(TOP) - input.commands.size() / 2;
    for (Command& c : input.commands) {
        if (c.op == NEW) {
            numbers[c.order_id] = next_id;
            c.order_id = next_id++;
            if (dice.chance(1)) next_id += dice.below(dice.chance(50) ? 200 : UINT64_C(1) << 40);
        } else if (c.op <= EXPIRE && numbers.count(c.order_id)) {
            c.order_id = numbers[c.order_id];
        }
    }
}

inline Input mutate(Dice& dice, const Input& from, const Input& other, size_t most) {
    Input input = from;
    auto& commands = input.commands;
    if (input.settings.empty()) input.settings.push_back(draw_setting(dice, 0));
    for (uint64_t steps = 1 + dice.below(6); steps; --steps) {
        const size_t size = commands.size(), at = dice.below(size + 1);
        const size_t length = dice.below(1 + std::min<size_t>(size - at, 30));
        uint64_t next_id = 1;
        for (size_t i = 0; i < at; ++i) if (commands[i].op == NEW) next_id = commands[i].order_id + 1;
        const auto place = commands.begin() + static_cast<long>(at);
        switch (dice.below(9)) {
            case 0: commands.erase(place, place + static_cast<long>(length)); break;
            case 1: case 2: {  // put something new in between
                std::vector<Command> fresh;
                for (uint64_t n = 1 + dice.below(8); n; --n) {
                    if (dice.chance(15)) draw_pair(dice, input, next_id, fresh);
                    else fresh.push_back(draw(dice, input, next_id));
                    next_id += 2;
                }
                commands.insert(place, fresh.begin(), fresh.end());
                break;
            }
            case 3: {  // a part again
                const std::vector<Command> again(place, place + static_cast<long>(length));
                const auto where = commands.begin() + static_cast<long>(dice.below(size + 1));
                commands.insert(where, again.begin(), again.end());
                break;
            }
            case 4: {  // a part of another stream
                const size_t start = dice.below(other.commands.size() + 1);
                const size_t taken = dice.below(1 + std::min<size_t>(other.commands.size() - start, 60));
                const auto first = other.commands.begin() + static_cast<long>(start);
                commands.insert(place, first, first + static_cast<long>(taken));
                break;
            }
            case 5: if (size > 1) std::swap(commands[dice.below(size)], commands[dice.below(size)]); break;
            case 6: {
                Setting& one = input.settings[dice.below(input.settings.size())];
                if (dice.chance(10)) one = draw_setting(dice, static_cast<uint32_t>(dice.below(9)));
                break;
            }
            default: if (size) spoil(dice, commands[dice.below(size)]);
        }
    }
    if (commands.size() > most) commands.resize(most);
    if (dice.chance(85)) renumber(dice, input);
    number(input);
    return input;
}

}  // namespace fuzz
