"""Match orders by price-time priority: the naive twin, written to be read.

This is the rule book in plain Python. It is slow and obvious on purpose: the compiled core must
give the same events and the same state hash for every stream of commands, and where nothing is
compiled this is the engine in use.

A refused command changes nothing and answers one REJECTED event. A command that is carried out
answers what happened in the order in which it happened, beginning with its own acceptance.

Here stands what each command does. How an order trades is in `trading`, which stops a trade elects in
`stops`, and how an auction finds its price in `auction`.
"""

from collections.abc import Callable

from matching import auction, checks
from matching.book import Book
from matching.codes import EventKind, Op, OrderType, Phase, Reason
from matching.order import OCO, Order
from matching.records import Command, Event
from matching.step import Step, refusal
from matching.trading import enter, wait, work_off_elected


class Reference:
    """All books of one engine. Order ids rise over the whole engine, not per instrument."""

    def __init__(self) -> None:
        self.books: dict[int, Book] = {}
        self.orders: dict[int, Order] = {}  # every resting order and waiting stop of every book, by id
        self.last_order_id = 0
        self._acts: dict[int, Callable[[Step, Command, Book], Reason]] = {
            Op.NEW: self._new,
            Op.CANCEL: self._cancel,
            Op.REDUCE: self._reduce,
            Op.REPLACE: self._replace,
            Op.EXPIRE: self._expire,
            Op.CANCEL_ALL: self._cancel_all,
            Op.HALT: self._halt,
            Op.RESUME: self._resume,
            Op.OPEN_AUCTION: self._open_auction,
            Op.UNCROSS: self._uncross,
            Op.SET_COLLAR: self._set_collar,
        }

    def load(self, books: list[Book]) -> None:
        """Replace everything by these books."""
        self.books = {book.instrument: book for book in books}
        self.orders = {order.order_id: order for book in books for order in book.orders()}
        self.last_order_id = max((book.last_order_id for book in books), default=0)

    def apply(self, command: Command) -> list[Event]:
        """Carry out one command and return what happened, in order."""
        act = self._acts.get(command.op)
        if act is None:
            return [refusal(command, Reason.UNKNOWN_OP)]
        book = self.books.get(command.instrument)
        if book is None:
            return [refusal(command, Reason.UNKNOWN_INSTRUMENT)]
        step = Step(command, book, self.orders)
        reason = act(step, command, book)
        if reason:
            return [refusal(command, reason)]
        work_off_elected(step)
        return step.events

    # Orders: check, then act.

    def _new(self, step: Step, command: Command, book: Book) -> Reason:
        reason = checks.new_order(command, book, self.last_order_id, self.orders.get(command.order_id - 1))
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
            stop_price=command.stop_price,
            display_quantity=command.display_quantity,
            budget=command.budget,
        )
        if order.flags & OCO:
            self.orders[order.order_id - 1].flags |= OCO
        step.tell(EventKind.ACCEPTED, order, order.quantity)
        _come_in(step, order)
        return Reason.NONE

    def _cancel(self, step: Step, command: Command, _: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.existing(command, order)
        if reason or order is None:
            return reason
        step.take_off(order, order.quantity)
        return Reason.NONE

    def _reduce(self, step: Step, command: Command, book: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.reduction(command, book, order)
        if reason or order is None:
            return reason
        step.take_off(order, min(command.quantity, order.quantity))
        return Reason.NONE

    def _replace(self, step: Step, command: Command, book: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.replacement(command, book, order)
        if reason or order is None:
            return reason
        del self.orders[order.order_id]
        if order.is_stop():
            book.stops.remove(order)
            order.stop_price = command.stop_price
        else:
            book.own_side(order.side).remove(order)
        order.price, order.quantity = command.price, command.quantity
        step.tell(EventKind.REPLACED, order, order.quantity)
        _come_in(step, order)
        return Reason.NONE

    def _expire(self, step: Step, command: Command, _: Book) -> Reason:
        order = self.orders.get(command.order_id)
        reason = checks.expiry(command, order)
        if reason or order is None:
            return reason
        step.expire(order)
        return Reason.NONE

    def _cancel_all(self, step: Step, command: Command, book: Book) -> Reason:
        going = [order for order in book.orders() if command.account in (0, order.account)]
        step.tell_instrument(EventKind.ALL_CANCELLED, quantity=len(going))
        for order in going:
            if order.quantity:  # else it went as the other leg of one before it
                step.take_off(order, order.quantity)
        return Reason.NONE

    # Instruments.

    def _halt(self, step: Step, _: Command, book: Book) -> Reason:
        if book.phase in checks.HALTED_PHASES:
            return Reason.ALREADY_HALTED
        book.phase = Phase.AUCTION_HALTED if book.phase == Phase.AUCTION else Phase.HALTED
        step.tell_instrument(EventKind.HALTED)
        return Reason.NONE

    def _resume(self, step: Step, _: Command, book: Book) -> Reason:
        if book.phase not in checks.HALTED_PHASES:
            return Reason.NOT_HALTED
        book.phase = Phase.AUCTION if book.phase == Phase.AUCTION_HALTED else Phase.CONTINUOUS
        step.tell_instrument(EventKind.RESUMED)
        return Reason.NONE

    def _open_auction(self, step: Step, _: Command, book: Book) -> Reason:
        if book.phase == Phase.AUCTION:
            return Reason.ALREADY_IN_AUCTION
        book.phase = Phase.AUCTION
        step.tell_instrument(EventKind.AUCTION_OPENED)
        return Reason.NONE

    def _uncross(self, step: Step, command: Command, book: Book) -> Reason:
        reason = checks.uncrossing(command, book)
        if reason:
            return reason
        auction.uncross(step, command.price or book.last_price)
        return Reason.NONE

    def _set_collar(self, step: Step, command: Command, book: Book) -> Reason:
        lowest, highest = command.price, command.stop_price
        reason = checks.collar(lowest, highest)
        if reason:
            return reason
        book.lowest, book.highest = lowest, highest
        step.tell_instrument(EventKind.COLLAR_SET, price=lowest, quantity=highest)
        return Reason.NONE


def _come_in(step: Step, order: Order) -> None:
    """Let an accepted order trade, or wait if it is a stop."""
    if order.is_stop():
        if order.order_type == OrderType.TRAILING_STOP:
            order.extreme = step.book.last_price
        wait(step, order)
    else:
        enter(step, order)
