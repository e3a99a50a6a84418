"""Read and draw books as text, so that a rule of the market can be checked by reading it.

A scenario in books/*.txt:

    ## MAT-1 Title                      the spec items it shows, then what it shows
    instrument lot=10 collar=90-110     optional
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
"""

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
    "MARKET": ("order_type", OrderType.MARKET),
}


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
    engine.open_instrument(1, **scenario.instrument)
    orders = sorted(_drawn_orders(scenario.before), key=lambda order: order["order_id"])
    for order in orders:
        assert len(engine.submit(**order)) == 1, f"the book before is not one that can rest: {order}"
    assert draw(engine) == [
        re.sub(r" (DAY|GTD|POST_ONLY|CANCEL_\w+|DECREMENT)", "", line) for line in scenario.before
    ]
    told = []
    for sequence, line in enumerate(scenario.command, 1):
        for event in engine.submit(sequence=sequence, **_command(line)):
            assert event["sequence"] == sequence
            told.append(_sentence(event))
    return told, draw(engine)


def _drawn_orders(lines):
    for line in lines:
        head, queue = line.split(": ")
        side, price = head.split()
        for drawn in queue.split(", "):
            number, who, quantity, *terms = drawn.split()
            yield {
                **_common(Op.NEW, number, who),
                "side": Side[side.upper()],
                "price": int(price),
                "quantity": int(quantity),
                **_terms(terms),
            }


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
    fields = {}
    for word in words:
        name, value = WORDS[word] if word in WORDS else tuple(word.split("="))
        fields[name] = int(value)
    return fields


def _command(line):
    name, *words = line.split()
    op = Op[name]
    if op == Op.SET_COLLAR:
        lowest, highest = words[0].split("-")
        return {**_common(op), "price": int(lowest), "stop_price": int(highest)}
    if op in (Op.HALT, Op.RESUME):
        return _common(op)
    number, who, *words = words
    fields = _common(op, number, who)
    if op == Op.NEW:
        fields["side"] = Side[words.pop(0)]
    if words and words[0] == "by":
        words.pop(0)
    if words and words[0].isdigit():
        fields["quantity"] = int(words.pop(0))
    if words and words[0] == "@":
        fields["price"] = int(words[1])
        words = words[2:]
    return {**fields, **_terms(words)}


def _sentence(event):
    kind = EventKind(event["kind"])
    number, price, quantity, left = (
        int(event[name]) for name in ("order_id", "price", "quantity", "remaining")
    )
    order = f"#{number} {_name(event['account'])}"
    maker = f"#{event['maker_order_id']} {_name(event['maker_account'])}"
    side = "BUY" if event["side"] == Side.BUY else "SELL"
    assert left == 0 or kind not in (EventKind.CANCELLED, EventKind.EXPIRED)
    sentence = {
        EventKind.TRADE: f"{order} with {maker}: {quantity} @ {price}, {left} left",
        EventKind.ACCEPTED: f"{order} {side} {quantity}" + (f" @ {price}" if price else ""),
        EventKind.REPLACED: f"{order} {quantity} @ {price}",
        EventKind.REDUCED: f"{order} by {quantity}, {left} left",
        EventKind.CANCELLED: f"{order} {quantity}",
        EventKind.EXPIRED: f"{order} {quantity}",
        EventKind.REJECTED: f"#{number}",
        EventKind.COLLAR_SET: f"{price}-{quantity}",
    }.get(kind, "")
    because = f"({Reason(event['reason']).name})" if event["reason"] else ""
    return " ".join(filter(None, (kind.name, sentence, because)))


def draw(engine: Engine) -> list[str]:
    """Draw instrument 1, best prices first, with the phase where it is not continuous trading."""
    lines = []
    for side, levels in zip(("buy", "sell"), engine.depth(1, 100), strict=True):
        for level in levels:
            queue = [
                order
                for order in resting(engine)
                if order.price == level["price"] and order.side.name == side.upper()
            ]
            assert (len(queue), sum(order.quantity for order in queue)) == (
                level["orders"],
                level["quantity"],
            )
            drawn = ", ".join(f"#{order.order_id} {_name(order.account)} {order.quantity}" for order in queue)
            lines.append(f"{side} {level['price']}: {drawn}")
    if engine.instrument(1).phase != Phase.CONTINUOUS:
        lines.append(engine.instrument(1).phase.name.lower())
    return lines


def resting(engine: Engine):
    """Return the resting orders of every book, each queue from front to back, as a snapshot lists them."""
    return [engine.order(order_id) for order_id in resting_ids(engine.snapshot())]


def resting_ids(snapshot: bytes) -> list[int]:
    """Read the order ids out of a snapshot by its documented layout, independently of the engine's reader."""
    at, ids = 16, []
    for _ in range(int.from_bytes(snapshot[12:16], "little")):
        bids, asks = (
            int.from_bytes(snapshot[at + 56 + shift : at + 64 + shift], "little") for shift in (0, 8)
        )
        at += 72
        for _ in range(bids + asks):
            ids.append(int.from_bytes(snapshot[at : at + 8], "little"))
            at += 40
    assert at == len(snapshot) - 32
    return ids
