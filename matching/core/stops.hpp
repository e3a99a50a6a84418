// The waiting stops of one instrument: what a trade elects, in what order, and how extremes trail.
//
// Two halves, sells and buys, in mirrored prices: a sell's numbers are negated, so that in both halves
// the lowest trigger is elected first, and an extreme only ever moves down. Trailing stops that share
// an extreme form a group. A new extreme moves whole groups, never single stops: groups that a trade
// passes become one, the small ones poured into the largest, so a stop is moved O(log n) times in all.
//
// Triggers are scaled by 10,000 and compared in 128 bits, so a percentage is exact.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pool.hpp"

namespace alef {

__extension__ typedef __int128 Scaled;

enum class Trail : uint8_t { none, absolute, percent };

namespace stops {

constexpr int64_t SCALE = 10000;
constexpr int64_t FARTHEST = std::numeric_limits<int64_t>::max();

struct Stop;

// A stop in an ordered set: by mirrored price or by distance, then by arrival.
struct Rank {
    int64_t value;
    uint64_t arrival;
    Stop* stop;
    bool operator<(const Rank& other) const {
        return value != other.value ? value < other.value : arrival < other.arrival;
    }
};
using Ranks = std::set<Rank, std::less<Rank>, PoolAllocator<Rank>>;

struct Group;

// A group in the index of groups: by the trigger that is elected first, then by its extreme, which is unique.
struct First {
    Scaled trigger;
    int64_t extreme;
    Group* group;
    bool operator<(const First& other) const {
        return trigger != other.trigger ? trigger < other.trigger : extreme < other.extreme;
    }
};
using Firsts = std::set<First, std::less<First>, PoolAllocator<First>>;

struct Group {
    explicit Group(Pool& pool) : absolute(PoolAllocator<Rank>(pool)), percent(PoolAllocator<Rank>(pool)) {}
    size_t size() const { return absolute.size() + percent.size(); }
    Ranks& ranks(Trail trail) { return trail == Trail::percent ? percent : absolute; }

    Ranks absolute, percent;  // each by distance, nearest first
    int64_t extreme = 0;      // mirrored
    Firsts::iterator first;   // where the index has it
};
using Groups = PoolMap<int64_t, Group>;

struct Stop {
    Stop *earlier, *later;  // in order of arrival
    Group* group;           // nullptr: does not trail
    Ranks::iterator place;
    uint64_t arrival;
    uint32_t handle;
    bool buy;
    Trail trail;
};

struct Elected {
    Scaled trigger;
    uint64_t arrival;
    uint32_t handle;
    bool operator<(const Elected& other) const {
        return trigger != other.trigger ? trigger < other.trigger : arrival < other.arrival;
    }
};

// The mirrored trigger of a trailing stop. `sign`: +1 buys, -1 sells.
inline Scaled trailing_trigger(int64_t extreme, Trail trail, int64_t distance, int sign) {
    const Scaled base = Scaled{extreme} * SCALE;
    return base + (trail == Trail::percent ? Scaled{extreme} * sign * distance : Scaled{distance} * SCALE);
}

// All stops of one side, in mirrored prices.
class Half {
  public:
    Half(Pool& pool, int sign)
        : pool_(pool), sign_(sign), plain_(PoolAllocator<Rank>(pool)),
          groups_(PoolAllocator<Groups::value_type>(pool)), firsts_(PoolAllocator<First>(pool)) {}

    void add(Stop& stop, int64_t value, int64_t extreme) {
        if (stop.trail == Trail::none) {
            stop.place = plain_.insert({value * sign_, stop.arrival, &stop}).first;
            return;
        }
        auto [at, fresh] = groups_.try_emplace(extreme * sign_, pool_);
        Group& group = at->second;
        if (fresh) group.extreme = at->first;
        stop.group = &group;
        stop.place = group.ranks(stop.trail).insert({value, stop.arrival, &stop}).first;
        if (!fresh) firsts_.erase(group.first);
        index(group);
    }

    void remove(Stop& stop) {
        if (stop.group == nullptr) {
            plain_.erase(stop.place);
            return;
        }
        Group& group = *stop.group;
        group.ranks(stop.trail).erase(stop.place);
        settle(group);
    }

    int64_t extreme(const Stop& stop) const { return stop.group == nullptr ? 0 : stop.group->extreme * sign_; }

    // The mirrored prices, both included, at which nothing is elected and no extreme moves. They may lie
    // beyond every price, and there may be none.
    Scaled calm_from() const { return groups_.empty() ? -FARTHEST : groups_.rbegin()->first; }
    Scaled calm_to() const {
        Scaled to = plain_.empty() ? Scaled{FARTHEST} : Scaled{plain_.begin()->value} - 1;
        if (firsts_.empty()) return to;
        const Scaled trigger = firsts_.begin()->trigger;  // the first price at or past it is its ceiling
        return std::min(to, trigger > 0 ? (trigger - 1) / SCALE : trigger / SCALE - 1);
    }

    // Let a trade at this mirrored price move the extremes that it passes: the groups become one.
    void move(int64_t price) {
        if (groups_.empty() || groups_.rbegin()->first <= price) return;
        auto at = groups_.lower_bound(price);
        auto kept = groups_.extract(at++);
        firsts_.erase(kept.mapped().first);
        while (at != groups_.end()) {
            auto other = groups_.extract(at++);
            firsts_.erase(other.mapped().first);
            if (other.mapped().size() > kept.mapped().size()) std::swap(kept, other);
            pour(other.mapped().absolute, kept.mapped(), Trail::absolute);
            pour(other.mapped().percent, kept.mapped(), Trail::percent);
        }
        kept.key() = price;
        kept.mapped().extreme = price;
        index(kept.mapped());
        groups_.insert(groups_.end(), std::move(kept));
    }

    // Take out every stop whose trigger a trade at this mirrored price meets.
    void elect(int64_t price, std::vector<Elected>& elected) {
        while (!plain_.empty() && plain_.begin()->value <= price) {
            const Rank& rank = *plain_.begin();
            elected.push_back({Scaled{rank.value} * SCALE, rank.arrival, rank.stop->handle});
            plain_.erase(plain_.begin());
        }
        const Scaled met = Scaled{price} * SCALE;
        while (!firsts_.empty() && firsts_.begin()->trigger <= met) {
            Group& group = *firsts_.begin()->group;
            elect_of(group, Trail::absolute, met, elected);
            elect_of(group, Trail::percent, met, elected);
            settle(group);
        }
    }

  private:
    void elect_of(Group& group, Trail trail, Scaled met, std::vector<Elected>& elected) {
        Ranks& ranks = group.ranks(trail);
        while (!ranks.empty()) {
            const Rank& rank = *ranks.begin();
            const Scaled trigger = trailing_trigger(group.extreme, trail, rank.value, sign_);
            if (trigger > met) return;
            elected.push_back({trigger, rank.arrival, rank.stop->handle});
            ranks.erase(ranks.begin());
        }
    }

    void pour(Ranks& from, Group& to, Trail trail) {
        Ranks& ranks = to.ranks(trail);
        while (!from.empty()) {
            Stop* stop = from.begin()->stop;
            stop->place = ranks.insert(from.extract(from.begin())).position;
            stop->group = &to;
        }
    }

    void index(Group& group) {
        Scaled first = 0;
        const bool any = !group.absolute.empty();
        if (any) first = trailing_trigger(group.extreme, Trail::absolute, group.absolute.begin()->value, sign_);
        if (!group.percent.empty()) {
            const Scaled other =
                trailing_trigger(group.extreme, Trail::percent, group.percent.begin()->value, sign_);
            first = any ? std::min(first, other) : other;
        }
        group.first = firsts_.insert({first, group.extreme, &group}).first;
    }

    // Index a group anew after it lost stops, or drop it with its last one.
    void settle(Group& group) {
        firsts_.erase(group.first);
        if (group.size() == 0) {
            groups_.erase(group.extreme);
        } else {
            index(group);
        }
    }

    Pool& pool_;
    const int sign_;
    Ranks plain_;    // by mirrored stop price
    Groups groups_;  // by mirrored extreme; the last is the first to be moved
    Firsts firsts_;  // by trigger; the first is the first to be elected
};

}  // namespace stops

// Every number is the caller's and already checked: stop prices, distances and extremes are above 0, basis
// points 1 to 9999, a handle waits once, arrivals differ. May throw std::bad_alloc, and then must not be
// used again.
class Stops {
  public:
    Stops() : sells_(pool_, -1), buys_(pool_, +1), waiting_(fresh_index()) {}
    Stops(const Stops&) = delete;
    Stops& operator=(const Stops&) = delete;

    size_t size() const { return waiting_.size(); }
    size_t bytes() const { return pool_.bytes(); }

    // True if a trade at this price neither elects a stop nor moves an extreme.
    bool quiet(int64_t price) const { return price >= quiet_from_ && price <= quiet_to_; }

    // Say whether a trade at this price elects such a stop, exactly.
    static bool through(bool buy, Trail trail, int64_t value, int64_t extreme, int64_t price) {
        const int sign = buy ? 1 : -1;
        if (trail == Trail::none) return buy ? price >= value : price <= value;
        return stops::trailing_trigger(extreme * sign, trail, value, sign) <=
               Scaled{price} * sign * stops::SCALE;
    }

    // `value`: the stop price, the distance or basis points. `extreme`: 0 unless it trails.
    void add(uint32_t handle, bool buy, Trail trail, int64_t value, int64_t extreme, uint64_t arrival) {
        stops::Stop& stop = waiting_[handle];
        stop = {nullptr, nullptr, nullptr, {}, arrival, handle, buy, trail};
        link(stop);
        half(buy).add(stop, value, extreme);
        watch();
    }

    // Does nothing if no such stop waits.
    void remove(uint32_t handle) {
        const auto at = waiting_.find(handle);
        if (at == waiting_.end()) return;
        half(at->second.buy).remove(at->second);
        forget(at);
        watch();
    }

    // The extreme of a waiting trailing stop; 0 for any other handle.
    int64_t extreme(uint32_t handle) const {
        const auto at = waiting_.find(handle);
        if (at == waiting_.end()) return 0;
        return (at->second.buy ? buys_ : sells_).extreme(at->second);
    }

    // Move the extremes by a trade, then take out what it elects and append it in the order of election.
    void traded(int64_t price, std::vector<uint32_t>& elected) {
        if (quiet(price)) return;
        std::vector<stops::Elected> found;
        for (stops::Half* side : {&sells_, &buys_}) {
            const int64_t mirrored = side == &sells_ ? -price : price;
            side->move(mirrored);
            found.clear();
            side->elect(mirrored, found);
            std::sort(found.begin(), found.end());
            for (const stops::Elected& one : found) {
                elected.push_back(one.handle);
                forget(waiting_.find(one.handle));
            }
        }
        watch();
    }

    // Call `visit(handle)` for each in order of arrival; it may remove the one it is shown.
    template <class Visit>
    void each(Visit visit) const {
        for (const stops::Stop* stop = earliest_; stop != nullptr;) {
            const stops::Stop* next = stop->later;
            visit(stop->handle);
            stop = next;
        }
    }

  private:
    using Waiting = std::unordered_map<uint32_t, stops::Stop, std::hash<uint32_t>, std::equal_to<uint32_t>,
                                       PoolAllocator<std::pair<const uint32_t, stops::Stop>>>;

    Waiting fresh_index() { return Waiting(PoolAllocator<Waiting::value_type>(pool_)); }
    stops::Half& half(bool buy) { return buy ? buys_ : sells_; }

    // Arrivals rise, so the loop is there for a caller who does not keep to that.
    void link(stops::Stop& stop) {
        stops::Stop* before = latest_;
        while (before != nullptr && before->arrival > stop.arrival) before = before->earlier;
        stop.earlier = before;
        stop.later = before == nullptr ? earliest_ : before->later;
        (stop.earlier == nullptr ? earliest_ : stop.earlier->later) = &stop;
        (stop.later == nullptr ? latest_ : stop.later->earlier) = &stop;
    }

    void forget(Waiting::iterator at) {
        stops::Stop& stop = at->second;
        (stop.earlier == nullptr ? earliest_ : stop.earlier->later) = stop.later;
        (stop.later == nullptr ? latest_ : stop.later->earlier) = stop.earlier;
        waiting_.erase(at);
        if (waiting_.empty()) {  // the halves are empty too: nothing else lives in the pool
            waiting_ = fresh_index();
            pool_.release();
        }
    }

    void watch() {
        const Scaled from = std::max(buys_.calm_from(), -sells_.calm_to());
        const Scaled to = std::min(buys_.calm_to(), -sells_.calm_from());
        const bool any = from <= to && from <= stops::FARTHEST && to >= -stops::FARTHEST;
        quiet_from_ = any ? static_cast<int64_t>(std::max<Scaled>(from, -stops::FARTHEST)) : 1;
        quiet_to_ = any ? static_cast<int64_t>(std::min<Scaled>(to, stops::FARTHEST)) : 0;
    }

    int64_t quiet_from_ = -stops::FARTHEST;
    int64_t quiet_to_ = stops::FARTHEST;
    Pool pool_;
    stops::Half sells_, buys_;
    Waiting waiting_;
    stops::Stop* earliest_ = nullptr;
    stops::Stop* latest_ = nullptr;
};

}  // namespace alef
