"""Rebuild one instrument's book from its events alone, and object to any event that breaks the rules.

It shares no code with an engine: what it believes comes from the commands it is told were given and
the events that were answered. Every order's open quantity is accounted for, so a lot that appears or
disappears without an event is found at the next comparison; every stop that a trade elects must come
in, in its turn; every other leg of a pair must go at once.
"""

from dataclasses import dataclass

from matching import EventKind, Flag, Op, OrderType, Phase, Reason, SelfTrade, Side, TimeInForce

RESTING_TIMES = (TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD)
RESTING_TYPES = (OrderType.LIMIT, OrderType.ICEBERG)
STOP_TYPES = (OrderType.STOP_LOSS, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
AUCTIONS = (Phase.AUCTION, Phase.AUCTION_HALTED)


@dataclass(eq=False)
class Known:
    """An order as the events tell of it. It is incoming until it comes to rest, waits, or is elected."""

    order_id: int
    command: dict[str, int]
    side: int
    order_type: int
    price: int
    quantity: int
    account: int
    owner: int
    flags: int
    stop_price: int
    visible: int = 0
    extreme: int = 0
    arrived: int = 0
    stands: str = "incoming"  # then "book", "waiting" or "elected"
    bought_for: int = 0

    def trigger(self):
        """Return the trigger times 10,000."""
        if self.order_type != OrderType.TRAILING_STOP:
            return self.stop_price * 10_000
        away = self.stop_price * (1 if self.side == Side.BUY else -1)
        if self.flags & Flag.TRAIL_PERCENT:
            return self.extreme * 10_000 + self.extreme * away
        return self.extreme * 10_000 + away * 10_000

    def is_elected_by(self, price):
        beyond = price * 10_000 - self.trigger()
        return beyond >= 0 if self.side == Side.BUY else beyond <= 0

    def show(self):
        display = self.command["display_quantity"] if self.order_type == OrderType.ICEBERG else self.quantity
        self.visible = min(display, self.quantity)


class Observer:
    def __init__(self, lot=1, tick=1):
        self.lot = lot
        self.tick = tick
        self.orders: dict[int, Known] = {}
        self.phase = Phase.CONTINUOUS
        self.last_price = 0
        self.arrivals = 0
        self.traded = 0
        self.kinds: set[int] = set()
        self.reasons: set[int] = set()
        self.elected: list[Known] = []  # in the order in which they must come in
        self.incoming: Known | None = None
        self.legs_to_go: list[int] = []  # whose cancellation must be the next events
        self.just_traded_at = 0  # until the events that belong to the trade are over
        self.auction_price = 0

    def see(self, command, events):
        """Take in one command (fields by name) and the events it answered."""
        assert len(events), "every command is answered"
        assert all(event["sequence"] == command["sequence"] for event in events)
        assert all(event["instrument"] == command["instrument"] for event in events)
        self.kinds |= {int(event["kind"]) for event in events}
        self.reasons |= {int(event["reason"]) for event in events}
        if events[0]["kind"] == EventKind.REJECTED:
            assert len(events) == 1
            assert events[0]["reason"] != Reason.NONE
            return
        for event in events:
            self._take(EventKind(event["kind"]), event, command)
        self._end_of_trade()
        self._settle()
        assert not self.legs_to_go, "an order whose other leg is gone is still there"
        assert not self.elected, "an elected stop never came in"
        self.auction_price = 0
        if command["op"] == Op.NEW:
            self._check_terms(command, events)
        if command["op"] == Op.CANCEL_ALL:
            assert events[0]["quantity"] == len(events) - 1
            assert not any(order.account == command["account"] for order in self.orders.values())
            assert command["account"] or not self.orders

    def _take(self, kind, event, command):
        belongs_to_trade = kind == EventKind.REFILLED or event["reason"] == Reason.OCO_OTHER_LEG
        if not belongs_to_trade:
            self._end_of_trade()
        if self.legs_to_go:
            assert (kind, event["reason"]) == (EventKind.CANCELLED, Reason.OCO_OTHER_LEG)
            assert event["order_id"] == self.legs_to_go.pop(0)
        if kind in (EventKind.CANCELLED, EventKind.REDUCED, EventKind.EXPIRED):
            order = self.orders[int(event["order_id"])]
            assert (order.account, order.price, order.side) == (
                event["account"],
                event["price"],
                event["side"],
            )
            assert (event["remaining"] > 0) == (kind == EventKind.REDUCED)
            self._lower(order, int(event["quantity"]), int(event["remaining"]))
        elif kind in (EventKind.ACCEPTED, EventKind.REPLACED, EventKind.TRIGGERED):
            getattr(self, f"_{kind.name.lower()}")(event, command)
        elif kind == EventKind.TRADE:
            self._trade(event)
        elif kind == EventKind.REFILLED:
            self._refilled(event)
        else:
            self._instrument(kind, event)

    # How orders come in.

    def _accepted(self, event, command):
        order_id = int(event["order_id"])
        assert order_id == command["order_id"]
        assert order_id not in self.orders
        assert command["quantity"] == event["quantity"] == event["remaining"]
        assert command["price"] == event["price"]
        names = ("order_id", "side", "order_type", "price", "quantity", "account", "owner", "flags")
        order = Known(
            command=command, stop_price=command["stop_price"], **{name: command[name] for name in names}
        )
        assert (order.side, order.account) == (event["side"], event["account"])
        self.orders[order_id] = order
        if order.flags & Flag.OCO:
            self.orders[order_id - 1].flags |= Flag.OCO
        self._come_in(order)

    def _replaced(self, event, command):
        order = self.orders[int(event["order_id"])]
        assert command["quantity"] == event["quantity"] == event["remaining"]
        assert command["price"] == event["price"]
        order.price, order.quantity = command["price"], command["quantity"]
        order.stands = "incoming"
        if order.order_type in STOP_TYPES:
            order.stop_price = command["stop_price"]
        self._come_in(order)

    def _come_in(self, order):
        if order.order_type not in STOP_TYPES:
            self.incoming = order
            return
        order.extreme = self.last_price if order.order_type == OrderType.TRAILING_STOP else 0
        self._arrive(order, "waiting")
        if self.phase == Phase.CONTINUOUS and self.last_price and order.is_elected_by(self.last_price):
            self._elect([order])

    def _triggered(self, event, _):
        self._settle()
        assert self.phase == Phase.CONTINUOUS
        order = self.elected.pop(0)
        assert order.order_id == event["order_id"], "out of turn"
        assert order.quantity == event["quantity"] == event["remaining"]
        assert order.price == event["price"]
        order.stands = "incoming"
        self._cut_pair(order)
        if order.order_type == OrderType.STOP_LIMIT:
            order.order_type = OrderType.LIMIT
        self.incoming, self.auction_price = order, 0

    def _settle(self):
        """Let what is left of the incoming order stand in the book."""
        order, self.incoming = self.incoming, None
        if order is None or not order.quantity:
            return
        assert order.order_type in RESTING_TYPES, "an order that may not rest rests"
        assert order.command["time_in_force"] in RESTING_TIMES, "an order that may not rest rests"
        order.show()
        self._arrive(order, "book")

    def _arrive(self, order, where):
        self.arrivals += 1
        order.arrived, order.stands = self.arrivals, where

    # How they trade and go.

    def _lower(self, order, quantity, remaining):
        assert 0 < quantity <= order.quantity
        assert quantity % self.lot == 0
        order.quantity -= quantity
        order.visible = min(order.visible, order.quantity)
        assert order.quantity == remaining
        if remaining == 0:
            del self.orders[order.order_id]
            if order in self.elected:
                self.elected.remove(order)
        self._cut_pair(order)

    def _cut_pair(self, order):
        if order.flags & Flag.OCO:
            other = order.order_id + (1 if order.order_type == OrderType.LIMIT else -1)
            order.flags &= ~Flag.OCO
            self.orders[other].flags &= ~Flag.OCO
            self.legs_to_go.append(other)

    def _trade(self, event):
        order, maker = self.orders[int(event["order_id"])], self.orders[int(event["maker_order_id"])]
        price, quantity = int(event["price"]), int(event["quantity"])
        assert order.side == event["side"] != maker.side
        assert (order.account, maker.account) == (event["account"], event["maker_account"])
        assert maker is self.first(maker.side), "price-time priority"
        mode = order.command["self_trade"]
        assert mode == SelfTrade.ALLOW or order.owner != maker.owner, "self-trade"
        for each in (order, maker):
            assert not each.price or (each.price - price) * (1 if each.side == Side.BUY else -1) >= 0
        if self.auction_price:
            assert price == self.auction_price
            assert order.order_id > maker.order_id
            assert order is self.first(order.side), "price-time priority"
        else:
            assert price == maker.price
            assert order is self.incoming
            assert quantity <= maker.visible
            maker.visible -= quantity
        order.bought_for += price * quantity
        assert not order.command["budget"] or order.bought_for <= order.command["budget"]
        self.traded += quantity
        self._lower(maker, quantity, maker.quantity - quantity)
        self._lower(order, quantity, int(event["remaining"]))
        if self.auction_price:
            order.show()
            maker.show()
        self.just_traded_at = price

    def _refilled(self, event):
        order = self.orders[int(event["order_id"])]
        assert order.order_type == OrderType.ICEBERG
        assert order.visible == 0
        order.show()
        assert (order.visible, order.quantity) == (event["quantity"], event["remaining"])
        assert (order.account, order.price, order.side) == (event["account"], event["price"], event["side"])
        self._arrive(order, "book")

    def _end_of_trade(self):
        """Elect the stops that the last trade told of elects."""
        price, self.just_traded_at = self.just_traded_at, 0
        if not price:
            return
        assert all(order.visible for order in self.orders.values() if order.stands == "book")
        self.last_price = price
        waiting = [order for order in self.orders.values() if order.stands == "waiting"]
        for order in waiting:
            if order.order_type == OrderType.TRAILING_STOP:
                order.extreme = (max if order.side == Side.SELL else min)(order.extreme, price)
        self._elect([order for order in waiting if order.is_elected_by(price)])

    def _elect(self, orders):
        sells = [order for order in orders if order.side == Side.SELL]
        buys = [order for order in orders if order.side == Side.BUY]
        sells.sort(key=lambda order: (-order.trigger(), order.arrived))
        buys.sort(key=lambda order: (order.trigger(), order.arrived))
        for order in sells + buys:
            order.stands = "elected"
        self.elected += sells + buys

    # The instrument.

    def _instrument(self, kind, event):
        names = ("order_id", "maker_order_id", "maker_account", "reason")
        assert not any(event[name] for name in names)
        if kind == EventKind.AUCTION:
            self._check_auction(event)
            self.phase, self.auction_price = Phase.CONTINUOUS, int(event["price"])
            return
        assert (event["side"], event["remaining"]) == (0, 0)
        self.phase = {
            (EventKind.HALTED, Phase.CONTINUOUS): Phase.HALTED,
            (EventKind.HALTED, Phase.AUCTION): Phase.AUCTION_HALTED,
            (EventKind.RESUMED, Phase.HALTED): Phase.CONTINUOUS,
            (EventKind.RESUMED, Phase.AUCTION_HALTED): Phase.AUCTION,
            (EventKind.AUCTION_OPENED, self.phase): Phase.AUCTION,
            (EventKind.COLLAR_SET, self.phase): self.phase,
            (EventKind.ALL_CANCELLED, self.phase): self.phase,
        }[kind, self.phase]

    def _check_auction(self, event):
        """Compare with the auction at every limit and its neighbours: none may trade more, or leave less."""
        assert self.phase == Phase.AUCTION
        resting = [order for order in self.orders.values() if order.stands == "book"]
        bids = [(order.price, order.quantity) for order in resting if order.side == Side.BUY]
        asks = [(order.price, order.quantity) for order in resting if order.side == Side.SELL]

        def at(price):
            bought = sum(quantity for limit, quantity in bids if limit >= price)
            sold = sum(quantity for limit, quantity in asks if limit <= price)
            return min(bought, sold), bought - sold

        price, quantity = int(event["price"]), int(event["quantity"])
        limits = {limit for limit, _ in bids + asks}
        prices = {limit + away for limit in limits for away in (-self.tick, 0, self.tick)} - {0}
        merits = [at(each) for each in prices]
        if not price:
            assert (quantity, event["remaining"], event["side"]) == (0, 0, 0)
            assert not any(traded for traded, _ in merits)
            return
        traded, surplus = at(price)
        assert quantity == traded > 0
        assert abs(surplus) == event["remaining"]
        assert event["side"] == (Side.BUY if surplus > 0 else Side.SELL if surplus < 0 else 0)
        assert (-traded, abs(surplus)) == min((-most, abs(left)) for most, left in merits)

    def _check_terms(self, command, events):
        mine = events[(events["kind"] == EventKind.TRADE) & (events["order_id"] == command["order_id"])]
        if command["time_in_force"] == TimeInForce.FOK:
            assert sum(int(quantity) for quantity in mine["quantity"]) == command["quantity"]
        if command["flags"] & Flag.POST_ONLY:
            assert not len(mine)

    # The book.

    def queue(self, side):
        """Return this side's resting orders in price-time priority, with their ids."""
        sign = -1 if side == Side.BUY else 1
        orders = [order for order in self.orders.values() if order.stands == "book" and order.side == side]
        return [
            (order.order_id, order)
            for order in sorted(orders, key=lambda order: (sign * order.price, order.arrived))
        ]

    def first(self, side):
        """Return this side's best order."""
        sign = -1 if side == Side.BUY else 1
        orders = [order for order in self.orders.values() if order.stands == "book" and order.side == side]
        return min(orders, key=lambda order: (sign * order.price, order.arrived), default=None)

    def compare(self, engine, instrument=1):
        """Assert that the engine's book is the one that its events tell of."""
        told = engine.instrument(instrument)
        assert (told.phase, told.last_price) == (self.phase, self.last_price)
        best = engine.best(instrument)
        crossed = best.bid is not None and best.ask is not None and best.bid >= best.ask
        assert not crossed or self.phase in AUCTIONS, "crossed"
        depth = engine.depth(instrument, len(self.orders) + 1)
        for side, levels in ((Side.BUY, depth.bids), (Side.SELL, depth.asks)):
            expected: dict[int, list[int]] = {}
            for _, order in self.queue(side):
                expected.setdefault(order.price, []).append(order.visible)
            drawn = [(level["price"], level["quantity"], level["orders"]) for level in levels]
            assert drawn == [(price, sum(queue), len(queue)) for price, queue in expected.items()]
        for order_id, order in self.orders.items():
            self._compare_order(engine.order(order_id), order)

    @staticmethod
    def _compare_order(told, order):
        assert (told.side, told.price, told.quantity) == (order.side, order.price, order.quantity)
        assert (told.account, told.owner, told.flags) == (order.account, order.owner, order.flags)
        assert (told.order_type, told.visible) == (order.order_type, order.visible)
        if order.stands == "waiting":
            assert (told.stop_price, told.extreme) == (order.stop_price, order.extreme)
