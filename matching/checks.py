"""Say whether a command may be carried out, and if not, why. Nothing is changed here.

Checks run in a fixed order and the first that fails gives the reason, so that every engine refuses
the same record for the same reason: the record's own fields, what the engine supports, amounts,
the instrument's state, the order's state, limits, and last the order's own terms.
"""

from matching.book import Book, Order
from matching.codes import Flag, OrderType, Phase, Reason, SelfTrade, Side, TimeInForce
from matching.records import HIGHEST, Command

SIDES = frozenset(Side)
ORDER_TYPES = frozenset(OrderType)
TIMES_IN_FORCE = frozenset(TimeInForce)
SELF_TRADES = frozenset(SelfTrade)
KNOWN_FLAGS = int(Flag.POST_ONLY | Flag.OCO | Flag.TRAIL_PERCENT)  # plain: ~ on a Flag forgets unknown bits

SUPPORTED_TYPES = frozenset({OrderType.LIMIT, OrderType.MARKET})
POST_ONLY = int(Flag.POST_ONLY)
SUPPORTED_FLAGS = POST_ONLY
RESTING_TIMES = frozenset({TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD})
EXPIRING_TIMES = frozenset({TimeInForce.DAY, TimeInForce.GTD})

NONE = Reason.NONE


def new_order(command: Command, book: Book, last_order_id: int) -> Reason:
    """Check a NEW command. `last_order_id` is the highest id any instrument has accepted."""
    return (
        _choices(command)
        or _supported(command)
        or _id(command)
        or _quantity(command.quantity, book)
        or _prices(command, book)
        or _budget(command)
        or _conflicts(command)
        or _trading(book)
        or (NONE if command.order_id > last_order_id else Reason.ORDER_ID_NOT_INCREASING)
        or _collar(command.price, book)
        or (_room(command.quantity, command.side, book) if may_rest(command) else NONE)
        or _own_terms(command, book)
    )


def replacement(command: Command, book: Book, order: Order | None) -> Reason:
    """Check a REPLACE command against the order it names."""
    reason = (
        _quantity(command.quantity, book) or _limit_price(command.price, book) or _trading(book)
    ) or existing(command, order)
    if reason or order is None:
        return reason
    added = command.quantity - order.quantity
    return (
        _collar(command.price, book)
        or _room(added, order.side, book)
        or _post_only(order.flags, order.side, command.price, book)
    )


def reduction(command: Command, book: Book, order: Order | None) -> Reason:
    """Check a REDUCE command against the order it names."""
    return _quantity(command.quantity, book) or existing(command, order)


def expiry(command: Command, order: Order | None) -> Reason:
    """Check an EXPIRE command: only a DAY or GTD order can expire."""
    reason = existing(command, order)
    if reason or order is None:
        return reason
    return NONE if order.time_in_force in EXPIRING_TIMES else Reason.NOT_EXPIRABLE


def existing(command: Command, order: Order | None) -> Reason:
    """Check that the order named rests in this book and belongs to the account; account 0 is the venue."""
    if order is None or order.instrument != command.instrument:
        return Reason.UNKNOWN_ORDER
    return NONE if command.account in (0, order.account) else Reason.WRONG_ACCOUNT


def collar(lowest: int, highest: int) -> Reason:
    """Check a collar's bounds; 0 means none."""
    if lowest < 0 or highest < 0 or (highest and lowest > highest):
        return Reason.INVALID_COLLAR
    return NONE


def may_rest(command: Command) -> bool:
    """Say whether an unfilled rest of this order would stay in the book."""
    return command.order_type == OrderType.LIMIT and command.time_in_force in RESTING_TIMES


def reaches(side: int, limit: int, price: int) -> bool:
    """Say whether an order of this side and limit (0: none) trades at this price."""
    if not limit:
        return True
    return price <= limit if side == Side.BUY else price >= limit


def market_limit(side: int, book: Book) -> int:
    """Return the worst price a market order may trade at: the collar's bound on its side, 0 for none."""
    return book.highest if side == Side.BUY else book.lowest


def _choices(command: Command) -> Reason:
    if command.side not in SIDES:
        return Reason.INVALID_SIDE
    if command.order_type not in ORDER_TYPES:
        return Reason.INVALID_ORDER_TYPE
    if command.time_in_force not in TIMES_IN_FORCE:
        return Reason.INVALID_TIME_IN_FORCE
    if command.self_trade not in SELF_TRADES:
        return Reason.INVALID_SELF_TRADE
    return Reason.INVALID_FLAGS if command.flags & ~KNOWN_FLAGS else NONE


def _supported(command: Command) -> Reason:
    if command.order_type not in SUPPORTED_TYPES:
        return Reason.ORDER_TYPE_NOT_SUPPORTED
    return Reason.FLAG_NOT_SUPPORTED if command.flags & ~SUPPORTED_FLAGS else NONE


def _id(command: Command) -> Reason:
    return NONE if 0 < command.order_id <= HIGHEST else Reason.INVALID_ORDER_ID


def _quantity(quantity: int, book: Book) -> Reason:
    if quantity <= 0:
        return Reason.INVALID_QUANTITY
    return Reason.INVALID_LOT if quantity % book.lot else NONE


def _limit_price(price: int, book: Book) -> Reason:
    if price <= 0:
        return Reason.INVALID_PRICE
    return Reason.INVALID_TICK if price % book.tick else NONE


def _prices(command: Command, book: Book) -> Reason:
    if command.order_type == OrderType.LIMIT:
        reason = _limit_price(command.price, book)
    else:
        reason = Reason.PRICE_NOT_ALLOWED if command.price else NONE
    if reason:
        return reason
    if command.stop_price:
        return Reason.STOP_PRICE_NOT_ALLOWED
    return Reason.DISPLAY_QUANTITY_NOT_ALLOWED if command.display_quantity else NONE


def _budget(command: Command) -> Reason:
    if command.budget < 0:
        return Reason.INVALID_BUDGET
    market_buy = command.order_type == OrderType.MARKET and command.side == Side.BUY
    return Reason.BUDGET_NOT_ALLOWED if command.budget and not market_buy else NONE


def _conflicts(command: Command) -> Reason:
    return Reason.CONFLICTING_TERMS if command.flags & POST_ONLY and not may_rest(command) else NONE


def _trading(book: Book) -> Reason:
    return Reason.INSTRUMENT_HALTED if book.phase == Phase.HALTED else NONE


def _collar(price: int, book: Book) -> Reason:
    if price == 0:  # a market order has no price of its own; `market_limit` holds it back
        return NONE
    inside = book.lowest <= price and (not book.highest or price <= book.highest)
    return NONE if inside else Reason.PRICE_OUTSIDE_COLLAR


def _room(added: int, side: int, book: Book) -> Reason:
    total = book.own_side(side).open_quantity + added
    return NONE if total <= HIGHEST else Reason.OPEN_QUANTITY_LIMIT


def _own_terms(command: Command, book: Book) -> Reason:
    if command.time_in_force == TimeInForce.FOK:
        return NONE if _fillable(command, book) else Reason.FOK_NOT_FILLABLE
    return _post_only(command.flags, command.side, command.price, book)


def _post_only(flags: int, side: int, price: int, book: Book) -> Reason:
    best = book.other_side(side).best_price()
    if flags & POST_ONLY and best is not None and reaches(side, price, best):
        return Reason.POST_ONLY_WOULD_TRADE
    return NONE


def _fillable(command: Command, book: Book) -> bool:
    """Say whether the whole order would trade now, self-trade prevention and budget included.

    A resting order of the same owner cannot fill it: in mode CANCEL_OLDEST the walk goes on behind
    it, in every other mode it ends the order short.
    """
    limit = command.price or market_limit(command.side, book)
    wanted, spent = command.quantity, 0
    for maker in book.other_side(command.side).orders():
        if not reaches(command.side, limit, maker.price):
            return False
        if command.self_trade != SelfTrade.ALLOW and maker.owner == command.owner:
            if command.self_trade != SelfTrade.CANCEL_OLDEST:
                return False
            continue
        quantity = min(wanted, maker.quantity)
        spent += quantity * maker.price
        if command.budget and spent > command.budget:
            return False
        wanted -= quantity
        if wanted == 0:
            return True
    return False
