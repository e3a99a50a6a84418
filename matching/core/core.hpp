// The engine's inside: what it keeps, and the verbs that change it. Each group of verbs has a header of its own.
#pragma once

#include <memory>
#include <vector>

#include "book.hpp"
#include "events.hpp"

namespace alef {

// An order on its way into the book: a new one, a replaced one or a triggered stop.
struct Incoming {
    uint64_t id;
    int64_t open, price;  // price 0: trades at market
    int64_t budget;       // 0: none
    int64_t display;      // of an iceberg
    uint32_t account, owner, terms;
    uint32_t node;        // the node that it already has, 0 for none
};

class Core {
  public:
    Core() : books_by_id_(8) {}
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    // engine.hpp and queries.hpp: the public face, which says what they do.
    bool open_instrument(uint32_t id, int64_t tick, int64_t lot, int64_t lowest, int64_t highest);
    // Where the machine's memory ends the process does: a command that is half carried out would be worse.
    void apply(const Command* commands, size_t count, EventBuffer& events) noexcept;
    const Book* find(uint32_t instrument) const;
    std::vector<const Book*> books() const;  // in ascending order of their ids
    size_t depth(const Book& book, uint8_t side, LevelRow* out, size_t n) const;
    bool order(uint64_t order_id, OrderView& out) const;
    Indicative auction(const Book& book, int64_t reference) const;
    Memory memory() const;

    // For snapshots. `visit(const OrderView&)`: the resting orders of a side (0 bids, 1 asks) by priority, and the
    // waiting stops by arrival.
    template <class Visit>
    void each_resting(const Book& book, uint32_t side, Visit visit) const;
    template <class Visit>
    void each_stop(const Book& book, Visit visit) const;
    void view(uint32_t node, OrderView& out) const;

    // For restoring into a new core: put an order behind all others of its price, or a stop behind all others, then,
    // when all are there, `index_restored`. Everything was checked before. False: memory is used up.
    Book* book_of(uint32_t instrument);
    bool restore_order(Book& book, const OrderView& order);
    void index_restored();

  private:
    // apply.hpp
    void one(const Command& c);
    void carry_out(const Command& c, Book& book);
    void carry_out_rare(const Command& c, Book& book);
    void refuse(const Command& c, Reason reason);
    Book* book_at(uint32_t instrument);
    size_t place_of(uint32_t instrument) const;
    void enter_book(Book* book);
    void look_ahead(const Command* commands, size_t i, size_t count);
    void look_far_ahead(const Command* commands, size_t i, size_t count);
    const Level& level_ahead(const Command& c) const;

    // tell.hpp
    void tell(const Command& c, Kind kind, uint32_t reason, uint64_t id, uint32_t t, uint32_t account, int64_t price,
              int64_t quantity, int64_t remaining);
    void tell_incoming(const Command& c, Kind kind, uint32_t reason, const Incoming& in, int64_t quantity);
    void tell_instrument(const Command& c, Kind kind, uint8_t side = 0, int64_t price = 0, int64_t quantity = 0,
                         int64_t remaining = 0);

    // new_order.hpp
    void new_order(const Command& c, Book& book);
    void new_other(const Command& c, Book& book);
    bool is_plain(const Command& c, const Book& book) const;
    Incoming incoming(const Command& c) const;

    // checks.hpp
    Reason check_new(const Command& c, Book& book);
    Reason check_record(const Command& c, const Book& book) const;
    Reason check_partner(const Command& c, const Book& book) const;
    Reason check_replace(const Command& c, Book& book, uint32_t node);
    Reason check_quantity(int64_t quantity, const Book& book) const;
    bool fillable(const Command& c, const Book& book) const;
    bool levels_fill(const Command& c, const Book& book, bool prevents) const;
    bool level_fills(const Command& c, const Level& level, int64_t& there) const;

    // verbs.hpp
    void cancel(const Command& c, Book& book);
    void cancel_other(const Command& c, Book& book);
    void reduce(const Command& c, Book& book);
    void replace(const Command& c, Book& book);
    void expire(const Command& c, Book& book);
    void cancel_all(const Command& c, Book& book);
    void halt(const Command& c, Book& book);
    void resume(const Command& c, Book& book);
    void open_auction(const Command& c, Book& book);
    void set_collar(const Command& c, Book& book);
    Reason find_existing(const Command& c, const Book& book, uint32_t& node) const;

    // match.hpp
    void enter(const Command& c, Book& book, Incoming& in);
    Reason match(const Command& c, Book& book, Incoming& in, uint64_t limit);
    Reason meet(const Command& c, Book& book, Incoming& in, int64_t& cash);
    Reason prevent_self_trade(const Command& c, Book& book, Incoming& in, uint32_t maker);
    void trade_special(const Command& c, Book& book, Incoming& in, uint32_t maker, int64_t quantity);
    void traded_at(Book& book, int64_t price);
    void elect(Book& book, int64_t price);
    void drop(const Command& c, Incoming& in, int64_t quantity, Reason reason);

    // resting.hpp: how orders stand in the book and leave it
    void rest(Book& book, const Incoming& in);
    void rest_special(Book& book, const Incoming& in);
    void link(Ladder& side, uint32_t number, uint64_t key);
    void unlink(Ladder& side, const Node& node);
    void pop(Ladder& side, Level& level, const Node& node);
    void release(uint32_t number);
    void lower(Book& book, uint32_t number, int64_t quantity);
    void take_off(const Command& c, Book& book, uint32_t number, int64_t quantity, Kind end, Reason reason);
    void cancel_other_leg(const Command& c, Book& book, uint64_t id, uint32_t t);
    void to_the_back(uint32_t number);
    void show_fresh_slice(Ladder& side, uint32_t number);
    int64_t price_of(uint32_t number) const;
    const Book* book_of_node(uint32_t number) const;

    // waiting.hpp
    void wait(Book& book, const Incoming& in, int64_t stop);
    static Trail trail_of(uint32_t t);
    void work_off(const Command& c, Book& book);
    void trigger(const Command& c, Book& book, uint32_t number);

    // uncross.hpp
    void uncross(const Command& c, Book& book);
    bool prevent_one_self_trade(const Command& c, Book& book, int64_t volume);
    void part(const Command& c, Book& book, uint32_t earlier, uint32_t later);
    void trade_in_auction(const Command& c, Book& book, uint32_t bid, uint32_t ask, int64_t quantity, int64_t price);

    static constexpr uint64_t NO_INSTRUMENT = UINT64_MAX;

    Store store_;
    EventBuffer* out_ = nullptr;
    uint64_t last_order_id_ = 0;
    Book* last_book_ = nullptr;  // the one that the last command was about
    uint64_t last_instrument_ = NO_INSTRUMENT;
    std::vector<uint32_t> queue_;  // elected stops, by node; 0: cancelled meanwhile
    uint64_t arrivals_ = 0;
    std::vector<std::unique_ptr<Book>> books_;
    std::vector<Book*> books_by_id_;  // open addressing; its size is a power of two
    std::vector<std::pair<uint64_t, uint32_t>> restored_;
};

}  // namespace alef
