"""Say whether a command may be carried out, and if not, why. Nothing is changed here.

Checks run in a fixed order and the first that fails gives the reason, so that every engine refuses
the same record for the same reason: the record's own fields (in `terms`), the instrument's state, the
order's state, limits, and last the order's own terms.
"""

from itertools import takewhile

from matching import terms
from matching.book import Book
from matching.codes import Flag, OrderType, Phase, Reason, SelfTrade, Side, TimeInForce
from matching.order import LIMIT_TYPES, OCO, STOP_TYPES, Order
from matching.records import HIGHEST, Command
from matching.terms import RESTING_TIMES

POST_ONLY = int(Flag.POST_ONLY)
EXPIRING_TIMES = frozenset({TimeInForce.DAY, TimeInForce.GTD})
HALTED_PHASES = frozenset({Phase.HALTED, Phase.AUCTION_HALTED})

NONE = Reason.NONE


# One function for each command that can be refused.


def new_order(command: Command, book: Book, last_order_id: int, previous: Order | None) -> Reason:
    """Check a NEW command.

    `last_order_id`: the highest id that any instrument has accepted. `previous`: the order with the id
    just below this one, if it is in a book.
    """
    return (
        terms.new_order(command, book.tick, book.lot)
        or _not_halted(book)
        or _auction_takes(command, book)
        or (NONE if command.order_id > last_order_id else Reason.ORDER_ID_NOT_INCREASING)
        or (_partner(command, previous) if command.flags & OCO else NONE)
        or _last_price(command, book)
        or _collar(command.price, book)
        or (_room(command.quantity, command.side, book) if may_rest(command) else NONE)
        or _own_terms(command, book)
    )


def replacement(command: Command, book: Book, order: Order | None) -> Reason:
    """Check a REPLACE command against the order it names."""
    reason = (
        terms.quantity(command.quantity, book.lot)
        or _not_halted(book)
        or existing(command, order)
        or _no_leg(order)
    )
    if reason or order is None:
        return reason
    return (
        terms.replacement(command, order, book.tick)
        or _collar(command.price, book)
        or (NONE if order.is_stop() else _room(command.quantity - order.quantity, order.side, book))
        or _post_only(order.flags, order.side, command.price, book)
    )


def reduction(command: Command, book: Book, order: Order | None) -> Reason:
    """Check a REDUCE command against the order it names."""
    return terms.quantity(command.quantity, book.lot) or existing(command, order) or _no_leg(order)


def expiry(command: Command, order: Order | None) -> Reason:
    """Check an EXPIRE command: only a DAY or GTD order can expire."""
    reason = existing(command, order)
    if reason or order is None:
        return reason
    return NONE if order.time_in_force in EXPIRING_TIMES else Reason.NOT_EXPIRABLE


def existing(command: Command, order: Order | None) -> Reason:
    """Check that the order named is in this book and belongs to the account; account 0 is the venue."""
    if order is None or order.instrument != command.instrument:
        return Reason.UNKNOWN_ORDER
    return NONE if command.account in (0, order.account) else Reason.WRONG_ACCOUNT


def uncrossing(command: Command, book: Book) -> Reason:
    """Check an UNCROSS command; its price is the reference, 0 for none."""
    if command.price:
        reason = terms.price(command.price, book.tick)
        if reason:
            return reason
    return NONE if book.phase == Phase.AUCTION else Reason.NOT_IN_AUCTION


def collar(lowest: int, highest: int) -> Reason:
    """Check a collar's bounds; 0 means none."""
    if lowest < 0 or highest < 0 or (highest and lowest > highest):
        return Reason.INVALID_COLLAR
    return NONE


def activation(order: Order, book: Book) -> Reason:
    """Check an elected STOP_LIMIT, which comes in as a limit order from now on."""
    return _collar(order.price, book) or _room(order.quantity, order.side, book)


# What an order may do; also asked while it trades.


def may_rest(command: Command) -> bool:
    """Say whether an unfilled rest of this order would stay in the book."""
    return command.order_type in LIMIT_TYPES and command.time_in_force in RESTING_TIMES


def reaches(side: int, limit: int, price: int) -> bool:
    """Say whether an order of this side and limit (0: none) trades at this price."""
    if not limit:
        return True
    return price <= limit if side == Side.BUY else price >= limit


def market_limit(side: int, book: Book) -> int:
    """Return the worst price a market order may trade at: the collar's bound on its side, 0 for none."""
    return book.highest if side == Side.BUY else book.lowest


# The instrument's state.


def _not_halted(book: Book) -> Reason:
    return Reason.INSTRUMENT_HALTED if book.phase in HALTED_PHASES else NONE


def _auction_takes(command: Command, book: Book) -> Reason:
    if book.phase != Phase.AUCTION or command.order_type in STOP_TYPES:
        return NONE
    return NONE if may_rest(command) and not command.flags & POST_ONLY else Reason.ORDER_NOT_FOR_AUCTION


def _last_price(command: Command, book: Book) -> Reason:
    missing = command.order_type == OrderType.TRAILING_STOP and not book.last_price
    return Reason.NO_LAST_PRICE if missing else NONE


# The order's state.


def _partner(command: Command, partner: Order | None) -> Reason:
    """Check the other leg of an OCO stop. It cannot have a partner yet: that would carry this order's id."""
    if partner is None or partner.order_type != OrderType.LIMIT:
        return Reason.OCO_PARTNER
    equal = (
        partner.instrument == command.instrument
        and partner.account == command.account
        and partner.owner == command.owner
        and partner.side == command.side
        and partner.quantity == command.quantity
    )
    return NONE if equal else Reason.OCO_PARTNER


def _no_leg(order: Order | None) -> Reason:
    return Reason.OCO_LEG if order is not None and order.flags & OCO else NONE


# Limits.


def _collar(price: int, book: Book) -> Reason:
    if price == 0:  # a market order has no price of its own; `market_limit` holds it back
        return NONE
    inside = book.lowest <= price and (not book.highest or price <= book.highest)
    return NONE if inside else Reason.PRICE_OUTSIDE_COLLAR


def _room(added: int, side: int, book: Book) -> Reason:
    total = book.own_side(side).open_quantity + added
    return NONE if total <= HIGHEST else Reason.OPEN_QUANTITY_LIMIT


# The order's own terms.


def _own_terms(command: Command, book: Book) -> Reason:
    if command.time_in_force == TimeInForce.FOK:
        return NONE if _fillable(command, book) else Reason.FOK_NOT_FILLABLE
    return _post_only(command.flags, command.side, command.price, book)


def _post_only(flags: int, side: int, price: int, book: Book) -> Reason:
    if not flags & POST_ONLY or book.phase != Phase.CONTINUOUS:
        return NONE
    best = book.other_side(side).best_price()
    return Reason.POST_ONLY_WOULD_TRADE if best is not None and reaches(side, price, best) else NONE


def _fillable(command: Command, book: Book) -> bool:
    """Say whether the whole order would trade now, self-trade prevention and budget included."""
    limit = command.price or market_limit(command.side, book)
    wanted, spent = command.quantity, 0
    for price, queue in book.other_side(command.side).levels():
        if not reaches(command.side, limit, price):
            return False
        there, goes_on = _tradable(command, queue)
        quantity = min(wanted, there)
        spent += quantity * price
        if command.budget and spent > command.budget:
            return False
        wanted -= quantity
        if wanted == 0:
            return True
        if not goes_on:
            return False
    return False


def _tradable(command: Command, queue: list[Order]) -> tuple[int, bool]:
    """Return how much of one level an order would trade, and whether it would go on behind it.

    A resting order of the same owner cannot fill it: in mode CANCEL_OLDEST it is cancelled on the way,
    in every other mode it ends the order short. Up to there an iceberg trades one slice, for its next
    one stands behind the own order.
    """
    prevented = command.self_trade != SelfTrade.ALLOW
    if not (prevented and any(order.owner == command.owner for order in queue)):
        return sum(order.quantity for order in queue), True
    if command.self_trade == SelfTrade.CANCEL_OLDEST:
        return sum(order.quantity for order in queue if order.owner != command.owner), True
    ahead = takewhile(lambda order: order.owner != command.owner, queue)
    return sum(order.visible for order in ahead), False
