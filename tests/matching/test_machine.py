"""Any commands a market could dream of, given to all engines in step, with the rules checked after each."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

import matching
from matching import (
    COMMAND,
    Engine,
    EventKind,
    Flag,
    Op,
    OrderType,
    Phase,
    Reason,
    SelfTrade,
    Side,
    TimeInForce,
)
from matching.records import Command
from tests.matching import compared
from tests.matching.observer import AUCTIONS, Observer

TAKEN_OFF = (EventKind.CANCELLED, EventKind.EXPIRED, EventKind.REDUCED)
AT_MARKET = (OrderType.STOP_LOSS, OrderType.TRAILING_STOP)
CENTRE = 100  # in ticks


class Market(RuleBasedStateMachine):
    """Give commands; believe only the events; compare with the books of all engines after every step."""

    @initialize(tick=st.sampled_from([1, 5]), lot=st.sampled_from([1, 2]))
    def open(self, tick, lot):
        self.tick, self.lot = tick, lot
        self.engines = {name: self.fresh(name) for name in matching.info()["available"]}
        self.engine = next(iter(self.engines.values()))
        self.observer = Observer(lot=lot, tick=tick)
        self.sequence = self.order_id = self.accepted = 0
        self.came_in = self.went = 0  # lots of all orders together, a trade counted on both sides
        self.commands: list[Command] = []
        self.answers: list[bytes] = []

    def fresh(self, name):
        engine = Engine(name)
        engine.open_instrument(1, tick=self.tick, lot=self.lot)
        return engine

    def give(self, op, **fields):
        """Give one command to every engine, which all must answer it alike; return its events."""
        self.sequence += 1
        given = {**fields, "sequence": self.sequence, "op": op, "instrument": 1}
        command = Command(**{**dict.fromkeys(Command._fields, 0), **given})
        record = np.array([command], COMMAND)
        opened = {order_id: order.quantity for order_id, order in self.observer.orders.items()}
        before = self.engine.state_hash()
        events = self.engine.submit(**given).copy()
        for engine in list(self.engines.values())[1:]:
            compared.same_events(record, events, engine.submit(**given))
        self.commands.append(command)
        self.answers.append(events.tobytes())
        self.observer.see(command._asdict(), events)
        if events[0]["kind"] == EventKind.REJECTED:
            assert self.engine.state_hash() == before
        self.count(events, opened)
        return events

    def count(self, events, opened):
        for event in events:
            order_id, quantity = int(event["order_id"]), int(event["quantity"])
            if event["kind"] == EventKind.ACCEPTED:
                assert order_id > self.accepted
                self.accepted = order_id
                self.came_in += quantity
            elif event["kind"] == EventKind.REPLACED:
                self.came_in += quantity - opened[order_id]
            elif event["kind"] == EventKind.TRADE:
                self.went += 2 * quantity
            elif event["kind"] in TAKEN_OFF:
                self.went += quantity

    def new(self, owner, side, lots, ticks=None, **fields):
        self.order_id += 1
        return self.give(
            Op.NEW,
            order_id=self.order_id,
            account=owner * 10,
            owner=owner,
            side=side,
            quantity=lots * self.lot,
            price=0 if ticks is None else self.price(ticks),
            **fields,
        )

    def price(self, ticks):
        return (CENTRE + ticks) * self.tick

    owners, sides, lots = st.integers(1, 3), st.sampled_from(list(Side)), st.integers(1, 6)
    prices, modes = st.integers(-4, 4), st.sampled_from(list(SelfTrade))
    resting = st.sampled_from([TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD])
    passing = st.sampled_from([TimeInForce.IOC, TimeInForce.FOK])
    times, budgets = st.sampled_from(list(TimeInForce)), st.integers(0, 1500)
    stops = st.sampled_from([OrderType.STOP_LOSS, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP])
    percents = st.sampled_from([0, 1, 100, 250])  # 0: a distance in ticks instead
    old_ids, accounts = st.integers(0, 12), st.sampled_from([0, 10, 20, 30])

    @rule(owner=owners, side=sides, lots=lots, price=prices, mode=modes, time=resting, post=st.booleans())
    def limit(self, *, owner, side, lots, price, mode, time, post):
        flags = Flag.POST_ONLY if post else 0
        self.new(owner, side, lots, price, self_trade=mode, time_in_force=time, flags=flags)

    @rule(owner=owners, side=sides, lots=lots, price=prices, mode=modes, time=passing)
    def immediate(self, *, owner, side, lots, price, mode, time):
        self.new(owner, side, lots, price, self_trade=mode, time_in_force=time)

    @rule(owner=owners, side=sides, lots=lots, mode=modes, budget=budgets, time=times)
    def market(self, *, owner, side, lots, mode, budget, time):
        terms = {"order_type": OrderType.MARKET, "self_trade": mode, "time_in_force": time}
        events = self.new(owner, side, lots, **terms, budget=budget if side == Side.BUY else 0)
        ends = events[events["order_id"] == self.order_id]
        if ends[-1]["reason"] == Reason.BUDGET_EXHAUSTED and len(ends) == len(events):
            trades = events[events["kind"] == EventKind.TRADE]
            left = budget - sum(int(trade["price"]) * int(trade["quantity"]) for trade in trades)
            assert 0 <= left < self.lot * self.engine.best(1).ask, "as much as the budget allows is bought"

    @rule(owner=owners, side=sides, lots=st.integers(1, 12), price=prices, mode=modes, shown=lots)
    def iceberg(self, *, owner, side, lots, price, mode, shown):
        terms = {"order_type": OrderType.ICEBERG, "self_trade": mode, "display_quantity": shown * self.lot}
        self.new(owner, side, lots, price, **terms)

    def stop_terms(self, kind, side, away, percent, price, budget):
        """Return the fields of a stop whose trigger lies `away` ticks beyond the centre."""
        if kind == OrderType.TRAILING_STOP:
            distance = percent or abs(away) * self.tick + self.tick
            terms = {"stop_price": distance, "flags": Flag.TRAIL_PERCENT if percent else 0}
        else:
            terms = {"stop_price": self.price(away if side == Side.BUY else -away), "flags": 0}
        if kind == OrderType.STOP_LIMIT:
            terms["price"] = self.price(price)
        elif side == Side.BUY:
            terms["budget"] = budget
        return {**terms, "order_type": kind}

    @rule(
        owner=owners,
        side=sides,
        lots=lots,
        kind=stops,
        away=prices,
        percent=percents,
        price=prices,
        budget=budgets,
        mode=modes,
    )
    def stop(self, *, owner, side, lots, kind, away, percent, price, budget, mode):
        self.order_id += 1
        terms = self.stop_terms(kind, side, away, percent, price, budget)
        ids = {"order_id": self.order_id, "account": owner * 10, "owner": owner}
        self.give(Op.NEW, **ids, side=side, quantity=lots * self.lot, self_trade=mode, **terms)

    @rule(
        owner=owners,
        side=sides,
        lots=lots,
        kind=stops,
        away=prices,
        percent=percents,
        price=prices,
        mode=modes,
        wrong=st.sampled_from(["", "", "", "owner", "quantity"]),
    )
    def pair(self, *, owner, side, lots, kind, away, percent, price, mode, wrong):
        self.new(owner, side, lots, price, self_trade=mode)
        self.order_id += 1
        terms = self.stop_terms(kind, side, away, percent, price, 0)
        terms["flags"] |= Flag.OCO
        owner += wrong == "owner"
        lots += wrong == "quantity"
        ids = {"order_id": self.order_id, "account": owner * 10, "owner": owner}
        events = self.give(Op.NEW, **ids, side=side, quantity=lots * self.lot, self_trade=mode, **terms)
        assert not wrong or events[0]["reason"]

    @rule(back=old_ids, account=accounts)
    def cancel(self, back, account):
        self.give(Op.CANCEL, order_id=max(0, self.order_id - back), account=account)

    @rule(back=old_ids, lots=lots)
    def reduce(self, back, lots):
        self.give(Op.REDUCE, order_id=max(0, self.order_id - back), quantity=lots * self.lot)

    @rule(back=old_ids, lots=lots, price=prices, stop=prices)
    def replace(self, back, lots, price, stop):
        order = self.observer.orders.get(self.order_id - back)
        fields = {"price": self.price(price), "stop_price": self.price(stop)}
        if order and order.order_type in AT_MARKET:
            fields["price"] = 0
        if order and order.order_type == OrderType.TRAILING_STOP:
            fields["stop_price"] = (abs(stop) + 1) * self.tick
        self.give(Op.REPLACE, order_id=max(0, self.order_id - back), quantity=lots * self.lot, **fields)

    @rule(back=old_ids)
    def expire(self, back):
        self.give(Op.EXPIRE, order_id=max(0, self.order_id - back))

    @rule(account=accounts)
    def cancel_all(self, account):
        events = self.give(Op.CANCEL_ALL, account=account)
        assert len(events) == 1 + events[0]["quantity"]

    @rule(lowest=st.sampled_from([None, -3]), highest=st.sampled_from([None, 3]))
    def collar(self, lowest, highest):
        bounds = [0 if bound is None else self.price(bound) for bound in (lowest, highest)]
        self.give(Op.SET_COLLAR, price=bounds[0], stop_price=bounds[1])

    @rule()
    def halt_and_resume(self):
        phase = self.engine.instrument(1).phase
        self.give(Op.HALT)
        self.order_id += 1
        refused = self.give(
            Op.NEW, order_id=self.order_id, side=Side.BUY, price=self.price(0), quantity=self.lot
        )
        assert refused[0]["reason"] == Reason.INSTRUMENT_HALTED
        assert self.engine.instrument(1).phase in (Phase.HALTED, Phase.AUCTION_HALTED)
        self.give(Op.RESUME)
        resumed = {Phase.HALTED: Phase.CONTINUOUS, Phase.AUCTION_HALTED: Phase.AUCTION}
        assert self.engine.instrument(1).phase == resumed.get(phase, phase)

    @rule()
    def open_auction(self):
        self.give(Op.OPEN_AUCTION)
        assert self.engine.instrument(1).phase == Phase.AUCTION

    @rule(reference=st.one_of(st.none(), prices))
    def uncross(self, reference):
        price = 0 if reference is None else self.price(reference)
        indicative = self.engine.auction(1, price)
        events = self.give(Op.UNCROSS, price=price)
        if events[0]["kind"] == EventKind.AUCTION:  # no self-trade was prevented first
            told = [int(events[0][name]) for name in ("price", "quantity", "remaining", "side")]
            assert told == [*indicative[:3], int(indicative.side or 0)]

    @rule(data=st.data())
    def anything(self, data):
        """Change one number of a command that was given before to something odd."""
        if not self.commands:
            return
        fields = data.draw(st.sampled_from(self.commands))._asdict()
        name = data.draw(st.sampled_from(Command._fields[5:]))
        limits = np.iinfo(COMMAND[name])
        odd = [0, 1, 2, 3, 5, 7, 255, 2**31, 2**63 - 1, 2**64 - 1, -1, -(2**63)]
        fields[name] = data.draw(st.sampled_from([one for one in odd if limits.min <= one <= limits.max]))
        if fields["op"] == Op.NEW and name != "order_id":
            self.order_id += 1
            fields["order_id"] = self.order_id
        elif fields["op"] == Op.NEW and fields["order_id"] == 2**63 - 1:  # would be the last order ever
            return
        fields.pop("sequence"), fields.pop("instrument")
        events = self.give(fields.pop("op"), **fields)
        self.order_id = max(self.order_id, self.accepted)
        assert len(events)

    @rule()
    def restart_from_a_snapshot(self):
        """Every engine goes on from the snapshot of another one."""
        names = list(self.engines)
        snapshots = [engine.snapshot() for engine in self.engines.values()]
        assert len(set(snapshots)) == 1
        self.engines = {name: compared.restored(name, snapshots[0]) for name in names}
        self.engine = self.engines[names[0]]

    @invariant()
    def the_rules_hold(self):
        """The books are what the events tell, and every lot is traded, taken off or open."""
        if not hasattr(self, "engines"):
            return
        for engine in self.engines.values():
            self.observer.compare(engine)
        assert len({engine.state_hash() for engine in self.engines.values()}) == 1
        assert self.engine.instrument(1).last_order_id == self.accepted
        orders = (self.engine.order(order_id) for order_id in self.observer.orders)
        assert self.came_in == self.went + sum(order.quantity for order in orders)
        bid, ask = self.engine.best(1)
        assert not bid or not ask or bid < ask or self.engine.instrument(1).phase in AUCTIONS

    def teardown(self):
        if not getattr(self, "commands", None):
            return
        for name, engine in self.engines.items():
            replayed = self.fresh(name)
            commands = np.array(self.commands, COMMAND)
            assert replayed.submit_batch(commands).tobytes() == b"".join(self.answers), (
                "one batch, no restarts"
            )
            assert replayed.snapshot() == engine.snapshot()


@pytest.mark.spec("MAT-1", "MAT-2", "MAT-3", "MAT-4", "MAT-5", "MAT-7", "ORD-2", "RISK-1")
@pytest.mark.parametrize("seed", range(3))
def test_market(seed):
    machine = type(f"Market{seed}", (Market,), {})  # another name, other examples
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=50,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
