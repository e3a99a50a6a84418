"""Match orders by price-time priority: the naive twin, written to be read.

This is the rule book in plain Python. It is slow and obvious on purpose: the compiled core must
give the same events and the same state hash for every stream of commands, and where nothing is
compiled this is the engine in use.

A refused command changes nothing and answers one REJECTED event. A command that is carried out
answers what happened in the order in which it happened, beginning with its own acceptance.
"""

from collections.abc import Callable

from matching import checks
from matching.book import Book, Order
from matching.codes import EventKind, Op, OrderType, Phase, Reason, SelfTrade
from matching.records import Command, Event

KNOWN_OPS = frozenset(Op)


class Reference:
    """All books of one engine. Order ids rise over the whole engine, not per instrument."""

    def __init__(self) -> None:
        self.books: dict[int, Book] = {}
        self.orders: dict[int, Order] = {}  # every resting order of every book, by id
        self.last_order_id = 0
        self._happened: list[Event] = []
        self._acts: dict[int, Callable[[Command, Book], Reason]] = {
            Op.NEW: self._new,
            Op.CANCEL: self._cancel,
            Op.REDUCE: self._reduce,
            Op.REPLACE: self._replace,
            Op.EXPIRE: self._expire,
            Op.HALT: self._halt,
            Op.RESUME: self._resume,
            Op.SET_COLLAR: self._set_collar,
        }

    def load(self, books: list[Book]) -> None:
        """Replace everything by these books."""
        self.books = {book.instrument: book for book in books}
        self.orders = {
            order.order_id: order
            for book in books
            for side in (book.bids, book.asks)
            for order in side.orders()
        }
        self.last_order_id = max((book.last_order_id for book in books), default=0)

    def apply(self, command: Command) -> list[Event]:
        """Carry out one command and return what happened, in order."""
        self._happened = []
        reason = self._carry_out(command)
        if reason:
            return [_about_command(command, EventKind.REJECTED, reason)]
        return self._happened

    def _carry_out(self, command: Command) -> Reason:
        if command.op not in KNOWN_OPS:
            return Reason.UNKNOWN_OP
        act = self._acts.get(command.op)
        if act is None:
            return Reason.OP_NOT_SUPPORTED
        book = self.books.get(command.instrument)
        if book is None:
            return Reason.UNKNOWN_INSTRUMENT
        return act(command, book)

    # What can be asked for: check, then act.

    def _new(self, command: Command, book: Book) -> Reason:
        reason = checks.new_order(command, book, self.last_order_id)
        if reason:
            return reason
        self.last_order_id = book.last_order_id = command.order_id
        order = Order(
            order_id=command.order_id,
            instrument=command.instrument,
            account=command.account,
            owner=command.owner,
            side=command.side,
            order_type=command.order_type,
            time_in_force=command.time_in_force,
            self_trade=command.self_trade,
            flags=command.flags,
            price=command.price,
            quantity=command.quantity,
        )
        self._tell(command, EventKind.ACCEPTED, order, order.quantity)
        self._enter(command, book, order, budget=command.budget)
        return Reason.NONE

    def _cancel(self, command: Command, _: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.existing(command, order)
        if reason or order is None:
            return reason
        self._take_off(command, order, order.quantity)
        return Reason.NONE

    def _reduce(self, command: Command, book: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.reduction(command, book, order)
        if reason or order is None:
            return reason
        self._take_off(command, order, min(command.quantity, order.quantity))
        return Reason.NONE

    def _replace(self, command: Command, book: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.replacement(command, book, order)
        if reason or order is None:
            return reason
        book.own_side(order.side).remove(order)
        del self.orders[order.order_id]
        order.price, order.quantity = command.price, command.quantity
        self._tell(command, EventKind.REPLACED, order, order.quantity)
        self._enter(command, book, order, budget=0)
        return Reason.NONE

    def _expire(self, command: Command, _: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.expiry(command, order)
        if reason or order is None:
            return reason
        quantity = order.quantity
        self._shrink(order, quantity)
        self._tell(command, EventKind.EXPIRED, order, quantity)
        return Reason.NONE

    def _halt(self, command: Command, book: Book) -> Reason:
        if book.phase == Phase.HALTED:
            return Reason.ALREADY_HALTED
        book.phase = Phase.HALTED
        self._happened.append(_about_instrument(command, EventKind.HALTED))
        return Reason.NONE

    def _resume(self, command: Command, book: Book) -> Reason:
        if book.phase != Phase.HALTED:
            return Reason.NOT_HALTED
        book.phase = Phase.CONTINUOUS
        self._happened.append(_about_instrument(command, EventKind.RESUMED))
        return Reason.NONE

    def _set_collar(self, command: Command, book: Book) -> Reason:
        lowest, highest = command.price, command.stop_price
        reason = checks.collar(lowest, highest)
        if reason:
            return reason
        book.lowest, book.highest = lowest, highest
        event = _about_instrument(command, EventKind.COLLAR_SET)
        self._happened.append(event._replace(price=lowest, quantity=highest))
        return Reason.NONE

    # How an order trades.

    def _enter(self, command: Command, book: Book, order: Order, *, budget: int) -> None:
        """Trade an incoming order as far as it goes; then let the rest stand in the book, or cancel it."""
        why_it_stopped = self._match(command, book, order, budget)
        if order.quantity == 0:
            return
        rests = order.order_type == OrderType.LIMIT and order.time_in_force in checks.RESTING_TIMES
        if rests and why_it_stopped == Reason.NO_LIQUIDITY:
            book.own_side(order.side).add(order)
            self.orders[order.order_id] = order
            return
        if order.order_type == OrderType.LIMIT and why_it_stopped == Reason.NO_LIQUIDITY:
            why_it_stopped = Reason.IOC_REMAINDER
        self._drop_incoming(command, order, order.quantity, why_it_stopped)

    def _match(self, command: Command, book: Book, order: Order, budget: int) -> Reason:
        """Trade against the other side's first order again and again; return why it stopped.

        NONE means nothing is left open, NO_LIQUIDITY that no resting order is within the limit.
        """
        is_market = order.order_type == OrderType.MARKET
        limit = checks.market_limit(order.side, book) if is_market else order.price
        cash = budget
        while order.quantity > 0:
            maker = book.other_side(order.side).best()
            if maker is None:
                return Reason.NO_LIQUIDITY
            if not checks.reaches(order.side, limit, maker.price):
                return Reason.PRICE_OUTSIDE_COLLAR if is_market else Reason.NO_LIQUIDITY
            quantity = min(order.quantity, maker.quantity)
            if budget:
                affordable = cash // maker.price // book.lot * book.lot
                if affordable == 0:
                    return Reason.BUDGET_EXHAUSTED
                quantity = min(quantity, affordable)
            if order.self_trade != SelfTrade.ALLOW and maker.owner == order.owner:
                reason = self._prevent_self_trade(command, order, maker)
                if reason:
                    return reason
                continue
            self._trade(command, book, order, maker, quantity)
            cash -= quantity * maker.price
        return Reason.NONE

    def _trade(self, command: Command, book: Book, order: Order, maker: Order, quantity: int) -> None:
        """Exchange a quantity at the resting order's price."""
        order.quantity -= quantity
        self._shrink(maker, quantity)
        book.last_price = maker.price
        trade = _about_order(command, EventKind.TRADE, order, quantity)
        self._happened.append(
            trade._replace(maker_order_id=maker.order_id, maker_account=maker.account, price=maker.price)
        )

    def _prevent_self_trade(self, command: Command, order: Order, maker: Order) -> Reason:
        """Do what the incoming order's mode says; return a reason if the incoming order must go."""
        match order.self_trade:
            case SelfTrade.CANCEL_NEWEST:
                return Reason.SELF_TRADE_CANCEL_NEWEST
            case SelfTrade.CANCEL_OLDEST:
                self._take_off(command, maker, maker.quantity, Reason.SELF_TRADE_CANCEL_OLDEST)
                return Reason.NONE
            case SelfTrade.CANCEL_BOTH:
                self._take_off(command, maker, maker.quantity, Reason.SELF_TRADE_CANCEL_BOTH)
                return Reason.SELF_TRADE_CANCEL_BOTH
            case _:
                both = min(order.quantity, maker.quantity)
                self._take_off(command, maker, both, Reason.SELF_TRADE_DECREMENT)
                self._drop_incoming(command, order, both, Reason.SELF_TRADE_DECREMENT)
                return Reason.NONE

    # How open quantity goes away, and how it is told.

    def _take_off(self, command: Command, order: Order, quantity: int, reason: Reason = Reason.NONE) -> None:
        """Take open quantity off a resting order; with nothing left the order is cancelled."""
        self._shrink(order, quantity)
        self._tell_lowered(command, order, quantity, reason)

    def _drop_incoming(self, command: Command, order: Order, quantity: int, reason: Reason) -> None:
        """Take open quantity off an incoming order; with nothing left the order is cancelled."""
        order.quantity -= quantity
        self._tell_lowered(command, order, quantity, reason)

    def _shrink(self, order: Order, quantity: int) -> None:
        self.books[order.instrument].own_side(order.side).take(order, quantity)
        if order.quantity == 0:
            del self.orders[order.order_id]

    def _tell_lowered(self, command: Command, order: Order, quantity: int, reason: Reason) -> None:
        kind = EventKind.REDUCED if order.quantity else EventKind.CANCELLED
        self._tell(command, kind, order, quantity, reason)

    def _tell(
        self,
        command: Command,
        kind: EventKind,
        order: Order,
        quantity: int,
        reason: Reason = Reason.NONE,
    ) -> None:
        self._happened.append(_about_order(command, kind, order, quantity, reason))


def _about_order(
    command: Command, kind: EventKind, order: Order, quantity: int, reason: Reason = Reason.NONE
) -> Event:
    return Event(
        sequence=command.sequence,
        kind=kind,
        side=order.side,
        reason=reason,
        instrument=order.instrument,
        order_id=order.order_id,
        maker_order_id=0,
        account=order.account,
        maker_account=0,
        price=order.price,
        quantity=quantity,
        remaining=order.quantity,
    )


def _about_command(command: Command, kind: EventKind, reason: Reason) -> Event:
    return Event(
        sequence=command.sequence,
        kind=kind,
        side=command.side,
        reason=reason,
        instrument=command.instrument,
        order_id=command.order_id,
        maker_order_id=0,
        account=command.account,
        maker_account=0,
        price=command.price,
        quantity=command.quantity,
        remaining=0,
    )


def _about_instrument(command: Command, kind: EventKind) -> Event:
    return Event(
        command.sequence, kind, 0, Reason.NONE, command.instrument, 0, 0, command.account, 0, 0, 0, 0
    )
