"""Hundreds of thousands of resting orders: where a fast engine does other things than with a few."""

import dataclasses

import numpy as np
import pytest

from matching import COMMAND, Engine, Op, OrderType, Side
from tests.matching import compared, flow
from tests.matching.profiles import OPS, PROFILES

RESTING = 220_000
KEPT = 400  # one order in so many is left standing
DEEP = dataclasses.replace(  # nothing that empties the book at one stroke
    PROFILES["busy"],
    settings=PROFILES["busy"].settings[:1],
    ops={**OPS, Op.CANCEL_ALL: 0.0},
    odd=0.0,
    damage=0.0,
    most=10**9,
)


def resting(count):
    """Return orders that rest around the centre of the profile's instrument, some of them icebergs."""
    dice, commands = np.random.default_rng(1), np.zeros(count, COMMAND)
    commands["op"], commands["instrument"] = Op.NEW, 1
    commands["order_id"] = commands["sequence"] = np.arange(1, count + 1)
    commands["owner"] = dice.integers(1, 7, count)
    commands["account"] = commands["owner"] * 10 + 1
    commands["side"] = dice.integers(1, 3, count)
    away = np.minimum(np.abs(np.rint(dice.normal(0, 200, count))) + 1, 990).astype(np.int64)
    commands["price"] = 1000 + np.where(commands["side"] == Side.BUY, -away, away)
    commands["quantity"] = dice.integers(1, 20, count)
    iceberg = dice.random(count) < 0.02
    commands["order_type"][iceberg] = OrderType.ICEBERG
    commands["display_quantity"][iceberg] = 2
    return commands


def cancels(order_ids):
    commands = np.zeros(len(order_ids), COMMAND)
    commands["op"], commands["instrument"], commands["order_id"] = Op.CANCEL, 1, order_ids
    return commands


class Pair:
    """Both engines, given the same commands."""

    def __init__(self, market):
        self.engines = [market.open(Engine(name)) for name in ("reference", "compiled")]

    def give(self, commands):
        commands["sequence"] = np.arange(1, len(commands) + 1)
        expected = self.engines[0].submit_batch(commands).copy()
        compared.same_events(commands, expected, self.engines[1].submit_batch(commands))
        return expected

    def compare(self):
        compared.same_state(self.engines[0], self.engines[1], compared.dice(1))


@pytest.mark.spec("MAT-1", "MAT-7")
def test_a_deep_book_is_one_engine():
    """Fill it, trade in it, thin it out, restart from its snapshot, empty it, and trade on."""
    compared.skip_without_compiled()
    market = flow.Flow(DEEP, 1)
    pair = Pair(market)
    filled = resting(RESTING)
    market.learn(filled, pair.give(filled))
    pair.compare()
    market.next_id = RESTING + 1
    _go_on(pair, market, 3000)
    assert len(market.live) > RESTING * 0.9
    standing = np.array(sorted(market.live), np.uint64)
    gone = cancels(standing[np.arange(len(standing)) % KEPT != 0])
    market.learn(gone, pair.give(gone))
    pair.compare()
    fresh = resting(40_000)
    fresh["order_id"] += np.uint64(market.next_id)
    market.next_id += len(fresh) + 1
    market.learn(fresh, pair.give(fresh))
    most = cancels(fresh["order_id"][::-1][100:])
    market.learn(most, pair.give(most))
    snapshot = pair.engines[1].snapshot()
    pair.engines[1] = compared.restored("compiled", snapshot)
    rest = cancels(np.array(sorted(market.live), np.uint64)[:300])
    market.learn(rest, pair.give(rest))
    _go_on(pair, market, 2000)
    everything = np.zeros(1, COMMAND)
    everything["op"], everything["instrument"] = Op.CANCEL_ALL, 1
    market.learn(everything, pair.give(everything))
    assert not market.live
    _go_on(pair, market, 2000)
    pair.compare()


def _go_on(pair, market, count):
    for chunk in flow.chunks(market, count):
        market.learn(chunk, pair.give(chunk))
    pair.compare()
