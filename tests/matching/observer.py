"""Rebuild one instrument's book from its events alone, and object to any event that breaks the rules.

It shares no code with an engine: what it believes comes from the commands it is told were given and
the events that were answered. Every order's open quantity is accounted for, so a lot that appears or
disappears without an event is found at the next comparison.
"""

from dataclasses import dataclass

from matching import EventKind, Flag, Op, OrderType, Phase, Reason, SelfTrade, Side, TimeInForce

RESTING_TIMES = (TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD)


@dataclass(eq=False)
class Known:
    command: dict[str, int]
    side: int
    price: int
    quantity: int
    account: int
    owner: int
    arrived: int


class Observer:
    def __init__(self, lot=1):
        self.lot = lot
        self.orders: dict[int, Known] = {}
        self.arrivals = 0
        self.traded = 0
        self.kinds: set[int] = set()
        self.reasons: set[int] = set()

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
        trades = []
        for event in events:
            self._take(EventKind(event["kind"]), event, command)
            if event["kind"] == EventKind.TRADE:
                trades.append((int(event["price"]), int(event["quantity"])))
        if command["op"] == Op.NEW:
            self._check_terms(command, trades)

    def _take(self, kind, event, command):
        order_id, quantity = int(event["order_id"]), int(event["quantity"])
        if kind == EventKind.ACCEPTED:
            assert order_id == command["order_id"]
            assert order_id not in self.orders
            assert quantity == event["remaining"] == command["quantity"]
            price = int(event["price"])
            assert price == command["price"]
            account, owner = int(event["account"]), command["owner"]
            self._arrive(order_id, Known(command, int(event["side"]), price, quantity, account, owner, 0))
        elif kind == EventKind.REPLACED:
            order = self.orders.pop(order_id)
            assert quantity == event["remaining"] == command["quantity"]
            order.price, order.quantity = int(event["price"]), quantity
            self._arrive(order_id, order)
        elif kind == EventKind.TRADE:
            self._trade(event)
        elif kind in (EventKind.CANCELLED, EventKind.REDUCED, EventKind.EXPIRED):
            assert self.orders[order_id].account == event["account"]
            assert (event["remaining"] > 0) == (kind == EventKind.REDUCED)
            self._lower(order_id, quantity, int(event["remaining"]))
        else:
            assert kind in (EventKind.HALTED, EventKind.RESUMED, EventKind.COLLAR_SET)

    def _arrive(self, order_id, order):
        self.arrivals += 1
        order.arrived = self.arrivals
        self.orders[order_id] = order

    def _lower(self, order_id, quantity, remaining):
        order = self.orders[order_id]
        assert 0 < quantity <= order.quantity
        assert quantity % self.lot == 0
        order.quantity -= quantity
        assert order.quantity == remaining
        if remaining == 0:
            del self.orders[order_id]

    def _trade(self, event):
        taker = self.orders[int(event["order_id"])]
        maker = self.orders[int(event["maker_order_id"])]
        assert taker.side == event["side"] != maker.side
        assert (taker.account, maker.account) == (event["account"], event["maker_account"])
        assert maker is self.first(maker.side), "price-time priority"
        assert maker.price == event["price"]
        assert not taker.price or (taker.price - maker.price) * (1 if taker.side == Side.BUY else -1) >= 0
        mode = taker.command["self_trade"]
        assert mode == SelfTrade.ALLOW or taker.owner != maker.owner, "self-trade"
        quantity = int(event["quantity"])
        self.traded += quantity
        self._lower(int(event["maker_order_id"]), quantity, maker.quantity - quantity)
        self._lower(int(event["order_id"]), quantity, int(event["remaining"]))

    def _check_terms(self, command, trades):
        left = self.orders.get(command["order_id"])
        if command["order_type"] == OrderType.MARKET or command["time_in_force"] not in RESTING_TIMES:
            assert left is None, "an order that may not rest rests"
        if command["time_in_force"] == TimeInForce.FOK:
            assert sum(quantity for _, quantity in trades) == command["quantity"]
        if command["flags"] & Flag.POST_ONLY:
            assert not trades
        if command["budget"]:
            assert sum(price * quantity for price, quantity in trades) <= command["budget"]

    def queue(self, side):
        """Return this side's orders in price-time priority."""
        sign = -1 if side == Side.BUY else 1
        orders = [(order_id, order) for order_id, order in self.orders.items() if order.side == side]
        return sorted(orders, key=lambda pair: (sign * pair[1].price, pair[1].arrived))

    def first(self, side):
        """Return this side's best order."""
        sign = -1 if side == Side.BUY else 1
        orders = [order for order in self.orders.values() if order.side == side]
        return min(orders, key=lambda order: (sign * order.price, order.arrived), default=None)

    def compare(self, engine, instrument=1):
        """Assert that the engine's book is the one that its events tell of."""
        best = engine.best(instrument)
        assert best.bid is None or best.ask is None or best.bid < best.ask, "crossed"
        depth = engine.depth(instrument, len(self.orders) + 1)
        for side, levels in ((Side.BUY, depth.bids), (Side.SELL, depth.asks)):
            expected: dict[int, list[int]] = {}
            for order_id, order in self.queue(side):
                expected.setdefault(order.price, []).append(order.quantity)
                resting = engine.order(order_id)
                assert (resting.side, resting.price, resting.quantity) == (side, order.price, order.quantity)
                assert (resting.account, resting.owner) == (order.account, order.owner)
            drawn = [(level["price"], level["quantity"], level["orders"]) for level in levels]
            assert drawn == [(price, sum(queue), len(queue)) for price, queue in expected.items()]
        assert engine.instrument(instrument).phase in (Phase.CONTINUOUS, Phase.HALTED)
