"""Orders: asked for here, decided by the sequencer (ORD-1, MAT-3).

These verbs check what doesn't depend on what anybody has, put a command into the instrument's inbox, and wait
for the answer, which comes after the commit. They write nothing themselves. Whoever gets no answer sends the
same client_order_id again and gets the first one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from apps.common.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    Stale,
    Unavailable,
    Unprocessable,
)
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.ledger.services import InsufficientFunds
from apps.trading import client, rules, selectors
from apps.trading.client import Envelope
from apps.trading.engine import Command, Op, new_order
from apps.trading.services import eligibility, limits
from apps.trading.services.opening import enrol
from apps.trading.types import Answer, Instrument, NewOrder, Order, Reason, Side

MAX_BATCH = 100
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # an order that is known may have expired since
MAX_KNOWN = 100_000  # numbers of accounts that a process remembers

_numbers: dict[tuple[UUID, UUID], int] = {}


class TooManyOrders(Invalid):
    """More orders at once than are taken."""

    code = "too_many_orders"


class OrderRefused(Unprocessable):
    """The order breaks a rule of the market."""

    code = "order_refused"


class AccountFrozen(Forbidden):
    """The account may not trade."""

    code = "account_frozen"


class AssetSuspended(Unprocessable):
    """The asset is suspended."""

    code = "asset_suspended"


class InstrumentHalted(Unprocessable):
    """Trading in the instrument is halted."""

    code = "instrument_halted"


class PriceOutsideCollar(Unprocessable):
    """The price is outside the bounds."""

    code = "price_outside_collar"


class OpenQuantityLimit(Unprocessable):
    """The book can't hold more."""

    code = "open_quantity_limit"


class PostOnlyWouldTrade(Unprocessable):
    """A post-only order would trade."""

    code = "post_only_would_trade"


class FokNotFillable(Unprocessable):
    """A fill-or-kill order can't be filled whole."""

    code = "fok_not_fillable"


class OrderNotOpen(Conflict):
    """The order isn't open any more."""

    code = "order_not_open"


class StaleVersion(Stale):
    """The order has changed since it was read."""

    code = "stale_version"


class ClientOrderIdReused(Unprocessable):
    """Another order was sent under this client_order_id."""

    code = "client_order_id_reused"


_REFUSALS: Mapping[str, tuple[type[DomainError], str, str]] = {
    Reason.INSUFFICIENT_FUNDS: (
        InsufficientFunds,
        "There isn't enough available for this order.",
        "Add funds or choose a smaller quantity.",
    ),
    Reason.ACCOUNT_FROZEN: (AccountFrozen, "This account may not trade now.", "Write to support."),
    Reason.ASSET_SUSPENDED: (AssetSuspended, "The asset is suspended.", ""),
    Reason.INSTRUMENT_HALTED: (
        InstrumentHalted,
        "Trading in this instrument is halted.",
        "Wait until trading resumes; open orders can be cancelled.",
    ),
    Reason.PRICE_OUTSIDE_COLLAR: (
        PriceOutsideCollar,
        "The price is outside the bounds of this instrument.",
        "Choose a price inside the bounds.",
    ),
    Reason.OPEN_QUANTITY_LIMIT: (OpenQuantityLimit, "The book can't hold an order this large.", ""),
    Reason.POST_ONLY_WOULD_TRADE: (
        PostOnlyWouldTrade,
        "The order would trade at once, and was to be post-only.",
        "Choose another price.",
    ),
    Reason.FOK_NOT_FILLABLE: (FokNotFillable, "The order can't be filled whole now.", ""),
    Reason.ORDER_NOT_OPEN: (OrderNotOpen, "The order isn't open any more.", "Read it again."),
    Reason.STALE_VERSION: (StaleVersion, "The order has changed since you read it.", "Read it again."),
    Reason.CLIENT_ORDER_ID_REUSED: (
        ClientOrderIdReused,
        "Another order was sent under this client_order_id.",
        "Choose a new client_order_id for a new order.",
    ),
    Reason.TOO_LATE: (Unavailable, "The market was too slow for this. Send it again.", ""),
}


def refusal(code: str, answer: Answer | None = None) -> DomainError:
    """Return what a person is told of a refusal of the market."""
    about = {"order_id": str(answer.order_id)} if answer and answer.order_id else {}
    if code not in _REFUSALS:
        return OrderRefused("The market refused this order.", reason=code, **about)
    kind, sentence, next_step = _REFUSALS[code]
    return kind(sentence, next_step=next_step, **about)


def place_order(*, order: NewOrder, owner: UUID, by: Actor, at: datetime) -> Answer:
    """Place an order and return what became of it, once that is durable. A resend gets the first answer.

    Raises UnknownInstrument, InvalidOrder, NotEligible, and one of this file's refusals; Unavailable where
    no answer comes in time.
    """
    answer = place_orders(orders=[order], owner=owner, by=by, at=at)[0]
    if isinstance(answer, DomainError):
        raise answer
    return answer


def place_orders(
    *, orders: Sequence[NewOrder], owner: UUID, by: Actor, at: datetime
) -> list[Answer | DomainError]:
    """Place up to MAX_BATCH orders of one instrument; return for each what became of it, or its refusal.

    Those that were placed before are only asked about again: no rule that has changed since refuses them.

    Raises UnknownInstrument, TooManyOrders, TooMany; TooManyOpenOrders, InvestmentLimitExceeded and NoRate
    for all of them together; Unavailable.
    """
    _check_batch(orders)
    limits.spend(owner=owner, orders=len(orders))
    instrument = selectors.instrument(orders[0].instrument)
    known = selectors.known(owner, [order.client_order_id for order in orders])
    orders = [rules.with_end_of_day(order, at) for order in orders]
    refused = _refused(orders, known, instrument, owner, at)
    fresh = [each for each in orders if not {each.client_order_id} & (known | refused.keys())]
    if fresh:
        limits.check_open_orders(owner=owner, new=len(fresh))
    if len(refused) == len(orders):  # who may not trade isn't let in either
        return [refused[each.client_order_id] for each in orders]
    number = _number_of(owner, instrument, by, at)
    with limits.reserved(owner=owner, orders=fresh, instrument=instrument, at=at) as ready:
        asked = {each.client_order_id: each for each in [*orders, *ready]}
        commands = [
            _placing(order, instrument, number, at) for name, order in asked.items() if name not in refused
        ]
        answers = iter(_ask(instrument, commands, at))
    return [refused.get(each.client_order_id) or _judged(next(answers)) for each in orders]


def _check_batch(orders: Sequence[NewOrder]) -> None:
    if not 0 < len(orders) <= MAX_BATCH or len({order.instrument for order in orders}) != 1:
        raise TooManyOrders(f"A batch has 1 to {MAX_BATCH} orders of one instrument.")
    if len({order.client_order_id for order in orders}) != len(orders):
        sentence = "Each order of a batch has a client_order_id of its own."
        raise rules.InvalidOrder(sentence, fields={"client_order_id": [sentence]})


def _refused(
    orders: Sequence[NewOrder], known: set[str], instrument: Instrument, owner: UUID, at: datetime
) -> dict[str, DomainError]:
    """Return the refusals that don't depend on what anybody has, by client_order_id."""
    found: dict[str, DomainError] = {}
    sides: dict[Side, DomainError | None] = {}
    for order in orders:
        is_known = order.client_order_id in known
        try:
            rules.check_order(order, instrument, at=LONG_AGO if is_known else at)
        except DomainError as error:
            found[order.client_order_id] = error
            continue
        if not is_known and order.side not in sides:
            sides[order.side] = _not_eligible(owner, order.side, instrument)
        if not is_known and (refused := sides[order.side]) is not None:
            found[order.client_order_id] = refused
    return found


def _not_eligible(owner: UUID, side: Side, instrument: Instrument) -> DomainError | None:
    try:
        eligibility.check(owner=owner, side=side, instrument=instrument)
    except DomainError as error:
        return error
    return None


def cancel_order(*, order_id: UUID, owner: UUID, by: Actor, at: datetime) -> Answer:
    """Cancel one's own order and return how it ended.

    Raises UnknownOrder, OrderNotOpen; Unavailable where no answer comes in time.
    """
    order, instrument = _open_order(order_id, owner)
    return _checked(
        _ask(instrument, [_cancelling(order, instrument, selectors.account_number(owner))], at)[0]
    )


def cancel_all(*, owner: UUID, by: Actor, at: datetime, instrument_id: UUID | None = None) -> list[Order]:
    """Cancel all of one's own open orders, or those of one instrument; return those that were cancelled.

    One that trades or ends meanwhile is left out. Raises UnknownInstrument, Unavailable: then some may be
    cancelled and others not, and a repeat cancels the rest.
    """
    open_orders = sorted(_all_open(owner, instrument_id), key=lambda order: order.instrument)
    if not open_orders:
        return []
    number, markets = selectors.account_number(owner), selectors.instruments_by_id()
    asked: dict[int, list[Envelope]] = {}
    for order in open_orders:
        instrument = markets[order.instrument]
        asked.setdefault(instrument.number, []).append(_cancelling(order, instrument, number))
    answers = _ask_several(asked, at)
    if any(answer.code == Reason.TOO_LATE for answer in answers):  # such an order is still open
        raise refusal(Reason.TOO_LATE)
    return [order for order, answer in zip(open_orders, answers, strict=True) if not answer.code]


def _all_open(owner: UUID, instrument_id: UUID | None) -> list[Order]:
    found: list[Order] = []
    while page := selectors.orders_of(
        owner, live=True, instrument_id=instrument_id, before=found[-1].id if found else None
    ):
        found += page
    return found


def amend_order(
    *, order_id: UUID, owner: UUID, version: int, price: int, quantity: int, by: Actor, at: datetime
) -> Answer:
    """Give one's own order another price or quantity, in smallest units; `quantity` includes what is filled.

    A lower quantity keeps the order's place, anything else loses it (MAT-3). `version` is what was read.

    Raises UnknownOrder, InvalidOrder, OrderNotOpen, StaleVersion, and this file's refusals; unless it only
    lowers the quantity, eligibility's as well; for a buy that may cost more, InvestmentLimitExceeded and
    NoRate; Unavailable.
    """
    limits.spend(owner=owner, orders=1)
    order, instrument = _open_order(order_id, owner)
    if order.version != version:
        raise refusal(Reason.STALE_VERSION)
    rules.check_amend(instrument, price=price, quantity=quantity)
    if quantity <= order.filled_quantity:
        sentence = "The new quantity must be more than what was filled."
        raise rules.InvalidOrder(sentence, fields={"quantity": [sentence]})
    command = _about(order, instrument, selectors.account_number(owner))
    if price == order.price and quantity <= order.quantity:
        if quantity == order.quantity:
            raise rules.InvalidOrder("This changes nothing.")
        less = (order.quantity - quantity) // instrument.lot
        command = command._replace(op=Op.REDUCE, quantity=less)
    else:
        lots = (quantity - order.filled_quantity) // instrument.lot
        command = command._replace(op=Op.REPLACE, price=price // instrument.tick, quantity=lots)
    if command.op == Op.REPLACE:  # at a new price it may trade at once, also for less than before
        eligibility.check(owner=owner, side=order.side, instrument=instrument)
    extra = rules.extra_notional(order, instrument, price=price, quantity=quantity)
    with limits.reserved_more(owner=owner, order_id=order_id, extra=extra, instrument=instrument, at=at):
        return _checked(_ask(instrument, [Envelope(new_id(), command, 0, version=version)], at)[0])


def _open_order(order_id: UUID, owner: UUID) -> tuple[Order, Instrument]:
    order = selectors.order(order_id, owner=owner)
    if not order.remaining:
        raise refusal(Reason.ORDER_NOT_OPEN)
    return order, selectors.instrument(order.instrument)


def _about(order: Order, instrument: Instrument, number: int) -> Command:
    return Command(instrument=instrument.number, account=number, owner=number, order_id=order.number or 0)


def _cancelling(order: Order, instrument: Instrument, number: int) -> Envelope:
    return Envelope(new_id(), _about(order, instrument, number)._replace(op=Op.CANCEL), 0)


def _placing(order: NewOrder, instrument: Instrument, number: int, at: datetime) -> Envelope:
    fees = instrument.buyer_fees if order.side is Side.BUY else instrument.seller_fees
    return Envelope(
        id=new_id(),
        command=new_order(order, instrument, number),
        deadline=0,
        client_order_id=order.client_order_id,
        expires_at=int(order.expires_at.timestamp() * 1000) if order.expires_at else 0,
        maker_bps=fees.maker,
        taker_bps=fees.taker,
    )


def _ask(instrument: Instrument, messages: Sequence[Envelope], at: datetime) -> list[Answer]:
    return _ask_several({instrument.number: messages}, at)


def _ask_several(asked: Mapping[int, Sequence[Envelope]], at: datetime) -> list[Answer]:
    """Send and wait, without a database connection in hand: there are fewer of them than may wait here."""
    if connection.in_atomic_block:
        raise AssertionError("whoever waits for the market must not keep a transaction open")
    deadline, reply = int((at.timestamp() + client.WAIT) * 1000), client.reply_number()
    connection.close()
    return client.ask_several(
        {
            number: [replace(each, deadline=deadline, reply=reply) for each in messages]
            for number, messages in asked.items()
        }
    )


def _judged(answer: Answer) -> Answer | DomainError:
    return refusal(answer.code, answer) if answer.code else answer


def _checked(answer: Answer) -> Answer:
    if answer.code:
        raise refusal(answer.code, answer)
    return answer


def _number_of(owner: UUID, instrument: Instrument, by: Actor, at: datetime) -> int:
    """Return the engine's number for somebody who has the accounts that they need; it never changes."""
    key = (owner, instrument.id)
    if key not in _numbers:
        if len(_numbers) >= MAX_KNOWN:
            _numbers.clear()
        known = selectors.enrolled(owner, instrument)
        _numbers[key] = known or enrol(owner=owner, instrument=instrument, by=by, at=at)
    return _numbers[key]
