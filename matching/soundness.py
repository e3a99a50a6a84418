"""Refuse a state that breaks a rule of the book: what a snapshot must be to be believed.

Each function raises ValueError, and says which instrument or order cannot be as it is told.
"""

from matching import terms
from matching.book import Book, BookSide
from matching.checks import collar, reaches
from matching.codes import OrderType, Phase, Side
from matching.order import ICEBERG, LIMIT_TYPES, OCO, Order
from matching.records import HIGHEST

PHASES = frozenset(Phase)
AUCTION_PHASES = frozenset({Phase.AUCTION, Phase.AUCTION_HALTED})
FLAGS = {
    OrderType.LIMIT: terms.POST_ONLY | OCO,
    OrderType.ICEBERG: terms.POST_ONLY,
    OrderType.STOP_LOSS: OCO,
    OrderType.STOP_LIMIT: OCO,
    OrderType.TRAILING_STOP: OCO | terms.TRAIL_PERCENT,
}


def check_settings(book: Book) -> None:
    """Check an instrument's settings, phase and last numbers."""
    settings = book.phase in PHASES and book.tick > 0 and book.lot > 0
    if not settings or collar(book.lowest, book.highest):
        raise ValueError(f"instrument {book.instrument} has impossible settings")
    if book.last_order_id > HIGHEST or book.last_price < 0 or book.last_price % book.tick:
        raise ValueError(f"instrument {book.instrument} has an impossible last order or price")


def check_resting(order: Order, side: BookSide, book: Book) -> None:
    """Check an order that is to stand behind all others of its side so far."""
    sound = (
        order.order_type in LIMIT_TYPES
        and order.side == side.side
        and _sound_terms(order, book)
        and (order.order_type != ICEBERG or _sound_slice(order, book))
    )
    if not sound:
        raise ValueError(f"order {order.order_id} cannot rest in the book of instrument {book.instrument}")
    worst = side.worst_price()
    if worst is not None and order.price != worst and reaches(side.side, order.price, worst):
        raise ValueError(f"order {order.order_id} stands out of priority")
    if side.open_quantity + order.quantity > HIGHEST:
        raise ValueError(f"instrument {book.instrument} has more open quantity than a side can hold")


def check_waiting(order: Order, book: Book) -> None:
    """Check a stop that is to wait behind all others."""
    sound = (
        order.is_stop()
        and order.side in terms.SIDES
        and _sound_terms(order, book)
        and not terms.stop_price(order.order_type, order.flags, order.stop_price, book.tick)
        and not terms.budget(order.order_type, order.side, order.budget)
        and _sound_extreme(order, book)
    )
    if not sound:
        raise ValueError(f"order {order.order_id} cannot wait at instrument {book.instrument}")


def check_whole(book: Book) -> None:
    """Check what only shows when all orders of a book are there: that it is not crossed, and the pairs."""
    bid, ask = book.bids.best_price(), book.asks.best_price()
    if bid is not None and ask is not None and bid >= ask and book.phase not in AUCTION_PHASES:
        raise ValueError(f"the book of instrument {book.instrument} is crossed")
    legs = {order.order_id: order for order in book.orders() if order.flags & OCO}
    for order in legs.values():
        other = legs.get(order.order_id - 1 if order.is_stop() else order.order_id + 1)
        if other is None or other.is_stop() == order.is_stop() or _pair_terms(order) != _pair_terms(other):
            raise ValueError(f"order {order.order_id} has no sound other leg")


def _sound_terms(order: Order, book: Book) -> bool:
    """Say whether the numbers that every order has could be those of one in the book."""
    return (
        0 < order.order_id <= book.last_order_id
        and not terms.quantity(order.quantity, book.lot)
        and not terms.price_of_type(order.order_type, order.price, book.tick)
        and order.time_in_force in terms.RESTING_TIMES
        and order.self_trade in terms.SELF_TRADES
        and not order.flags & ~FLAGS[OrderType(order.order_type)]
    )


def _sound_slice(order: Order, book: Book) -> bool:
    return (
        not terms.display_quantity(order.order_type, order.quantity, order.display_quantity, book.lot)
        and 0 < order.visible <= min(order.display_quantity, order.quantity)
        and order.visible % book.lot == 0
    )


def _sound_extreme(order: Order, book: Book) -> bool:
    """Say whether a trailing stop has seen at least the last price, and nothing else has seen any."""
    if order.order_type != OrderType.TRAILING_STOP:
        return order.extreme == 0
    if not book.last_price or order.extreme <= 0 or order.extreme % book.tick:
        return False
    if order.side == Side.SELL:
        return order.extreme >= book.last_price
    return order.extreme <= book.last_price


def _pair_terms(order: Order) -> tuple[int, int, int, int]:
    return order.account, order.owner, order.side, order.quantity
