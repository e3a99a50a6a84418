"""One batch in the making: decide what may be asked of the engine, ask it, and take in what happened.

Commands take effect one after the other. Most are put to the engine together; where a decision depends on
what the ones before it did (money that just became free, an order's version), those are put to it first, so
that how commands are parted into batches never changes what becomes of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from apps.common.money import INT64_MAX
from apps.ledger.types import AssetStatus, Balance
from apps.trading import rules
from apps.trading.client import Envelope
from apps.trading.engine import SELF_TRADE_OF, SIDE_OF, TIME_OF, TYPE_OF, Book, Command, Op, is_post_only
from apps.trading.postings import account_of
from apps.trading.sequencer.folding import Asking, Fold
from apps.trading.sequencer.intake import Asked
from apps.trading.sequencer.orders import OpenOrders
from apps.trading.types import (
    Answer,
    Batch,
    Happened,
    Instrument,
    OrderStatus,
    OrderType,
    Party,
    Reason,
    Side,
    Working,
)


class Turn:
    """Decides for each command and keeps account of what everybody has left while it does."""

    def __init__(
        self,
        *,
        batch: Batch,
        book: Book,
        orders: OpenOrders,
        instrument: Instrument,
        parties: Mapping[int, Party],
        locked: Mapping[str, Balance],
    ) -> None:
        self.batch, self.instrument = batch, instrument
        self._book, self._orders, self._parties = book, orders, parties
        self._available = {address: each.available for address, each in locked.items()}
        self._suspended = any(each.account.asset_status is not AssetStatus.ACTIVE for each in locked.values())
        self._pending: list[Command] = []
        self._next = batch.first
        self._fold = Fold(batch=batch, orders=orders, instrument=instrument, available=self._available)
        self._events = bytearray()
        self._commands = bytearray()

    def take(self, asked: Asked) -> None:
        """Decide about one command, and put it to the engine or refuse it."""
        match asked.command.op:
            case Op.NEW:
                self._take_new(asked)
            case Op.REDUCE | Op.REPLACE:
                self._take_amendment(asked)
            case _:
                self._put(asked.command, Asking(asked.envelope, asked.why))

    def finish(self) -> list[tuple[Envelope, Answer]]:
        """Put what is left to the engine; the batch is complete then. Returns the answers."""
        self._flush()
        self.batch.last = self._next - 1
        self.batch.commands, self.batch.events = bytes(self._commands), bytes(self._events)
        self.batch.last_order, self.batch.last_price = self._book.last
        return self._fold.answers

    def _put(self, command: Command, asking: Asking) -> None:
        sequence = self._next
        self._next += 1
        number = sequence if command.op == Op.NEW else command.order_id
        self._pending.append(command._replace(sequence=sequence, order_id=number))
        self._fold.expect(sequence, asking)

    def _flush(self) -> None:
        if self._pending:
            commands, events, happened = self._book.apply(self._pending)
            self._commands += commands
            self._events += events
            self._pending = []
            self._fold.take_in(happened)

    def _take_new(self, asked: Asked) -> None:
        order = self._working(asked)
        reason = self._why_not(order)
        if reason:
            self._refuse(asked, order, reason)
            return
        cost, budget = self._cost(order, asked.command.budget)
        source, _ = account_of(order, self.instrument)
        if not cost or self._available[source] < cost:
            self._refuse(asked, order, Reason.INSUFFICIENT_FUNDS)
            return
        self._available[source] -= cost
        order.reserved = cost
        self._put(asked.command._replace(budget=budget), Asking(asked.envelope, asked.why, order=order))

    def _cost(self, order: Working, wished: int) -> tuple[int, int]:
        """Return what must be kept back for a new order, and a market buy's budget (0 for any other).

        `wished` is the budget that it came with, 0 for none.
        """
        source, _ = account_of(order, self.instrument)
        if order.order_type is OrderType.LIMIT or order.side is Side.SELL:
            cost = rules.required(order, self.instrument)
            if self._available[source] < cost:
                self._flush()
            return cost, 0
        return self._market_cost(order, source, wished)

    def _market_cost(self, order: Working, source: str, wished: int) -> tuple[int, int]:
        unit, highest = self.instrument.unit, self.instrument.highest // self.instrument.tick
        most = min(order.remaining * highest or INT64_MAX, wished or INT64_MAX)
        if rules.budget_cost(most, bps=order.taker_bps, unit=unit) > self._available[source]:
            self._flush()
        budget = min(
            most, rules.market_budget(self._available[source], bps=order.taker_bps, unit=unit), INT64_MAX
        )
        return (rules.budget_cost(budget, bps=order.taker_bps, unit=unit), budget) if budget else (0, 0)

    def _why_not(self, order: Working) -> Reason:
        if order.party.frozen:
            return Reason.ACCOUNT_FROZEN
        return Reason.ASSET_SUSPENDED if self._suspended else Reason.NONE

    def _take_amendment(self, asked: Asked) -> None:
        """An amendment is of the order as its sender has read it, so what came before must have happened."""
        self._flush()
        command, order = asked.command, self._orders.get(asked.command.order_id)
        if order is None or order.party.number != command.account:
            self._answer(asked, Reason.ORDER_NOT_OPEN)
            return
        if order.version != asked.envelope.version:
            self._answer(asked, Reason.STALE_VERSION)
            return
        extra = self._extra(order, command) if command.op == Op.REPLACE else 0
        source, _ = account_of(order, self.instrument)
        if command.op == Op.REPLACE and (reason := self._why_not(order)):  # at a new price it may trade
            self._answer(asked, reason)
        elif extra > self._available[source]:
            self._answer(asked, Reason.INSUFFICIENT_FUNDS)
        else:
            self._available[source] -= extra
            order.reserved += extra
            self._put(command, Asking(asked.envelope, asked.why, extra=extra))

    def _extra(self, order: Working, command: Command) -> int:
        changed = replace(order, price=command.price, remaining=command.quantity)
        return max(0, rules.required(changed, self.instrument) - order.reserved)

    def _working(self, asked: Asked) -> Working:
        envelope, command = asked.envelope, asked.command
        return Working(
            id=envelope.id,
            number=0,
            party=self._parties[command.account],
            client_order_id=envelope.client_order_id,
            side=SIDE_OF[command.side],
            order_type=TYPE_OF[command.order_type],
            time_in_force=TIME_OF[command.time_in_force],
            self_trade=SELF_TRADE_OF[command.self_trade],
            post_only=is_post_only(command),
            price=command.price,
            quantity=command.quantity,
            remaining=command.quantity,
            maker_bps=envelope.maker_bps,
            taker_bps=envelope.taker_bps,
            expires_at=_instant(envelope.expires_at),
            is_new=True,
            created_at=self.batch.at,
        )

    def _refuse(self, asked: Asked, order: Working, reason: Reason) -> None:
        """Keep an order that the engine never sees: a resend is answered alike."""
        order.status, order.reason, order.remaining = OrderStatus.REJECTED, reason, 0
        self.batch.refused.append(order)
        self.batch.steps.append(Happened(order.id, order.status, reason, None))
        self._fold.answers.append((asked.envelope, self._fold.answer(asked.envelope.id, order, code=reason)))

    def _answer(self, asked: Asked, code: Reason) -> None:
        self._fold.answers.append((asked.envelope, Answer(asked.envelope.id, code)))


def _instant(milliseconds: int) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
