"""Draw streams of commands that follow what an engine answers: the same seed gives the same bytes.

A `Flow` draws a few hundred commands at a time with numpy, is told what they answered, and so knows
which orders are alive and where the market trades. Cancels hit, stops lie close to the last price,
pairs find their partner; and a part of everything is wrong on purpose.
"""

from collections import Counter, deque

import numpy as np

from matching import COMMAND, Engine, EventKind, Flag, Op, OrderType, Side
from matching.records import Command
from tests.matching.coverage_table import Facts
from tests.matching.profiles import HIGHEST, PROFILES

CHUNK = 250
POST_ONLY, OCO, PERCENT = int(Flag.POST_ONLY), int(Flag.OCO), int(Flag.TRAIL_PERCENT)
STOPS = (OrderType.STOP_LOSS, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)
MAKERS = (OrderType.LIMIT, OrderType.ICEBERG)
AT_MARKET = (OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TRAILING_STOP)
PARTS = np.array([1, 1, 2, 3, 10, 50, 100, 200, 500, 2500, 5000, 9999], np.int64)
ODD = [0, 1, 2, 5, 99, 100, 101, 2**31, 2**32, 2**62, 2**63 - 1, -1, -(2**63)]
WRONG_IDS = (0, 2**63, 2**64 - 1)
TARGETED = (Op.CANCEL, Op.REDUCE, Op.REPLACE, Op.EXPIRE)


class Flow:
    """A market that never ends. Give its commands to an engine, and tell it the events."""

    def __init__(self, profile, seed):
        self.profile = PROFILES[profile] if isinstance(profile, str) else profile
        self.rng = np.random.default_rng(seed)
        self.sequence = self.profile.first_sequence
        self.next_id = self.profile.first_id
        self.live: dict[int, list[int]] = {}  # order id -> instrument, account, open quantity, type
        self.dead: deque[int] = deque([1], maxlen=200)
        self.facts = Facts()
        settings = self.profile.settings
        self.last = {setting.id: setting.centre * setting.tick for setting in settings}
        self.ids = np.array([setting.id for setting in settings], np.uint32)
        self.ticks = np.array([setting.tick for setting in settings], np.int64)
        self.lots = np.array([setting.lot for setting in settings], np.int64)
        self.centres = np.array([setting.centre for setting in settings], np.int64)

    def open(self, engine):
        """Open this market's instruments."""
        for setting in self.profile.settings:
            engine.open_instrument(setting.id, tick=setting.tick, lot=setting.lot, collar=setting.collar)
        return engine

    def draw(self, count=CHUNK):
        """Return the next commands."""
        rng, profile = self.rng, self.profile
        if profile.drift:
            self._drift()
        c = np.zeros(count, COMMAND)
        c["sequence"] = np.arange(self.sequence + 1, self.sequence + count + 1, dtype=np.uint64)
        self.sequence += count
        which = rng.integers(0, len(self.ids), count)
        c["instrument"] = self.ids[which]
        c["op"] = self._some(self._ops(), count)
        c["owner"] = rng.integers(1, profile.owners + 1, count)
        c["account"] = c["owner"] * 10 + rng.integers(1, 3, count)
        c["side"] = rng.integers(1, 3, count)
        c["self_trade"] = rng.integers(0, 5, count)
        c["order_type"] = self._some(profile.types, count)
        c["time_in_force"] = self._some(profile.times, count)
        self._amounts(c, which)
        self._special(c, which)
        self._number(c)
        self._pair(c)
        self._aim(c, which)
        self._venue(c, which)
        self._spoil(c)
        return c

    def _centre(self, setting):
        return int(self.centres[self.ids == setting.id][0])

    def _drift(self):
        """Move the markets upwards; what rests is left behind, far away."""
        moved = np.rint(np.abs(self.rng.normal(0, self.profile.drift, len(self.ids)))).astype(np.int64)
        self.centres = np.clip(self.centres + moved, 1, HIGHEST // self.ticks)

    def learn(self, commands, events):
        """Take in what the last commands answered."""
        rows = events.tolist()
        types = dict(zip(commands["sequence"].tolist(), commands["order_type"].tolist(), strict=True))
        live, last = self.live, self.last
        for sequence, kind, _, _, instrument, order_id, maker_id, account, _, price, quantity, left in rows:
            if kind == EventKind.TRADE:
                last[instrument] = price
                maker = live[maker_id]
                maker[2] -= quantity
                if not maker[2]:
                    self._gone(maker_id)
                live[order_id][2] = left
                if not left:
                    self._gone(order_id)
            elif kind == EventKind.ACCEPTED:
                live[order_id] = [instrument, account, quantity, types[sequence]]
            elif kind in (EventKind.CANCELLED, EventKind.EXPIRED):
                self._gone(order_id)
            elif kind in (EventKind.REDUCED, EventKind.REPLACED):
                live[order_id][2] = left
        self.facts.see(commands, rows)

    def _gone(self, order_id):
        del self.live[order_id]
        self.dead.append(order_id)

    def _ops(self):
        if len(self.live) <= self.profile.most:
            return self.profile.ops
        return {**self.profile.ops, Op.NEW: 250.0, Op.CANCEL: 400.0}

    def _some(self, weights, count):
        edges = np.cumsum(list(weights.values()))
        values = np.array([int(key) for key in weights])
        return values[np.searchsorted(edges, self.rng.random(count) * edges[-1], side="right")]

    def _chance(self, chance, count):
        return self.rng.random(count) < chance

    def _amounts(self, c, which):
        """Draw quantities and limits, usual ones and those at the ends of the number line."""
        rng, profile, count = self.rng, self.profile, len(c)
        most = HIGHEST // self.lots[which]
        lots = rng.integers(1, profile.lots + 1, count)
        sweep = self._chance(profile.sweep, count)
        lots[sweep] = rng.integers(100, 1200, count)[sweep]
        lots = np.minimum(lots, most)
        odd = self._chance(profile.odd, count)
        end = np.maximum(most // rng.choice([1, 1, 2, 3, 10], count) - rng.integers(0, 4, count), 1)
        lots[odd] = end[odd]
        c["quantity"] = lots * self.lots[which]
        away = np.rint(rng.normal(profile.away, profile.width, count)).astype(np.int64)
        ticks = self._ticks(which, np.where(c["side"] == Side.BUY, -away, away))
        odd = self._chance(profile.odd, count)
        top = HIGHEST // self.ticks[which]
        near = rng.integers(0, 3, count)
        end = np.where(self._chance(0.5, count), 1 + near, top - near)
        ticks[odd] = np.clip(end, 1, top)[odd]
        c["price"] = ticks * self.ticks[which]

    def _ticks(self, which, away):
        """Return prices so far from the centre, in ticks, moved back inside the number line."""
        centre, top = self.centres[which], HIGHEST // self.ticks[which]
        up = np.minimum(np.maximum(away, 0), top - centre)
        down = np.minimum(np.maximum(-away, 0), centre - 1)
        return centre + up - down

    def _special(self, c, which):
        """Give each type of order the fields that it needs, and a few of them fields that they do not."""
        rng, count, kind = self.rng, len(c), c["order_type"]
        waits, iceberg = np.isin(kind, STOPS), kind == OrderType.ICEBERG
        passing = (c["time_in_force"] > 2) & (waits | iceberg) & self._chance(0.95, count)
        c["time_in_force"][passing] = rng.integers(0, 3, count)[passing]
        maker = np.isin(kind, MAKERS) & (c["time_in_force"] < 3) & self._chance(0.12, count)
        c["flags"][maker | self._chance(0.003, count)] = POST_ONLY
        self._budget(c, which)
        c["price"][np.isin(kind, AT_MARKET)] = 0
        self._slices(c, iceberg, self.lots[which])
        self._triggers(c, waits, self.ticks[which])
        for name, scale in (
            ("stop_price", self.ticks),
            ("display_quantity", self.lots),
            ("budget", self.lots),
        ):
            wrong = self._chance(0.002, count)
            c[name][wrong] = np.where(c[name] == 0, scale[which], 0)[wrong]
        c["flags"][self._chance(0.002, count)] |= np.uint32(rng.choice([OCO, PERCENT, 8, 2**31]))

    def _slices(self, c, iceberg, lot):
        """Show a few lots of an iceberg, or as little as it may, or a lot less than that."""
        thousandth = c["quantity"] // 1000 // lot * lot + lot
        few = np.minimum(self.rng.integers(1, 7, len(c)), HIGHEST // lot) * lot
        least = self._chance(0.1, len(c)) | (few < thousandth)
        too_little = self._chance(0.1, len(c))
        c["display_quantity"][iceberg] = np.where(least, thousandth - too_little * lot, few)[iceberg]

    def _triggers(self, c, waits, tick):
        """Put stops close to the last price, most of them not through it yet."""
        rng, count, top = self.rng, len(c), HIGHEST // tick
        last = np.array([self.last[number] for number in c["instrument"].tolist()]) // tick
        beyond = np.rint(rng.normal(self.profile.near, self.profile.near, count)).astype(np.int64)
        away = np.where(c["side"] == Side.BUY, beyond, -beyond)
        stops = (last + np.clip(away, 1 - last, top - last)) * tick
        c["stop_price"][waits] = stops[waits]
        trailing = c["order_type"] == OrderType.TRAILING_STOP
        percent = self._chance(0.5, count)
        distances = np.minimum(np.abs(beyond) + 1, top) * tick
        c["stop_price"][trailing] = np.where(percent, rng.choice(PARTS, count), distances)[trailing]
        c["flags"][trailing & percent] |= PERCENT

    def _budget(self, c, which):
        buys = np.isin(c["order_type"], AT_MARKET) & (c["side"] == Side.BUY) & self._chance(0.5, len(c))
        lots = np.minimum(self.rng.integers(1, 2 * self.profile.lots, len(c)), HIGHEST // self.lots[which])
        worth = lots * self.lots[which]
        price = np.maximum(c["price"], 1)
        fits = price <= HIGHEST // worth
        budget = np.where(fits, price * np.where(fits, worth, 0), HIGHEST)
        c["budget"][buys] = (budget - np.where(self._chance(0.5, len(c)), 1, 0))[buys]

    def _number(self, c):
        """Give every NEW a rising id; a few do not rise, some jump."""
        rng, new = self.rng, c["op"] == Op.NEW
        count = int(new.sum())
        steps = [1] * count
        for at in np.flatnonzero(self._chance(self.profile.gap, count)).tolist():
            steps[at] = 1 << int(rng.integers(1, 12 if rng.random() < 0.9 else 50))
        ids = []
        for step in steps:
            ids.append(self.next_id)
            self.next_id += step
        late = self._chance(0.004, count)
        for at in np.flatnonzero(late).tolist():
            ids[at] = max(1, ids[at] - 1 - at)
        c["order_id"][new] = [order_id if order_id < 2**64 else 2**64 - 1 for order_id in ids]

    def _pair(self, c):
        """Turn some neighbours into a limit and the stop that is its partner, most of them rightly."""
        rng = self.rng
        chosen = np.flatnonzero(self._chance(self.profile.oco, len(c) - 1))
        for at in chosen.tolist():
            limit, stop = c[at], c[at + 1]
            if limit["op"] != Op.NEW or stop["op"] != Op.NEW or stop["order_type"] not in STOPS:
                continue
            if limit["flags"] & OCO or int(stop["order_id"]) - int(limit["order_id"]) != 1:
                continue
            limit["order_type"], limit["time_in_force"] = OrderType.LIMIT, rng.integers(0, 3)
            limit["flags"] = 0
            limit["display_quantity"] = limit["stop_price"] = limit["budget"] = 0
            setting = next(one for one in self.profile.settings if one.id == stop["instrument"])
            away = int(abs(rng.normal(0, self.profile.width)))
            away = -away if stop["side"] == Side.BUY else away
            limit["price"] = min(max(self._centre(setting) + away, 1), setting.top) * setting.tick
            for name in ("instrument", "account", "owner", "side", "quantity"):
                limit[name] = stop[name]
            stop["flags"] |= OCO
            if rng.random() < 0.1:
                wrong = rng.choice(["account", "owner", "side", "quantity", "instrument", "order_type"])
                changed = {"side": 3 - int(limit["side"]), "order_type": int(OrderType.ICEBERG)}
                limit[wrong] = changed.get(wrong, int(limit[wrong]) ^ 1)

    def _aim(self, c, which):
        """Point cancels and amendments at live orders, at those just placed, at dead and at foreign ones."""
        rng = self.rng
        rows = np.flatnonzero(np.isin(c["op"], TARGETED))
        live = list(self.live)
        news = np.flatnonzero(c["op"] == Op.NEW).tolist()
        dice, places = rng.random((len(rows), 4)), rng.random(len(rows))
        settings = {setting.id: setting for setting in self.profile.settings}
        for at, place, (which_one, whose, how, where) in zip(
            rows.tolist(), places.tolist(), dice.tolist(), strict=True
        ):
            row = c[at]
            if live and which_one < 0.75:
                back = place * place if how < 0.5 else place  # half of them among the newest
                order_id = live[-1 - int(back * len(live))]
                instrument, account, open_, kind = self.live[order_id]
            elif news and which_one < 0.9:
                other = c[news[int(place * len(news))]]
                order_id, instrument, account = other["order_id"], other["instrument"], other["account"]
                open_, kind = int(other["quantity"]), int(other["order_type"])
            else:
                order_id = self.dead[int(place * len(self.dead))]
                instrument, account, open_, kind = int(row["instrument"]), 0, 1, 0
            row["order_id"] = order_id
            row["account"] = account if whose < 0.7 else 0 if whose < 0.95 else row["account"]
            if where < 0.98:
                row["instrument"] = instrument
            setting = settings.get(int(row["instrument"]))
            if setting and row["op"] in (Op.REDUCE, Op.REPLACE):
                self._amend(row, setting, open_, kind, how)

    def _amend(self, row, setting, open_, kind, how):
        lot = setting.lot
        if row["op"] == Op.REDUCE or how < 0.5:
            row["quantity"] = max(open_ // lot // (1 if how > 0.9 else 2), 1) * lot
        elif row["quantity"] % lot:
            row["quantity"] = lot
        if row["op"] == Op.REPLACE:
            market = kind in (OrderType.STOP_LOSS, OrderType.TRAILING_STOP)
            row["stop_price"] = 0
            if kind in STOPS:
                row["stop_price"] = self._stop_of(row, setting, kind, how)
            if market != (how > 0.97):
                row["price"] = 0
            elif row["price"] == 0 or row["price"] % setting.tick:
                row["price"] = self._centre(setting) * setting.tick

    def _stop_of(self, row, setting, kind, how):
        near = int(abs(self.rng.normal(0, self.profile.near))) + 1
        if kind == OrderType.TRAILING_STOP:
            return min(near, setting.top) * setting.tick if how < 0.6 else int(self.rng.choice(PARTS))
        last = self.last[setting.id] // setting.tick
        ticks = last + near if row["side"] == Side.BUY else last - near
        return min(max(ticks, 1), setting.top) * setting.tick

    def _venue(self, c, which):
        """Fill in what the venue asks for: phases, collars, auctions and cancels of all orders."""
        rng = self.rng
        for at in np.flatnonzero(~np.isin(c["op"], [*TARGETED, Op.NEW])).tolist():
            row, setting = c[at], self.profile.settings[which[at]]
            dice = rng.random()
            kept = {name: row[name].item() for name in ("sequence", "op", "instrument", "account")}
            c[at] = np.zeros((), COMMAND)
            for name, value in kept.items():
                row[name] = value
            if row["op"] == Op.CANCEL_ALL and dice < 0.3:
                row["account"] = 0
            elif row["op"] == Op.SET_COLLAR:
                low, high = sorted(rng.integers(0, int(self.profile.width) + 3, 2).tolist())
                lowest = max(self._centre(setting) - high, 1) * setting.tick
                highest = min(self._centre(setting) + low, setting.top) * setting.tick
                bounds = setting.collar or (0, 0)
                if dice < 0.25:
                    bounds = (lowest, highest) if dice < 0.2 else (highest, 1)
                row["price"], row["stop_price"] = bounds
            elif row["op"] == Op.UNCROSS and dice < 0.5:
                away = int(rng.normal(0, self.profile.width))
                ticks = min(max(self._centre(setting) + away, 1), setting.top)
                row["price"] = ticks * setting.tick - (1 if dice < 0.03 else 0)
                if dice > 0.48:
                    row["price"] = -1

    def _spoil(self, c):
        """Overwrite some fields with nonsense, and some whole records."""
        rng, count = self.rng, len(c)
        for at in np.flatnonzero(self._chance(self.profile.damage, count)).tolist():
            row = c[at]
            for name in rng.choice(Command._fields[1:], int(rng.integers(1, 4))):
                limits = np.iinfo(COMMAND[name])
                if name == "order_id":  # a wild id that is accepted would refuse every later order
                    row[name] = (*WRONG_IDS, self.next_id // 2)[int(rng.integers(0, 4))]
                elif name == "op":
                    row[name] = int(rng.choice([*range(14), 2**32 - 1]))
                elif rng.random() < 0.4:
                    row[name] = np.frombuffer(rng.bytes(COMMAND[name].itemsize), COMMAND[name])[0]
                else:
                    fitting = [number for number in ODD if limits.min <= number <= limits.max]
                    row[name] = int((*fitting, int(limits.max))[int(rng.integers(0, len(fitting) + 1))])
        for at in np.flatnonzero(self._chance(self.profile.noise, count)).tolist():
            noise = np.frombuffer(rng.bytes(COMMAND.itemsize), COMMAND)[0].copy()
            noise["sequence"] = c[at]["sequence"]
            if rng.random() < 0.7:
                noise["instrument"], noise["op"] = c[at]["instrument"], rng.integers(2, 6)
            c[at] = noise


def record(profile, seed, count, engine="reference"):
    """Run a flow on a new engine; return all its commands, all their events, and the flow."""
    flow = Flow(profile, seed)
    running = flow.open(Engine(engine))
    commands, events = [], []
    for chunk in chunks(flow, count):
        answered = running.submit_batch(chunk).copy()
        flow.learn(chunk, answered)
        commands.append(chunk)
        events.append(answered)
    return np.concatenate(commands), np.concatenate(events), flow


def chunks(flow, count):
    """Draw so many commands, a chunk at a time; `flow.learn` is to be called in between."""
    for at in range(0, count, CHUNK):
        yield flow.draw(min(CHUNK, count - at))


def total(flows):
    """Add up what several flows have reached."""
    return sum((flow.facts.seen for flow in flows), Counter())
