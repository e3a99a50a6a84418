// How it is told what happened.
#pragma once

#include "core.hpp"

namespace alef {

inline void Core::tell(const Command& c, Kind kind, uint32_t reason, uint64_t id, uint32_t t, uint32_t account,
                       int64_t price, int64_t quantity, int64_t remaining) {
    uint64_t head = EventBuffer::head(kind, terms::side(t), reason, c.instrument);
    out_->put(c.sequence, head, id, 0, account, price, quantity, remaining);
}

inline void Core::tell_incoming(const Command& c, Kind kind, uint32_t reason, const Incoming& in, int64_t quantity) {
    tell(c, kind, reason, in.id, in.terms, in.account, in.price, quantity, in.open);
}

inline void Core::tell_instrument(const Command& c, Kind kind, uint8_t side, int64_t price, int64_t quantity,
                                  int64_t remaining) {
    out_->put(c.sequence, EventBuffer::head(kind, side, NONE, c.instrument), 0, 0, c.account, price, quantity,
              remaining);
}

ALEF_COLD inline void Core::refuse(const Command& c, Reason reason) {
    uint64_t head = EventBuffer::head(Kind::REJECTED, c.side, reason, c.instrument);
    out_->put(c.sequence, head, c.order_id, 0, c.account, c.price, c.quantity, 0);
}

}  // namespace alef
