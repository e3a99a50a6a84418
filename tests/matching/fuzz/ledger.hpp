// Keep books by the events alone: every lot that comes in is traded, taken off or still open.
#pragma once

#include <map>
#include <set>
#include <unordered_map>

#include "input.hpp"

namespace fuzz {

struct Known {
    uint32_t instrument, account, owner;
    uint8_t side, self_trade;
    int64_t open;
};

class Ledger {
  public:
    std::map<uint64_t, Known> open;  // what is alive, by order id
    std::map<uint32_t, int64_t> last_price;

    // Take in the events of some commands, in order.
    void take(const Command* commands, size_t count, const Event* events, size_t size) {
        size_t at = 0;
        for (size_t i = 0; i < count; ++i) {
            check(at < size && events[at].sequence == commands[i].sequence, "every command is answered, in order");
            const size_t first = at;
            for (; at < size && events[at].sequence == commands[i].sequence; ++at) one(commands[i], events[at]);
            check_shape(commands[i], events + first, at - first);
        }
        check(at == size, "no event without a command");
    }

  private:
    uint64_t last_id_ = 0;

    // An answer begins with what was asked for, and only there does it stand; a refusal stands alone.
    static void check_shape(const Command& c, const Event* events, size_t size) {
        static const uint8_t begins[] = {0,      ACCEPTED, CANCELLED,      REDUCED, REPLACED,  EXPIRED, ALL_CANCELLED,
                                         HALTED, RESUMED,  AUCTION_OPENED, 0,       COLLAR_SET};
        const Event& e = events[0];
        if (e.kind == REJECTED) {
            check(size == 1 && e.reason, "a refusal stands alone and has a reason");
            const bool echoed = e.order_id == c.order_id && e.side == c.side && e.account == c.account &&
                                e.price == c.price && e.quantity == c.quantity && !e.remaining && !e.maker_order_id;
            check(echoed, "a refusal gives the command's fields back");
            return;
        }
        check(c.op >= NEW && c.op <= SET_COLLAR, "an unknown command is refused");
        check(c.op == UNCROSS || e.kind == begins[c.op] || (c.op == REDUCE && e.kind == CANCELLED),
              "an answer begins with what was asked for");
        for (size_t i = 1; i < size; ++i) {
            const uint8_t kind = events[i].kind;
            const bool trades = kind == TRADE || kind == CANCELLED || kind == REDUCED;
            const bool rare = kind == TRIGGERED || kind == REFILLED || (kind == AUCTION && c.op == UNCROSS);
            check(trades || rare, "what follows in an answer was not asked for");
        }
    }

    void one(const Command& c, const Event& e) {
        check(e.instrument == c.instrument, "an event has its command's instrument");
        switch (e.kind) {
            case REJECTED: break;
            case ACCEPTED: accept(c, e); break;
            case TRADE: trade(e); break;
            case CANCELLED: case EXPIRED: case REDUCED: lower(e); break;
            case REPLACED: {
                Known& order = known(e.order_id);
                check(e.quantity == e.remaining && e.quantity == c.quantity && e.price == c.price,
                      "REPLACED says what was asked for");
                order.open = e.quantity;
                break;
            }
            case TRIGGERED: check(known(e.order_id).open == e.remaining && e.quantity == e.remaining,
                                  "TRIGGERED with all that is open"); break;
            case REFILLED:
                check(known(e.order_id).open == e.remaining, "REFILLED tells what is open");
                check(e.quantity > 0 && e.quantity <= e.remaining, "a slice is a part of what is open");
                break;
            default: check(e.kind <= AUCTION_OPENED && !e.order_id && !e.maker_order_id,
                           "an event about the instrument names no order");
        }
    }

    Known& known(uint64_t id) {
        const auto found_at = open.find(id);
        check(found_at != open.end(), "an event is about an order that is alive");
        return found_at->second;
    }

    void accept(const Command& c, const Event& e) {
        check(e.order_id == c.order_id && e.order_id > last_id_, "accepted ids rise");
        check(e.order_id <= static_cast<uint64_t>(TOP), "an id has 63 bits");
        check(e.quantity == c.quantity && e.remaining == c.quantity && e.quantity > 0, "an order is accepted whole");
        last_id_ = e.order_id;
        open[e.order_id] = Known{c.instrument, c.account, c.owner, c.side, c.self_trade, e.quantity};
    }

    void trade(const Event& e) {
        Known &taker = known(e.order_id), &maker = known(e.maker_order_id);
        check(e.quantity > 0 && e.price > 0, "a trade is of something");
        check(e.quantity <= taker.open && e.quantity <= maker.open, "no more is traded than is open");
        check(taker.instrument == e.instrument && maker.instrument == e.instrument, "a trade is within one book");
        check(taker.side == e.side && maker.side == 3 - e.side, "a buyer and a seller trade");
        check(taker.account == e.account && maker.account == e.maker_account, "a trade names both accounts");
        check(taker.self_trade == 0 || taker.owner != maker.owner, "no self-trade");
        taker.open -= e.quantity;
        maker.open -= e.quantity;
        check(taker.open == e.remaining, "TRADE tells what is left");
        if (!taker.open) open.erase(e.order_id);
        if (!open[e.maker_order_id].open) open.erase(e.maker_order_id);
        last_price[e.instrument] = e.price;
    }

    void lower(const Event& e) {
        Known& order = known(e.order_id);
        check(order.account == e.account && order.side == e.side && order.instrument == e.instrument,
              "an event names its order's account");
        check(e.quantity > 0 && e.quantity <= order.open, "no more is taken off than is open");
        order.open -= e.quantity;
        check(order.open == e.remaining, "an event tells what is left");
        check((e.kind == REDUCED) == (order.open > 0), "REDUCED leaves something, the others nothing");
        if (!order.open) open.erase(e.order_id);
    }
};

}  // namespace fuzz
