"""Read and draw books as text, so that a rule of the market can be checked by reading it.

A scenario in books/*.txt:

    ## MAT-1 Title                      the spec items it shows, then what it shows
    instrument lot=10 collar=90-110     optional; also tick=5, and last=100 for a last price
    before                              the book: one line per price, the queue from front to back
        buy 100: #1 ann 5, #2 bob 5
    command                             one or more
        NEW #3 cat SELL 7 @ 100
    events                              everything that the commands answered
        ACCEPTED #3 cat SELL 7 @ 100
        ...
    after                               the whole book, best price first; nothing where it is empty
        buy 100: #2 bob 3

ann, bob, cat, dan and eve are owners with one account each; ann/2 is ann's second account.
`venue` is account 0.

An iceberg stands in the book as `#2 bob 5 of 20`: it shows 5, and 20 are open. Stops stand below the
book in order of arrival, a trailing one with the best trade price it has seen:

        wait: #4 dan SELL 5 stop=95
        wait: #5 dan SELL 5 @ 94 stop=95
        wait: #6 eve SELL 5 trail=3 from 100
        wait: #7 eve BUY 5 trail=250bp from 100 budget=600

In a command the same words make the same orders: `stop=` makes a STOP_LOSS or, with a limit, a
STOP_LIMIT, `trail=` a TRAILING_STOP, `show=` an ICEBERG. Both legs of a pair are drawn with OCO.
A last line `auction`, `halted` or `auction_halted` is the phase, where it is not continuous trading.
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from matching import Engine, EventKind, Flag, Op, OrderType, Phase, Reason, SelfTrade, Side, TimeInForce

OWNERS = ["ann", "bob", "cat", "dan", "eve"]
SECTIONS = ("before", "command", "events", "after")
WORDS: dict[str, tuple[str, int]] = {
    **{time.name: ("time_in_force", time) for time in TimeInForce},
    **{mode.name: ("self_trade", mode) for mode in SelfTrade},
    "POST_ONLY": ("flags", Flag.POST_ONLY),
    "OCO": ("flags", Flag.OCO),
    "MARKET": ("order_type", OrderType.MARKET),
}
UNDRAWN = re.compile(r" (DAY|GTD|POST_ONLY|CANCEL_\w+|DECREMENT)")


@dataclass
class Scenario:
    title: str
    specs: list[str]
    instrument: dict[str, Any] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def read(text: str) -> list[Scenario]:
    scenarios: list[Scenario] = []
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words:
            continue
        if words.startswith("## "):
            specs = re.findall(r"\b[A-Z]{2,5}-\d+\b", words)
            scenarios.append(Scenario(re.sub(r"^## ([A-Z]{2,5}-\d+ )*", "", words), specs))
            section = ""
        elif words.startswith("instrument "):
            scenarios[-1].instrument = _settings(words.split()[1:])
        elif words in SECTIONS:
            section = words
        else:
            assert section, f"line {number}: {line!r} stands in no section"
            getattr(scenarios[-1], section).append(" ".join(words.split()))
    return scenarios


def _settings(words):
    pairs = dict(word.split("=") for word in words)
    return {
        name: tuple(map(int, value.split("-"))) if name == "collar" else int(value)
        for name, value in pairs.items()
    }


def play(scenario: Scenario, engine: Engine) -> tuple[list[str], list[str]]:
    """Set the book up, give the commands; return the events and the book as drawn."""
    settings = dict(scenario.instrument)
    last_price = settings.pop("last", 0)
    engine.open_instrument(1, **settings)
    if last_price:
        engine.restore(with_last_price(engine.snapshot(), last_price))
    lines = [UNDRAWN.sub("", line) for line in scenario.before]
    if lines and lines[-1] == "auction":
        engine.submit(op=Op.OPEN_AUCTION, instrument=1)
    orders = sorted(_drawn_orders(scenario.before), key=lambda order: order["order_id"])
    for order in orders:
        assert len(engine.submit(**order)) == 1, f"the book before is not one that can rest: {order}"
    assert draw(engine) == lines
    told = []
    for sequence, line in enumerate(scenario.command, 1):
        for event in engine.submit(sequence=sequence, **_command(line)):
            assert event["sequence"] == sequence
            told.append(_sentence(event))
    return told, draw(engine)


def with_last_price(snapshot: bytes, price: int) -> bytes:
    """Return the snapshot of one empty book with another last price."""
    content = snapshot[:64] + price.to_bytes(8, "little") + snapshot[72:-32]
    return content + hashlib.sha256(content).digest()


def _drawn_orders(lines):
    for line in lines:
        head, _, queue = line.partition(": ")
        if head == "wait":
            yield _new(queue.replace(" from ", " from=").split())
        elif queue:
            side, price = head.split()
            for drawn in queue.split(", "):
                number, who, quantity, *words = re.sub(r"(\d+) of (\d+)", r"\2 show=\1", drawn).split()
                terms = [word for word in words if word != "OCO"]  # the other leg makes the pair
                yield _new([number, who, side.upper(), quantity, "@", price, *terms])


def _common(op, number="#0", who="venue"):
    owner, _, sub = who.partition("/")
    index = OWNERS.index(owner) + 1 if owner != "venue" else 0
    account = index * 10 + int(sub or 1) if index else 0
    return {"op": op, "instrument": 1, "order_id": int(number[1:]), "account": account, "owner": index}


def _name(account):
    if account == 0:
        return "venue"
    owner = OWNERS[int(account) // 10 - 1]
    return owner if account % 10 == 1 else f"{owner}/{account % 10}"


def _terms(words):
    fields = {"flags": 0}
    for word in words:
        name, value = WORDS[word] if word in WORDS else tuple(word.split("="))
        if name == "flags":
            fields["flags"] |= value
        elif name == "stop":
            fields["order_type"], fields["stop_price"] = OrderType.STOP_LOSS, int(value)
        elif name == "trail":
            fields["order_type"] = OrderType.TRAILING_STOP
            fields["stop_price"] = int(value.removesuffix("bp"))
            fields["flags"] |= Flag.TRAIL_PERCENT if value.endswith("bp") else 0
        elif name == "show":
            fields["order_type"], fields["display_quantity"] = OrderType.ICEBERG, int(value)
        elif name != "from":
            fields[name] = int(value)
    return fields


def _new(words):
    number, who, side, *words = words
    return {**_common(Op.NEW, number, who), "side": Side[side], **_amounts(words)}


def _amounts(words):
    fields = {}
    if words and words[0].isdigit():
        fields["quantity"] = int(words[0])
        words = words[1:]
    if words and words[0] == "@":
        fields["price"] = int(words[1])
        words = words[2:]
    fields.update(_terms(words))
    if "price" in fields and fields.get("order_type") == OrderType.STOP_LOSS:
        fields["order_type"] = OrderType.STOP_LIMIT
    return fields


def _command(line):
    name, *words = line.split()
    op = Op[name]
    if op == Op.NEW:
        return _new(words)
    if op == Op.SET_COLLAR:
        lowest, highest = words[0].split("-")
        return {**_common(op), "price": int(lowest), "stop_price": int(highest)}
    if op == Op.UNCROSS:
        return {**_common(op), "price": int(words[1]) if words else 0}
    if op in (Op.HALT, Op.RESUME, Op.OPEN_AUCTION):
        return _common(op)
    if op == Op.CANCEL_ALL:
        return _common(op, who=words[0])
    number, who, *words = words
    return {**_common(op, number, who), **_amounts([word for word in words if word != "by"])}


def _sentence(event):
    kind = EventKind(event["kind"])
    number, price, quantity, left = (
        int(event[name]) for name in ("order_id", "price", "quantity", "remaining")
    )
    who = _name(event["account"])
    order = f"#{number} {who}"
    maker = f"#{event['maker_order_id']} {_name(event['maker_account'])}"
    side = "BUY" if event["side"] == Side.BUY else "SELL"
    amount = f"{quantity} @ {price}" if price else f"{quantity}"
    assert left == 0 or kind not in (EventKind.CANCELLED, EventKind.EXPIRED)
    sentence = {
        EventKind.TRADE: f"{order} with {maker}: {amount}, {left} left",
        EventKind.ACCEPTED: f"{order} {side} {amount}",
        EventKind.TRIGGERED: f"{order} {side} {amount}",
        EventKind.REPLACED: f"{order} {amount}",
        EventKind.REDUCED: f"{order} by {quantity}, {left} left",
        EventKind.REFILLED: f"{order} {quantity} of {left}",
        EventKind.CANCELLED: f"{order} {quantity}",
        EventKind.EXPIRED: f"{order} {quantity}",
        EventKind.REJECTED: f"#{number}",
        EventKind.COLLAR_SET: f"{price}-{quantity}",
        EventKind.ALL_CANCELLED: f"{who} {quantity}",
        EventKind.AUCTION: amount + (f", {side} {left} left" if left else ""),
    }.get(kind, "")
    because = f"({Reason(event['reason']).name})" if event["reason"] else ""
    return " ".join(filter(None, (kind.name, sentence, because)))


def draw(engine: Engine) -> list[str]:
    """Draw instrument 1: bids, asks, best prices first; stops; the phase, if it is not continuous trading."""
    lines = []
    orders = resting(engine)
    stops = [order for order in orders if order.stop_price]
    for side, levels in zip(("buy", "sell"), engine.depth(1, 100), strict=True):
        for level in levels:
            queue = [
                order
                for order in orders
                if order.price == level["price"] and order.side.name == side.upper() and not order.stop_price
            ]
            assert (len(queue), sum(order.visible for order in queue)) == (
                level["orders"],
                level["quantity"],
            )
            lines.append(f"{side} {level['price']}: {', '.join(map(_resting_order, queue))}")
    lines += [f"wait: {_waiting_stop(order)}" for order in stops]
    if engine.instrument(1).phase != Phase.CONTINUOUS:
        lines.append(engine.instrument(1).phase.name.lower())
    return lines


def _resting_order(order):
    is_iceberg = order.order_type == OrderType.ICEBERG
    drawn = f"{order.visible} of {order.quantity}" if is_iceberg else order.quantity
    return f"#{order.order_id} {_name(order.account)} {drawn}" + _pair(order)


def _waiting_stop(order):
    drawn = f"#{order.order_id} {_name(order.account)} {order.side.name} {order.quantity}"
    if order.price:
        drawn += f" @ {order.price}"
    if order.order_type == OrderType.TRAILING_STOP:
        unit = "bp" if order.flags & Flag.TRAIL_PERCENT else ""
        drawn += f" trail={order.stop_price}{unit} from {order.extreme}"
    else:
        drawn += f" stop={order.stop_price}"
    return drawn + (f" budget={order.budget}" if order.budget else "") + _pair(order)


def _pair(order):
    return " OCO" if order.flags & Flag.OCO else ""


def resting(engine: Engine):
    """Return the orders of every book as a snapshot lists them: queues from front to back, then stops."""
    return [engine.order(order_id) for order_id in resting_ids(engine.snapshot())]


def resting_ids(snapshot: bytes) -> list[int]:
    """Read the order ids out of a snapshot by its documented layout, independently of the engine's reader."""
    at, ids = 16, []
    for _ in range(int.from_bytes(snapshot[12:16], "little")):
        counts = [int.from_bytes(snapshot[at + shift : at + shift + 8], "little") for shift in (56, 64, 72)]
        at += 80
        for _ in range(sum(counts)):
            ids.append(int.from_bytes(snapshot[at : at + 8], "little"))
            order_type = snapshot[at + 36]
            at += 40 + {OrderType.ICEBERG: 16, OrderType.LIMIT: 0}.get(OrderType(order_type), 24)
    assert at == len(snapshot) - 32
    return ids
