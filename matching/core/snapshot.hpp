// Write the books as canonical bytes, and build a core from them. The format is in snapshot_format.hpp.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "queries.hpp"
#include "snapshot_survey.hpp"

namespace alef {
namespace snapshot {

// Writes records one after the other into room that was counted before.
class Sink {
  public:
    explicit Sink(size_t most) : content_(most) {}

    template <class T>
    void write(const T& record) {
        std::memcpy(content_.data() + used_, &record, sizeof(T));
        used_ += sizeof(T);
    }

    std::vector<uint8_t> done() {
        content_.resize(used_);
        return std::move(content_);
    }

  private:
    std::vector<uint8_t> content_;
    size_t used_ = 0;
};

inline Order order_of(const OrderView& v) {
    return Order{v.order_id, v.account,    v.owner,         v.price,      v.quantity,
                 v.flags,    v.order_type, v.time_in_force, v.self_trade, v.side};
}

inline OrderView view_of(const Order& o, uint32_t instrument) {
    OrderView v{};
    v.order_id = o.id;
    v.instrument = instrument;
    v.account = o.account;
    v.owner = o.owner;
    v.flags = o.flags;
    v.side = o.side;
    v.order_type = o.type;
    v.time_in_force = o.time;
    v.self_trade = o.self_trade;
    v.price = o.price;
    v.quantity = v.visible = o.open;
    return v;
}

inline void encode_book(const Core& core, const Book& book, Sink& sink) {
    sink.write(Instrument{book.id, book.phase, book.tick.value(), book.lot.value(), book.lowest, book.highest,
                          book.last_order_id, book.last_price, book.sides[0].orders, book.sides[1].orders,
                          book.stops.size()});
    for (uint32_t side : {0u, 1u}) {
        core.each_resting(book, side, [&sink](const OrderView& view) {
            sink.write(order_of(view));
            if (view.order_type == ICEBERG) sink.write(Slice{view.display_quantity, view.visible});
        });
    }
    core.each_stop(book, [&sink](const OrderView& view) {
        sink.write(order_of(view));
        sink.write(Wait{view.stop_price, view.budget, view.extreme});
    });
}

// Return the canonical bytes of these books, which stand in ascending order of their ids.
inline std::vector<uint8_t> encode(const Core& core, const std::vector<const Book*>& books) {
    size_t most = sizeof(Header);
    for (const Book* book : books) {
        const size_t resting = book->sides[0].orders + book->sides[1].orders;
        most += sizeof(Instrument) + resting * (sizeof(Order) + sizeof(Slice)) +
                book->stops.size() * (sizeof(Order) + sizeof(Wait));
    }
    Sink sink(most);
    Header header{{}, VERSION, static_cast<uint32_t>(books.size())};
    std::memcpy(header.magic, MAGIC, sizeof MAGIC);
    sink.write(header);
    for (const Book* book : books) encode_book(core, *book, sink);
    return sink.done();
}

// Builds what a survey has found sound.
class Builder {
  public:
    Builder(Core& core, const uint8_t* content, size_t size) : core_(core), source_(content, size) {}

    // False: the memory for orders is used up.
    bool build() {
        Header header;
        if (!source_.read(header)) return false;
        for (uint32_t i = 0; i < header.instruments; ++i) {
            if (!build_book()) return false;
        }
        core_.index_restored();
        return true;
    }

  private:
    bool build_book() {
        Instrument in;
        if (!source_.read(in) || !core_.open_instrument(in.id, in.tick, in.lot, in.lowest, in.highest)) return false;
        Book& book = *core_.book_of(in.id);
        book.phase = in.phase;
        book.last_order_id = in.last_order_id;
        book.last_price = in.last_price;
        for (uint64_t i = 0; i < in.bids + in.asks; ++i) {
            if (!build_resting(book)) return false;
        }
        for (uint64_t i = 0; i < in.stops; ++i) {
            if (!build_stop(book)) return false;
        }
        return true;
    }

    bool build_resting(Book& book) {
        Order order;
        if (!source_.read(order)) return false;
        OrderView view = view_of(order, book.id);
        if (order.type == ICEBERG) {
            Slice slice;
            if (!source_.read(slice)) return false;
            view.display_quantity = slice.display;
            view.visible = slice.visible;
        }
        return core_.restore_order(book, view);
    }

    bool build_stop(Book& book) {
        Order order;
        Wait wait;
        if (!source_.read(order) || !source_.read(wait)) return false;
        OrderView view = view_of(order, book.id);
        view.visible = 0;
        view.stop_price = wait.stop;
        view.budget = wait.budget;
        view.extreme = wait.extreme;
        return core_.restore_order(book, view);
    }

    Core& core_;
    Source source_;
};

// Say why these canonical bytes, without their hash, are no sound state; nullptr if they are one. May throw
// std::bad_alloc.
inline const char* fault(const uint8_t* content, size_t size) {
    Survey survey;
    return survey.read(content, size);
}

// Build sound bytes into a core in which no instrument is open yet. nullptr: done; else why not, and the core is of no
// use any more. May throw std::bad_alloc.
inline const char* build(Core& fresh, const uint8_t* content, size_t size) {
    return Builder(fresh, content, size).build() ? nullptr : "the snapshot holds more orders than there is memory for";
}

}  // namespace snapshot
}  // namespace alef
