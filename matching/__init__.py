"""Match orders: a limit order book engine, commands in, events out, integers only.

    engine = Engine()
    engine.open_instrument(7)
    engine.submit(op=Op.NEW, instrument=7, order_id=1, account=1, owner=1, side=Side.SELL,
                  price=100, quantity=5)
    engine.submit_batch(commands)         # an array of COMMAND records -> an array of EVENT records

The same commands give the same events, byte for byte: the engine reads no clock, no file and no
random number. It knows no money, no fees and no users; those are its caller's.

Units
    price      Whole price units of the instrument, 1 to 2^63 - 1. The caller chooses the unit (one
               cent, say). A limit price is a multiple of the instrument's `tick`.
    quantity   Whole lots of the instrument, 1 to 2^63 - 1. The caller chooses what one lot is (0.0001
               BTC, say). Commands, events, depth and orders all count in it. An instrument with a
               `lot` above 1 trades only in multiples of that many (a board lot).
    budget     Price times quantity, 0 for none. It bounds what a market buy spends: the sum of price
               times quantity over its fills. To turn cash into a budget, divide by the worth of one
               price unit times one lot and round down; that loses nothing, for fills cost whole
               multiples of it. Fees are the caller's to keep back.

    `tick` and `lot` are checks, never factors: no number is scaled on its way through. Price times
    quantity and its sums are below 2^126; an engine in another language needs 128 bits for them.

Order ids
    The caller gives each NEW an id from 1 to 2^63 - 1, higher than any NEW that this engine has accepted
    on any instrument. A refused NEW uses up nothing. A resting order is found by its id alone.

Accounts and owners
    An account places and cancels; 0 is the venue, which may cancel, reduce, replace and expire any
    order. An owner is whom self-trade prevention protects, across accounts; the number 0 is an owner
    like any other.

See README.md beside this file for every command, event, reason and check.
"""

from importlib import import_module

from matching import build
from matching.adapter import ReferenceEngine
from matching.codes import EventKind, Flag, Op, OrderType, Phase, Reason, SelfTrade, Side, TimeInForce
from matching.face import Engine, EngineUnavailableError, info, note_missing, register
from matching.records import COMMAND, EVENT, LEVEL
from matching.views import Auction, Best, Depth, Info, Instrument, Memory, RestingOrder

__all__ = [
    "COMMAND",
    "EVENT",
    "LEVEL",
    "Auction",
    "Best",
    "Depth",
    "Engine",
    "EngineUnavailableError",
    "EventKind",
    "Flag",
    "Info",
    "Instrument",
    "Memory",
    "Op",
    "OrderType",
    "Phase",
    "Reason",
    "RestingOrder",
    "SelfTrade",
    "Side",
    "TimeInForce",
    "info",
]

register(ReferenceEngine)
if fault := build.fault():
    note_missing("compiled", fault)
else:
    try:
        register(import_module("matching.compiled").CompiledEngine)
    except ImportError as error:
        note_missing("compiled", str(error))
