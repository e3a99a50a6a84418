"""One command being carried out: what it works on, and what it has told so far.

Whatever lowers the open quantity of an order in the book goes through here, so that the two legs of an
OCO pair never live side by side with different quantities.
"""

from matching.book import Book
from matching.codes import EventKind, Reason
from matching.order import OCO, Order
from matching.records import Command, Event


class Step:
    """A command, the book it is about, every live order of the engine, and the events told."""

    __slots__ = ("book", "command", "events", "orders")

    def __init__(self, command: Command, book: Book, orders: dict[int, Order]) -> None:
        self.command = command
        self.book = book
        self.orders = orders
        self.events: list[Event] = []

    # How open quantity goes away.

    def take_off(self, order: Order, quantity: int, reason: Reason = Reason.NONE) -> None:
        """Take open quantity off an order of the book; with nothing left the order is cancelled."""
        self.lower(order, quantity)
        self._tell_lowered(order, quantity, reason)
        self.cancel_other_leg(order)

    def expire(self, order: Order) -> None:
        """End an order of the book because its time is over."""
        quantity = order.quantity
        self.lower(order, quantity)
        self.tell(EventKind.EXPIRED, order, quantity)
        self.cancel_other_leg(order)

    def drop(self, order: Order, quantity: int, reason: Reason) -> None:
        """Take open quantity off an incoming order; with nothing left the order is cancelled."""
        order.quantity -= quantity
        self._tell_lowered(order, quantity, reason)

    def lower(self, order: Order, quantity: int) -> None:
        """Lower an order of the book, resting or waiting, and tell nobody."""
        if order.is_stop():
            order.quantity -= quantity
            if order.quantity == 0 and order.order_id in self.book.stops.waiting:  # else it is elected
                self.book.stops.remove(order)
        else:
            self.book.own_side(order.side).take(order, quantity)
        if order.quantity == 0:
            del self.orders[order.order_id]

    def cancel_other_leg(self, order: Order) -> None:
        """Cancel the other leg if this order is one of a pair; from then on neither is."""
        if not order.flags & OCO:
            return
        other = self.orders[order.order_id - 1 if order.is_stop() else order.order_id + 1]
        order.flags &= ~OCO
        other.flags &= ~OCO
        self.take_off(other, other.quantity, Reason.OCO_OTHER_LEG)

    # How it is told.

    def tell(self, kind: EventKind, order: Order, quantity: int, reason: Reason = Reason.NONE) -> None:
        """Tell what happened to an order."""
        self.events.append(
            Event(
                sequence=self.command.sequence,
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
        )

    def tell_trade(self, order: Order, maker: Order, price: int, quantity: int) -> None:
        """Tell of a trade between two orders whose open quantities are lowered already."""
        self.events.append(
            Event(
                sequence=self.command.sequence,
                kind=EventKind.TRADE,
                side=order.side,
                reason=Reason.NONE,
                instrument=order.instrument,
                order_id=order.order_id,
                maker_order_id=maker.order_id,
                account=order.account,
                maker_account=maker.account,
                price=price,
                quantity=quantity,
                remaining=order.quantity,
            )
        )

    def tell_instrument(
        self, kind: EventKind, *, side: int = 0, price: int = 0, quantity: int = 0, remaining: int = 0
    ) -> None:
        """Tell what happened to the instrument; `account` is who asked for it."""
        self.events.append(
            Event(
                sequence=self.command.sequence,
                kind=kind,
                side=side,
                reason=Reason.NONE,
                instrument=self.command.instrument,
                order_id=0,
                maker_order_id=0,
                account=self.command.account,
                maker_account=0,
                price=price,
                quantity=quantity,
                remaining=remaining,
            )
        )

    def _tell_lowered(self, order: Order, quantity: int, reason: Reason) -> None:
        self.tell(EventKind.REDUCED if order.quantity else EventKind.CANCELLED, order, quantity, reason)


def refusal(command: Command, reason: Reason) -> Event:
    """Return the only event of a refused command: its own fields, and why."""
    return Event(
        sequence=command.sequence,
        kind=EventKind.REJECTED,
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
