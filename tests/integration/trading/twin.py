"""The slow twin of a market: plain lists and dictionaries, one command after the other."""

from dataclasses import dataclass, field
from fractions import Fraction

BUY, SELL = "buy", "sell"


@dataclass
class Resting:
    name: str
    who: int
    side: str
    price: int
    quantity: int
    open: int
    rates: tuple[int, int]
    post_only: bool = False
    self_trade: str = "cancel_newest"
    expires: int | None = None
    filled: int = 0
    status: str = "open"
    version: int = 1
    weighted: int = 0
    fee: int = 0
    held: int = 0


def half_even(weighted):
    return max(1, round(Fraction(weighted, 10_000))) if weighted else 0


@dataclass
class Twin:
    """Knows what everybody has. `book` is in the order of time; the best of it is looked for each time."""

    cash: dict[int, int]
    tokens: dict[int, int]
    orders: dict[str, Resting] = field(default_factory=dict)
    book: list[Resting] = field(default_factory=list)
    trades: list[tuple] = field(default_factory=list)
    fees: int = 0
    halted: bool = False
    highest: int = 0
    frozen: set[int] = field(default_factory=set)

    def purse(self, order):
        return self.cash if order.side == BUY else self.tokens

    def needs(self, order):
        if not order.open:
            return 0
        if order.side == SELL:
            return order.open
        cost = order.open * order.price
        return cost + half_even(order.weighted + cost * max(order.rates)) - order.fee

    def rehold(self, order):
        """Hold exactly what is needed; tell whether there is enough for it."""
        change = self.needs(order) - order.held
        if change > self.purse(order)[order.who]:
            return False
        self.purse(order)[order.who] -= change
        order.held += change
        return True

    def best(self, side, limit, skip=()):
        """Return the order of a side that trades next with somebody whose limit this is (None: any)."""
        found = [o for o in self.book if o.side == side and o not in skip]
        if limit is not None:
            found = [o for o in found if (o.price <= limit if side == SELL else o.price >= limit)]
        key = (lambda o: o.price) if side == SELL else (lambda o: -o.price)
        return min(found, key=key, default=None)

    def new(self, order, *, kind="limit", time="GTC"):
        """Carry out a new order; return what is answered: (code, status, filled, open)."""
        self.orders[order.name] = order
        if order.who in self.frozen:
            return self.reject(order, "account_frozen")
        market = kind == "market"
        budget = None
        if market and order.side == BUY:
            budget = self.budget(order)
            if budget == 0:
                return self.reject(order, "insufficient_funds")
        elif self.purse(order)[order.who] < self.needs(order):
            return self.reject(order, "insufficient_funds")
        if self.halted:
            return self.reject(order, "instrument_halted")
        if not market and self.highest and order.price > self.highest:
            return self.reject(order, "price_outside_collar")
        limit = order.price if not market else (self.highest or None) if order.side == BUY else None
        if time == "FOK" and not self.fillable(order, limit, budget):
            return self.reject(order, "fok_not_fillable")
        if order.post_only and self.best(SELL if order.side == BUY else BUY, limit):
            return self.reject(order, "post_only_would_trade")
        rests = not market and time in ("GTC", "GTD")
        self.enter(order, limit, budget, rests=rests)
        return "", order.status, order.filled, order.open

    def budget(self, order):
        most = order.open * self.highest or 2**62
        while most:
            if most + half_even(most * order.rates[1]) <= self.cash[order.who]:
                return most
            most = min(most - 1, self.cash[order.who])
        return 0

    def fillable(self, order, limit, budget):
        wanted, passed, cost = order.open, [], 0
        while wanted:
            maker = self.best(SELL if order.side == BUY else BUY, limit, passed)
            if maker is None or (maker.who == order.who and order.self_trade != "cancel_oldest"):
                return False
            passed.append(maker)
            if maker.who == order.who:
                continue
            taken = min(wanted, maker.open)
            cost += taken * maker.price
            if budget is not None and cost > budget:
                return False
            wanted -= taken
        return True

    def reject(self, order, why):
        order.status, order.open = "rejected", 0
        return why, "rejected", 0, 0

    def enter(self, order, limit, budget, *, rests):
        gone = False
        while order.open and not gone:
            maker = self.best(SELL if order.side == BUY else BUY, limit)
            if maker is None:
                break
            taken = min(order.open, maker.open)
            if budget is not None:
                taken = min(taken, budget // maker.price)
                if not taken:
                    break
            if maker.who == order.who:
                gone = self.prevent(order, maker)
                continue
            if budget is not None:
                budget -= taken * maker.price
            self.trade(order, maker, taken)
        if order.open and rests and not gone:
            order.status = "partially_filled" if order.filled else "open"
            self.book.append(order)
        elif order.open:
            order.open, order.status = 0, "cancelled"
        elif order.status not in ("cancelled",):
            order.status = "filled"
        assert self.rehold(order), "a rest is always paid for"

    def prevent(self, order, maker):
        """Do what the incoming order's mode says; tell whether the incoming order is gone."""
        match order.self_trade:
            case "cancel_newest":
                return True
            case "cancel_oldest":
                self.off(maker, maker.open, "cancelled")
                return False
            case "cancel_both":
                self.off(maker, maker.open, "cancelled")
                return True
        both = min(order.open, maker.open)
        self.off(maker, both, "cancelled")
        order.open -= both
        if order.open:
            order.quantity -= both
        else:
            order.status = "cancelled"
        return False

    def trade(self, taker, maker, quantity):
        cost = quantity * maker.price
        buyer, seller = (taker, maker) if taker.side == BUY else (maker, taker)
        paid = []
        for order, rate in ((buyer, buyer is taker), (seller, seller is taker)):
            order.weighted += cost * order.rates[rate]
            fee, order.fee = half_even(order.weighted) - order.fee, half_even(order.weighted)
            order.open -= quantity
            order.filled += quantity
            paid.append(fee)
        self.cash[seller.who] += cost - paid[1]
        self.tokens[buyer.who] += quantity
        self.fees += sum(paid)
        for order, price in ((buyer, cost + paid[0]), (seller, quantity)):
            order.held -= price  # below zero for an order that has just come: made up for below
            assert self.rehold(order) or order is taker
        maker.version += 1
        maker.status = "partially_filled" if maker.open else "filled"
        if not maker.open:
            self.book.remove(maker)
        self.trades.append((buyer.name, seller.name, maker.price, quantity, paid[0], paid[1]))

    def off(self, order, quantity, status):
        """Take open quantity off a resting order."""
        order.open -= quantity
        order.version += 1
        if order.open:
            order.quantity -= quantity
        else:
            order.status = status
            self.book.remove(order)
        self.rehold(order)

    def cancel(self, name, *, status="cancelled"):
        order = self.orders.get(name)
        if order not in self.book:
            return "order_not_open"
        self.off(order, order.open, status)
        return ""

    def amend(self, name, version, price, quantity):
        """Carry out an amendment by one who has read `version`; `quantity` is what is to be open."""
        order = self.orders.get(name)
        if order not in self.book:
            return "order_not_open"
        if order.version != version:
            return "stale_version"
        if price == order.price and quantity < order.open:
            self.off(order, order.open - quantity, "cancelled")
            return ""
        old = order.price, order.open
        order.price, order.open = price, quantity
        needed = self.needs(order)
        order.price, order.open = old
        if needed - order.held > self.purse(order)[order.who]:
            return "insufficient_funds"
        if self.halted:
            return "instrument_halted"
        if self.highest and price > self.highest:
            return "price_outside_collar"
        if order.post_only and self.best(SELL if order.side == BUY else BUY, price):
            return "post_only_would_trade"
        self.book.remove(order)
        order.price, order.open = price, quantity
        order.quantity = order.filled + quantity
        order.version += 1
        self.rehold(order)
        self.enter(order, price, None, rests=True)
        return ""
