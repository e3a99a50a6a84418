"""Make random streams of commands from a seed: the same seed gives the same bytes."""

import random

import numpy as np

from matching import COMMAND, Flag, Op, OrderType, SelfTrade, Side, TimeInForce
from matching.records import Command

OPS = [Op.NEW] * 60 + [Op.CANCEL] * 18 + [Op.REDUCE] * 8 + [Op.REPLACE] * 8 + [Op.EXPIRE] * 3
RARE_OPS = [Op.HALT, Op.SET_COLLAR, Op.SET_COLLAR, Op.CANCEL_ALL]
TYPES = [OrderType.LIMIT] * 9 + [OrderType.MARKET]
TIMES = [TimeInForce.GTC] * 6 + [TimeInForce.DAY, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK]
EXTREMES = [0, 1, 2, 5, 99, 100, 101, 2**31, 2**32, 2**62, 2**63 - 1, -1, -(2**63)]


def seeded(seed):
    """Return dice that fall the same way for the same seed, everywhere."""
    return random.Random(seed)  # reproducible on purpose, nothing secret


def market(seed, count, instruments=(1,), owners=6, late=0.01):
    """Return a market's commands: mostly sensible, some stale, some refused.

    `late`: the part of the NEW commands whose order id does not rise.
    """
    dice = seeded(seed)
    commands = np.zeros(count, COMMAND)
    next_id = 0
    halted: dict[int, int] = {}  # instrument -> commands until it resumes
    for sequence in range(count):
        record = commands[sequence]
        instrument = dice.choice(instruments)
        record["sequence"], record["instrument"] = sequence + 1, instrument
        op = dice.choice(OPS if dice.random() < 0.99 else RARE_OPS)
        if op == Op.HALT:
            halted[instrument] = 10
        elif instrument in halted:
            halted[instrument] -= 1
            if not halted[instrument]:
                del halted[instrument]
                op = Op.RESUME
        record["op"] = op
        owner = dice.randint(1, owners)
        record["owner"], record["account"] = owner, owner * 10 + dice.randint(1, 2)
        if op == Op.NEW:
            next_id += dice.choice((1, 1, 1, 2))
            record["order_id"] = next_id if dice.random() >= late else max(1, next_id - 1)
            _new(record, dice)
        elif op == Op.SET_COLLAR:
            record["price"], record["stop_price"] = dice.choice(((0, 0), (80, 120), (90, 0), (120, 80)))
        else:
            record["order_id"] = max(1, next_id - int(dice.expovariate(0.05)))
            record["price"], record["quantity"] = dice.randint(85, 115), dice.randint(0, 12)
            if dice.random() < 0.8:
                record["account"] = 0
    return commands


def _new(record, dice):
    side = dice.choice((Side.BUY, Side.SELL))
    order_type, time_in_force = dice.choice(TYPES), dice.choice(TIMES)
    record["side"], record["order_type"], record["time_in_force"] = side, order_type, time_in_force
    record["self_trade"] = dice.choice(list(SelfTrade))
    record["quantity"] = dice.randint(1, 20) if dice.random() < 0.99 else 10**6
    if order_type == OrderType.MARKET:
        record["budget"] = dice.choice((0, 0, dice.randint(1, 3000))) if side == Side.BUY else 0
    else:
        away = int(dice.gauss(2, 4))
        record["price"] = 100 - away if side == Side.BUY else 100 + away
        record["flags"] = Flag.POST_ONLY if dice.random() < 0.1 else 0


def any_bits(seed, count):
    """Return records of random bytes."""
    return np.frombuffer(seeded(seed).randbytes(count * COMMAND.itemsize), COMMAND)


def damaged(seed, count):
    """Return a market's commands, every second one with up to three fields overwritten."""
    dice = seeded(seed)
    commands = market(seed, count)
    for record in commands[::2]:
        for name in dice.sample(Command._fields, dice.randint(1, 3)):
            dtype = COMMAND[name]
            if name == "order_id":  # a wild id that is accepted would refuse every later order
                record[name] = dice.choice((0, 2**63, 2**64 - 1, int(record[name]) // 2))
            elif dice.random() < 0.5:
                record[name] = np.frombuffer(dice.randbytes(dtype.itemsize), dtype)[0]
            else:
                limits = np.iinfo(dtype)
                odd = [number for number in EXTREMES if limits.min <= number <= limits.max]
                record[name] = dice.choice([*odd, limits.max])
    return commands


def by_name(record):
    """Return a record's fields by name, as Python integers."""
    return Command(*record.item())._asdict()
