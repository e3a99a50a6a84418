"""Any sequence of commands a market could dream of, with the rules checked after each one."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

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
from tests.matching.observer import Observer

LOT = 2


class Market(RuleBasedStateMachine):
    """Give commands; believe only the events; compare with the book after every step."""

    engine_name = "reference"

    @initialize()
    def open(self):
        self.engine = Engine(self.engine_name)
        self.engine.open_instrument(1, lot=LOT)
        self.observer = Observer(lot=LOT)
        self.sequence = self.order_id = 0
        self.commands: list[Command] = []
        self.answers: list[bytes] = []

    def give(self, op, **fields):
        self.sequence += 1
        given = {**fields, "sequence": self.sequence, "op": op, "instrument": 1}
        command = Command(**{**dict.fromkeys(Command._fields, 0), **given})
        before = self.engine.state_hash()
        events = self.engine.submit(**given).copy()
        self.commands.append(command)
        self.answers.append(events.tobytes())
        self.observer.see(command._asdict(), events)
        if events[0]["kind"] == EventKind.REJECTED:
            assert self.engine.state_hash() == before
        return events

    def new(self, owner, side, lots, **fields):
        self.order_id += 1
        return self.give(
            Op.NEW,
            order_id=self.order_id,
            account=owner * 10,
            owner=owner,
            side=side,
            quantity=lots * LOT,
            **fields,
        )

    owners, sides, lots = st.integers(1, 3), st.sampled_from(list(Side)), st.integers(1, 6)
    prices, modes = st.integers(96, 104), st.sampled_from(list(SelfTrade))
    resting = st.sampled_from([TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD])
    passing = st.sampled_from([TimeInForce.IOC, TimeInForce.FOK])
    times, budgets = st.sampled_from(list(TimeInForce)), st.integers(0, 1500)
    old_ids = st.integers(0, 12)

    @rule(owner=owners, side=sides, lots=lots, price=prices, mode=modes, time=resting, post=st.booleans())
    def limit(self, *, owner, side, lots, price, mode, time, post):
        flags = Flag.POST_ONLY if post else 0
        self.new(owner, side, lots, price=price, self_trade=mode, time_in_force=time, flags=flags)

    @rule(owner=owners, side=sides, lots=lots, price=prices, mode=modes, time=passing)
    def immediate(self, *, owner, side, lots, price, mode, time):
        self.new(owner, side, lots, price=price, self_trade=mode, time_in_force=time)

    @rule(owner=owners, side=sides, lots=lots, mode=modes, budget=budgets, time=times)
    def market(self, *, owner, side, lots, mode, budget, time):
        terms = {"order_type": OrderType.MARKET, "self_trade": mode, "time_in_force": time}
        events = self.new(owner, side, lots, **terms, budget=budget if side == Side.BUY else 0)
        if events[-1]["reason"] == Reason.BUDGET_EXHAUSTED:
            trades = events[events["kind"] == EventKind.TRADE]
            left = budget - sum(int(trade["price"]) * int(trade["quantity"]) for trade in trades)
            assert 0 <= left < LOT * (self.engine.best(1).ask or 0), "as much as the budget allows is bought"

    @rule(back=old_ids, venue=st.booleans(), owner=owners)
    def cancel(self, back, venue, owner):
        self.give(Op.CANCEL, order_id=max(0, self.order_id - back), account=0 if venue else owner * 10)

    @rule(back=old_ids, lots=lots)
    def reduce(self, back, lots):
        self.give(Op.REDUCE, order_id=max(0, self.order_id - back), quantity=lots * LOT)

    @rule(back=old_ids, lots=lots, price=prices)
    def replace(self, back, lots, price):
        self.give(Op.REPLACE, order_id=max(0, self.order_id - back), quantity=lots * LOT, price=price)

    @rule(back=old_ids)
    def expire(self, back):
        self.give(Op.EXPIRE, order_id=max(0, self.order_id - back))

    @rule(lowest=st.sampled_from([0, 97]), highest=st.sampled_from([0, 103]))
    def collar(self, lowest, highest):
        self.give(Op.SET_COLLAR, price=lowest, stop_price=highest)

    @rule()
    def halt_and_resume(self):
        self.give(Op.HALT)
        self.order_id += 1
        refused = self.give(Op.NEW, order_id=self.order_id, side=Side.BUY, price=100, quantity=LOT)
        assert refused[0]["reason"] == Reason.INSTRUMENT_HALTED
        assert self.engine.instrument(1).phase == Phase.HALTED
        self.give(Op.RESUME)

    @rule()
    def restart_from_a_snapshot(self):
        restarted = Engine(self.engine_name)
        restarted.restore(self.engine.snapshot())
        assert restarted.state_hash() == self.engine.state_hash()
        self.engine = restarted

    @invariant()
    def the_book_is_what_the_events_tell(self):
        if hasattr(self, "engine"):
            self.observer.compare(self.engine)

    def teardown(self):
        if not getattr(self, "commands", None):
            return
        replayed = Engine(self.engine_name)
        replayed.open_instrument(1, lot=LOT)
        commands = np.array(self.commands, COMMAND)
        assert replayed.submit_batch(commands).tobytes() == b"".join(self.answers), "one batch, no restarts"
        assert replayed.snapshot() == self.engine.snapshot()


@pytest.mark.spec("MAT-1", "MAT-2", "MAT-3", "MAT-7", "ORD-2", "RISK-1")
def test_market(engine_name):
    machine = type("MarketOfEngine", (Market,), {"engine_name": engine_name})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=80,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
