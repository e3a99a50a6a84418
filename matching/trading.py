"""Trade an incoming order in continuous trading, and let stops come in when a trade elects them."""

from matching import checks
from matching.codes import EventKind, OrderType, Phase, Reason, SelfTrade
from matching.order import LIMIT_TYPES, Order
from matching.step import Step
from matching.stops import elects
from matching.terms import RESTING_TIMES


def enter(step: Step, order: Order) -> None:
    """Trade an incoming order as far as it goes; then let the rest stand in the book, or cancel it.

    In an auction nothing trades, and only orders that may rest are let in.
    """
    in_auction = step.book.phase == Phase.AUCTION
    why_it_stopped = Reason.NO_LIQUIDITY if in_auction else _match(step, order)
    if order.quantity == 0:
        return
    is_limit = order.order_type in LIMIT_TYPES
    if is_limit and why_it_stopped == Reason.NO_LIQUIDITY:
        if order.time_in_force in RESTING_TIMES:
            _rest(step, order)
            return
        why_it_stopped = Reason.IOC_REMAINDER
    step.drop(order, order.quantity, why_it_stopped)


def wait(step: Step, stop: Order) -> None:
    """Let a stop wait for a trade; in continuous trading, elect it if the last price is there already."""
    step.orders[stop.order_id] = stop
    book = step.book
    if book.phase == Phase.CONTINUOUS and book.last_price and elects(book.last_price, stop):
        book.elected.append(stop)
    else:
        book.stops.add(stop)


def traded_at(step: Step, price: int) -> None:
    """Do what every trade does once it is told: set the last price, and elect stops."""
    step.book.last_price = price
    if step.book.stops.waiting:
        step.book.elected.extend(step.book.stops.elect(price))


def work_off_elected(step: Step) -> None:
    """Bring in the elected stops, first elected first; their trades may elect more, which come last."""
    elected = step.book.elected
    while elected:
        stop = elected.popleft()
        if stop.quantity > 0:  # else its OCO partner traded meanwhile and cancelled it
            _trigger(step, stop)


def _trigger(step: Step, stop: Order) -> None:
    """Turn an elected stop into the order it stands for, and let that come in."""
    del step.orders[stop.order_id]
    step.tell(EventKind.TRIGGERED, stop, stop.quantity)
    step.cancel_other_leg(stop)
    if stop.order_type == OrderType.STOP_LIMIT:
        stop.order_type, stop.stop_price = OrderType.LIMIT, 0
        reason = checks.activation(stop, step.book)
        if reason:
            step.drop(stop, stop.quantity, reason)
            return
    enter(step, stop)


def _rest(step: Step, order: Order) -> None:
    order.show_fresh_slice()
    step.book.own_side(order.side).add(order)
    step.orders[order.order_id] = order


def _match(step: Step, order: Order) -> Reason:
    """Trade against the other side's first order again and again; return why it stopped.

    NONE means nothing is left open, NO_LIQUIDITY that no resting order is within the limit.
    """
    book = step.book
    is_market = order.order_type not in LIMIT_TYPES
    limit = checks.market_limit(order.side, book) if is_market else order.price
    cash = order.budget
    while order.quantity > 0:
        maker = book.other_side(order.side).best()
        if maker is None:
            return Reason.NO_LIQUIDITY
        if not checks.reaches(order.side, limit, maker.price):
            return Reason.PRICE_OUTSIDE_COLLAR if is_market else Reason.NO_LIQUIDITY
        quantity = min(order.quantity, maker.visible)
        if order.budget:
            affordable = cash // maker.price // book.lot * book.lot
            if affordable == 0:
                return Reason.BUDGET_EXHAUSTED
            quantity = min(quantity, affordable)
        if order.self_trade != SelfTrade.ALLOW and maker.owner == order.owner:
            reason = _prevent_self_trade(step, order, maker)
            if reason:
                return reason
            continue
        _trade(step, order, maker, quantity)
        cash -= quantity * maker.price
    return Reason.NONE


def _trade(step: Step, order: Order, maker: Order, quantity: int) -> None:
    """Exchange a quantity of what the resting order shows, at its price."""
    order.quantity -= quantity
    maker.visible -= quantity
    step.lower(maker, quantity)
    step.tell_trade(order, maker, maker.price, quantity)
    if maker.quantity and maker.visible == 0:
        _refill(step, maker)
    step.cancel_other_leg(maker)
    traded_at(step, maker.price)


def _refill(step: Step, iceberg: Order) -> None:
    """Show an iceberg's next slice, at the back of its price's queue."""
    iceberg.show_fresh_slice()
    step.book.own_side(iceberg.side).to_the_back(iceberg)
    step.tell(EventKind.REFILLED, iceberg, iceberg.visible)


def _prevent_self_trade(step: Step, order: Order, maker: Order) -> Reason:
    """Do what the incoming order's mode says; return a reason if the incoming order must go."""
    match order.self_trade:
        case SelfTrade.CANCEL_NEWEST:
            return Reason.SELF_TRADE_CANCEL_NEWEST
        case SelfTrade.CANCEL_OLDEST:
            step.take_off(maker, maker.quantity, Reason.SELF_TRADE_CANCEL_OLDEST)
            return Reason.NONE
        case SelfTrade.CANCEL_BOTH:
            step.take_off(maker, maker.quantity, Reason.SELF_TRADE_CANCEL_BOTH)
            return Reason.SELF_TRADE_CANCEL_BOTH
        case _:
            both = min(order.quantity, maker.quantity)
            step.take_off(maker, both, Reason.SELF_TRADE_DECREMENT)
            step.drop(order, both, Reason.SELF_TRADE_DECREMENT)
            return Reason.NONE
