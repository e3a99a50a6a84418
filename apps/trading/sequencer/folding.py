"""What the engine says happened, taken in: orders, trades, steps, what everybody has left, and answers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from apps.common.ids import new_id
from apps.common.transitions import advance
from apps.trading import rules, states
from apps.trading.client import Envelope
from apps.trading.engine import Event, EventKind, reason
from apps.trading.postings import account_of
from apps.trading.sequencer.orders import OpenOrders
from apps.trading.types import (
    Answer,
    Batch,
    Execution,
    Fill,
    Happened,
    Instrument,
    OrderStatus,
    Reason,
    Side,
    TradingState,
    Working,
)

_SEQUENCE = attrgetter("sequence")


@dataclass(slots=True, eq=False)
class Asking:
    """A command that was put to the engine: who waits, why an order ends by it, the order that it brings.

    `extra` is what was kept back besides for an amendment.
    """

    envelope: Envelope
    why: Reason
    order: Working | None = None
    extra: int = 0
    about: Working | None = None
    fills: list[Fill] = field(default_factory=list)


class Fold:
    """Takes in events, command by command."""

    def __init__(
        self, *, batch: Batch, orders: OpenOrders, instrument: Instrument, available: dict[str, int]
    ) -> None:
        self.answers: list[tuple[Envelope, Answer]] = []
        self._batch, self._orders, self._instrument = batch, orders, instrument
        self._available = available
        self._asked: dict[int, Asking] = {}

    def expect(self, sequence: int, asking: Asking) -> None:
        """Note what a sequence number was given to."""
        self._asked[sequence] = asking

    def take_in(self, events: Iterable[Event]) -> None:
        """Take in the events of whole commands, in their order."""
        for sequence, happened in groupby(events, key=_SEQUENCE):
            asking = self._asked.pop(sequence)
            for event in happened:
                self._take(event, asking)
            self._finish(asking, sequence)

    def _take(self, event: Event, asking: Asking) -> None:
        match event.kind:
            case EventKind.TRADE:
                self._trade(event, asking)
            case EventKind.ACCEPTED:
                self._accept(event, asking)
            case EventKind.CANCELLED | EventKind.REDUCED | EventKind.EXPIRED:
                self._lower(event, asking)
            case EventKind.REPLACED:
                self._replace(event, asking)
            case EventKind.REJECTED:
                self._reject(event, asking)
            case EventKind.HALTED:
                self._batch.state = TradingState.HALTED
            case EventKind.RESUMED:
                self._batch.state = TradingState.CONTINUOUS
            case EventKind.COLLAR_SET:
                tick = self._instrument.tick
                self._batch.collar = (event.price * tick, event.quantity * tick)

    def _accept(self, event: Event, asking: Asking) -> None:
        order = _known(asking.order)
        order.number = order.priority = event.order_id
        self._batch.touched[order.number] = order
        asking.about = order

    def _trade(self, event: Event, asking: Asking) -> None:
        taker, maker = _known(asking.about), self._orders[event.maker_order_id]
        notional = event.price * event.quantity * self._instrument.unit
        taker.remaining -= event.quantity
        taker.filled += event.quantity
        self._orders.take(maker, event.quantity)
        maker.filled += event.quantity
        maker.version += 1
        self._step(maker, rules.status_after_fill(maker.remaining), event.sequence)
        self._batch.touched[maker.number] = maker
        taker_fee = rules.charge(taker, notional, is_taker=True)
        maker_fee = rules.charge(maker, notional, is_taker=False)
        buying = taker.side is Side.BUY
        made = Execution(
            id=new_id(),
            sequence=event.sequence,
            fill=len(asking.fills),
            buyer=taker if buying else maker,
            seller=maker if buying else taker,
            taker_side=taker.side,
            price=event.price,
            quantity=event.quantity,
            notional=notional,
            buyer_fee=taker_fee if buying else maker_fee,
            seller_fee=maker_fee if buying else taker_fee,
        )
        self._batch.executions.append(made)
        self._settle(made)
        asking.fills.append(
            Fill(made.id, made.price * self._instrument.tick, made.quantity * self._instrument.lot)
        )

    def _settle(self, made: Execution) -> None:
        """Move what both have: paid and given from what was kept back for them, received as available."""
        sold = made.quantity * self._instrument.lot
        self._pay(made.buyer, made.notional + made.buyer_fee)
        self._pay(made.seller, sold)
        self._credit(made.buyer.party.asset, sold)
        self._credit(made.seller.party.cash, made.notional - made.seller_fee)

    def _pay(self, order: Working, amount: int) -> None:
        if order.held:
            order.used += amount
        order.reserved -= amount
        self._free(order)

    def _free(self, order: Working) -> None:
        """Make available what is kept back for an order beyond what it needs."""
        needed = rules.required(order, self._instrument)
        source, _ = account_of(order, self._instrument)
        self._credit(source, order.reserved - needed)
        order.reserved = needed

    def _credit(self, address: str, amount: int) -> None:
        if amount and address in self._available:
            self._available[address] += amount

    def _lower(self, event: Event, asking: Asking) -> None:
        """Take in that open quantity went away: of the order asked about, or of one that stood in the way."""
        order = asking.about
        if order is not None and order.number == event.order_id:
            order.remaining -= event.quantity
        else:
            order = self._orders[event.order_id]
            self._orders.take(order, event.quantity)
            order.version += 1
            self._batch.touched[order.number] = order
            if asking.about is None:
                asking.about = order
        if event.kind == EventKind.REDUCED:
            order.quantity -= event.quantity
        else:
            order.reason = reason(event.reason) if event.reason else asking.why
            ended = OrderStatus.EXPIRED if event.kind == EventKind.EXPIRED else OrderStatus.CANCELLED
            self._step(order, ended, event.sequence, is_own=order is asking.order)
        self._free(order)

    def _replace(self, event: Event, asking: Asking) -> None:
        order = self._orders[event.order_id]
        self._orders.remove(order)
        order.price, order.remaining = event.price, event.quantity
        order.quantity = order.filled + event.quantity
        order.priority = event.sequence
        order.version += 1
        self._batch.touched[order.number] = order
        self._free(order)
        asking.about = order

    def _reject(self, event: Event, asking: Asking) -> None:
        why = reason(event.reason)
        order = asking.order
        if order is not None:
            order.number = order.priority = event.sequence
            order.status, order.reason, order.remaining = OrderStatus.REJECTED, why, 0
            self._batch.touched[order.number] = order
            self._free(order)
            self._batch.steps.append(Happened(order.id, order.status, why, event.sequence))
            self._answer(asking, order, event.sequence, code=why)
            return
        if asking.extra and (amended := self._orders.get(event.order_id)) is not None:
            self._free(amended)
        self.answers.append((asking.envelope, Answer(asking.envelope.id, why, sequence=event.sequence)))

    def _finish(self, asking: Asking, sequence: int) -> None:
        """Put what is left of an incoming order into the book, and answer."""
        order = asking.about
        if order is None:
            return
        entered = order is asking.order or order.priority == sequence
        ended = order.status in {OrderStatus.CANCELLED, OrderStatus.EXPIRED}
        if entered and not ended:
            if order.remaining:
                self._orders.add(order)
            status = rules.status_now(filled=order.filled, remaining=order.remaining)
            self._step(order, status, sequence, is_own=order is asking.order)
        if order is asking.order:
            self._batch.steps.append(Happened(order.id, order.status, order.reason, sequence))
        self._answer(asking, order, sequence)

    def _step(self, order: Working, to: OrderStatus, sequence: int, *, is_own: bool = False) -> None:
        """Move an order along its life. The steps of its own first command are told as one, at its end."""
        if order.status is to:
            return
        order.status = advance(states.ORDER, order.status, to)
        if not is_own:
            self._batch.steps.append(Happened(order.id, to, order.reason, sequence))

    def _answer(self, asking: Asking, order: Working, sequence: int, *, code: str = "") -> None:
        if asking.envelope.reply:
            self.answers.append(
                (asking.envelope, self.answer(asking.envelope.id, order, sequence, asking.fills, code=code))
            )

    def answer(
        self,
        command: UUID,
        order: Working,
        sequence: int = 0,
        fills: Iterable[Fill] = (),
        *,
        code: str = "",
    ) -> Answer:
        """Return how an order stands now, as the answer to a command."""
        lot, tick = self._instrument.lot, self._instrument.tick
        return Answer(
            command,
            code,
            order.id,
            order.status,
            order.reason,
            order.quantity * lot,
            order.filled * lot,
            order.remaining * lot,
            order.price * tick,
            order.version,
            sequence,
            tuple(fills),
        )


def _known(order: Working | None) -> Working:
    if order is None:
        raise LookupError("the engine tells of an order that nobody brought")
    return order
