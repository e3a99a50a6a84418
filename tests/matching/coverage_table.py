"""Count which rules a stream has really reached, from its commands and their events alone."""

from collections import Counter

from matching import EventKind, Flag, Op, OrderType, Reason, Side

UNGIVEN = {  # numbers kept for journals, or known only to an engine whose memory is bounded
    Reason.NONE,
    Reason.OP_NOT_SUPPORTED,
    Reason.ORDER_TYPE_NOT_SUPPORTED,
    Reason.FLAG_NOT_SUPPORTED,
    *(reason for reason in Reason if reason.name == "BOOK_FULL"),
}
KINDS = {int(kind): f"kind {kind.name}" for kind in EventKind}
REASONS = {int(reason): f"reason {reason.name}" for reason in Reason}
OPS = {int(op): op.name for op in Op}
ENDINGS = {EventKind.CANCELLED, EventKind.REDUCED, EventKind.REPLACED, EventKind.EXPIRED}
SURPLUS = ("of all", "with bids left", "with asks left")


class Facts:
    """What has been reached so far: the name of a rule -> how often."""

    def __init__(self):
        self.seen: Counter[str] = Counter()
        self._terms: dict[int, tuple[int, int, int]] = {}  # order id -> type, side, flags

    def see(self, commands, rows):
        """Take in commands and the events (as tuples) that they answered."""
        fields = [commands[name].tolist() for name in ("sequence", "op", "order_type", "side", "flags")]
        asked = {row[0]: row[1:] for row in zip(*fields, strict=True)}
        sequence, triggered, before = -1, 0, 0
        for row in rows:
            if row[0] != sequence:
                sequence, triggered, before = row[0], 0, 0
            op, *terms = asked[sequence]
            kind, order_id = row[1], row[5]
            if kind == EventKind.ACCEPTED:
                self._terms[order_id] = tuple(terms)
                self.seen[f"accepted {_type(terms)}"] += 1
            elif kind == EventKind.TRIGGERED:
                triggered += 1
                self.seen[f"cascade of {triggered}"] += 1
                self._triggered(row, op)
            self._happened(row, op, before)
            before = kind

    def _triggered(self, row, op):
        order_id, terms = row[5], self._terms[row[5]]
        self.seen[f"triggered {_type(terms)} {Side(row[2]).name}"] += 1
        self.seen[f"triggered by {OPS[op]}"] += 1
        if terms[0] == OrderType.STOP_LIMIT:  # a plain limit from here on
            self._terms[order_id] = (OrderType.LIMIT, terms[1], 0)

    def _happened(self, row, op, before):
        seen, kind, side, reason, order_id, maker_id = self.seen, row[1], row[2], row[3], row[5], row[6]
        seen[KINDS[kind]] += 1
        if reason:
            seen[REASONS[reason]] += 1
        if reason == Reason.OCO_OTHER_LEG:
            seen[f"other leg after {EventKind(before).name}"] += 1
        elif reason and before == EventKind.TRIGGERED:
            seen[f"ended when triggered: {Reason(reason).name}"] += 1
        if kind in ENDINGS:
            seen[f"{EventKind(kind).name} {_type(self._terms[order_id])} by {OPS[op]}"] += 1
            if op == Op.UNCROSS:
                seen[f"auction {Reason(reason).name}"] += 1
        elif kind == EventKind.AUCTION:
            seen[f"auction {SURPLUS[side]}" if row[10] else "auction of nothing"] += 1
        elif kind == EventKind.TRADE and order_id < maker_id:
            seen["taker older than maker"] += 1


def _type(terms):
    kind, _, flags = terms
    return OrderType(kind).name + (" PERCENT" if flags & Flag.TRAIL_PERCENT else "")


def wanted():
    """Name everything that streams over all profiles must have reached."""
    stops = ["STOP_LOSS", "STOP_LIMIT", "TRAILING_STOP", "TRAILING_STOP PERCENT"]
    types = ["LIMIT", "ICEBERG", *stops]
    asked = [("CANCELLED", "CANCEL"), ("CANCELLED", "CANCEL_ALL"), ("REDUCED", "REDUCE")]
    asked += [("REPLACED", "REPLACE"), ("EXPIRED", "EXPIRE")]
    ends = ["PRICE_OUTSIDE_COLLAR", "OPEN_QUANTITY_LIMIT", "NO_LIQUIDITY", "BUDGET_EXHAUSTED"]
    legs = ["TRADE", "CANCELLED", "EXPIRED", "TRIGGERED", "REDUCED"]
    return {
        *KINDS.values(),
        *(name for number, name in REASONS.items() if number not in UNGIVEN),
        *(f"accepted {kind}" for kind in [*types, "MARKET"]),
        *(f"triggered {kind} {side.name}" for kind in stops for side in Side),
        *(f"triggered by {op}" for op in ("NEW", "REPLACE", "UNCROSS")),
        *(f"{event} {kind} by {op}" for event, op in asked for kind in types),
        *(f"auction {reason.name}" for reason in Reason if 500 <= reason < 600),
        *(f"auction {rest}" for rest in ("of nothing", *SURPLUS)),
        *(f"other leg after {kind}" for kind in legs),
        *(f"ended when triggered: {why}" for why in ends),
        "cascade of 10",
        "taker older than maker",
    }
