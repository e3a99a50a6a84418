"""Check a record by itself: every field, and whether they go together. No book is looked at.

Each function returns the reason of the 1xx family that speaks against the record, NONE if nothing does.
"""

from matching.codes import Flag, OrderType, Reason, SelfTrade, Side, TimeInForce
from matching.order import ICEBERG, LIMIT_TYPES, OCO, STOP_TYPES, Order
from matching.records import HIGHEST, Command

SIDES = frozenset(Side)
ORDER_TYPES = frozenset(OrderType)
TIMES_IN_FORCE = frozenset(TimeInForce)
SELF_TRADES = frozenset(SelfTrade)
KNOWN_FLAGS = int(Flag.POST_ONLY | Flag.OCO | Flag.TRAIL_PERCENT)  # plain: ~ on a Flag forgets unknown bits
POST_ONLY = int(Flag.POST_ONLY)
TRAIL_PERCENT = int(Flag.TRAIL_PERCENT)

RESTING_TIMES = frozenset({TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD})
PRICED_TYPES = LIMIT_TYPES | {OrderType.STOP_LIMIT}
BUDGET_TYPES = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TRAILING_STOP})
MOST_SLICES = 1000  # an iceberg's quantity is at most that many times what it shows
HIGHEST_BASIS_POINTS = 9999

NONE = Reason.NONE


def new_order(command: Command, tick: int, lot: int) -> Reason:
    """Check the fields of a NEW command."""
    return (
        _choices(command)
        or (NONE if 0 < command.order_id <= HIGHEST else Reason.INVALID_ORDER_ID)
        or quantity(command.quantity, lot)
        or price_of_type(command.order_type, command.price, tick)
        or stop_price(command.order_type, command.flags, command.stop_price, tick)
        or display_quantity(command.order_type, command.quantity, command.display_quantity, lot)
        or budget(command.order_type, command.side, command.budget)
        or _conflicts(command)
    )


def replacement(command: Command, order: Order, tick: int) -> Reason:
    """Check the prices of a REPLACE command, and its quantity against what an iceberg shows."""
    reason = price_of_type(order.order_type, command.price, tick)
    if reason:
        return reason
    if order.is_stop():
        return stop_price(order.order_type, order.flags, command.stop_price, tick)
    if order.order_type == ICEBERG:
        return _slices(command.quantity, order.display_quantity)
    return NONE


def quantity(amount: int, lot: int) -> Reason:
    """Check a quantity."""
    if amount <= 0:
        return Reason.INVALID_QUANTITY
    return Reason.INVALID_LOT if amount % lot else NONE


def price(limit: int, tick: int) -> Reason:
    """Check a limit price, or an auction's reference."""
    if limit <= 0:
        return Reason.INVALID_PRICE
    return Reason.INVALID_TICK if limit % tick else NONE


def price_of_type(order_type: int, limit: int, tick: int) -> Reason:
    """Check a limit price: some types have one, the others trade at market, once they trade."""
    if order_type in PRICED_TYPES:
        return price(limit, tick)
    return Reason.PRICE_NOT_ALLOWED if limit else NONE


def stop_price(order_type: int, flags: int, given: int, tick: int) -> Reason:
    """Check a stop's trigger, or a trailing stop's distance in price units or basis points."""
    if order_type not in STOP_TYPES:
        return Reason.STOP_PRICE_NOT_ALLOWED if given else NONE
    if order_type == OrderType.TRAILING_STOP and flags & TRAIL_PERCENT:
        return NONE if 0 < given <= HIGHEST_BASIS_POINTS else Reason.INVALID_STOP_PRICE
    if given <= 0:
        return Reason.INVALID_STOP_PRICE
    return Reason.INVALID_TICK if given % tick else NONE


def display_quantity(order_type: int, amount: int, display: int, lot: int) -> Reason:
    """Check what an iceberg of this quantity shows; no other order shows less than all of it."""
    if order_type != ICEBERG:
        return Reason.DISPLAY_QUANTITY_NOT_ALLOWED if display else NONE
    if display <= 0:
        return Reason.INVALID_DISPLAY_QUANTITY
    return Reason.INVALID_LOT if display % lot else _slices(amount, display)


def budget(order_type: int, side: int, cash: int) -> Reason:
    """Check a budget: only a buy that will trade at market has one."""
    if cash < 0:
        return Reason.INVALID_BUDGET
    allowed = order_type in BUDGET_TYPES and side == Side.BUY
    return Reason.BUDGET_NOT_ALLOWED if cash and not allowed else NONE


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


def _slices(amount: int, display: int) -> Reason:
    return NONE if amount <= MOST_SLICES * display else Reason.INVALID_DISPLAY_QUANTITY


def _conflicts(command: Command) -> Reason:
    rests = command.time_in_force in RESTING_TIMES
    is_stop = command.order_type in STOP_TYPES
    contradictions = (
        (not rests and (is_stop or command.order_type == ICEBERG))
        or (command.flags & POST_ONLY and not (rests and command.order_type in LIMIT_TYPES))
        or (command.flags & OCO and not is_stop)
        or (command.flags & TRAIL_PERCENT and command.order_type != OrderType.TRAILING_STOP)
    )
    return Reason.CONFLICTING_TERMS if contradictions else NONE
