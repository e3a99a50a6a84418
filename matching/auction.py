"""Find the one price of a call auction, and trade everything that can trade at it.

The price is the multiple of the tick at which most is traded; of several such prices, those with the
least left over; of several such again, which always lie side by side, the one nearest to the
reference, or the middle one, rounded down to the tick, where there is no reference.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate

from matching.book import Book, BookSide
from matching.codes import EventKind, Phase, Reason, SelfTrade, Side
from matching.order import Order
from matching.step import Step
from matching.trading import traded_at
from matching.views import Auction

NOTHING = Auction(price=0, quantity=0, surplus=0, side=0)


def uncross(step: Step, reference: int) -> None:
    """Trade at the auction's price and go over to continuous trading.

    Self-trade prevention comes first, and may change the price; after it nothing stops a trade.
    """
    book = step.book
    found = clearing(book, reference)
    while _prevent_one_self_trade(step, found.quantity):
        found = clearing(book, reference)
    step.tell_instrument(
        EventKind.AUCTION,
        side=found.side,
        price=found.price,
        quantity=found.quantity,
        remaining=found.surplus,
    )
    for bid, ask, quantity in list(_pairs(book, found.quantity)):
        _trade(step, bid, ask, quantity, found.price)
    book.phase = Phase.CONTINUOUS


def clearing(book: Book, reference: int) -> Auction:
    """Return the price of an auction held now, what would trade, and what would be left over, on which side.

    `reference`: the price to stay near to, 0 for none.
    """
    highest_bid, lowest_ask = book.bids.best_price(), book.asks.best_price()
    if highest_bid is None or lowest_ask is None or highest_bid < lowest_ask:
        return NOTHING
    bought_at, sold_at = _willing(book.bids), _willing(book.asks)

    def merit(price: int) -> tuple[int, int]:
        bought, sold = bought_at(price), sold_at(price)
        return min(bought, sold), -abs(bought - sold)

    # Between two neighbouring limits nothing changes, so both ends of every such stretch say it all:
    # a bid's limit ends one and the next tick begins another, an ask's limit begins one.
    ends = {limit + further for limit in book.bids.prices for further in (0, book.tick)}
    ends |= {limit - further for limit in book.asks.prices for further in (0, book.tick)}
    merits = {price: merit(price) for price in ends if lowest_ask <= price <= highest_bid}
    best = max(merits.values())
    equals = [price for price in merits if merits[price] == best]
    price = _choose(min(equals), max(equals), reference, book.tick)
    surplus = bought_at(price) - sold_at(price)
    side = Side.BUY if surplus > 0 else Side.SELL if surplus < 0 else 0
    return Auction(price=price, quantity=best[0], surplus=abs(surplus), side=side)


def _willing(side: BookSide) -> Callable[[int], int]:
    """Return how much of this side would trade, hidden parts included, as a function of the price."""
    totals = {price: sum(order.quantity for order in queue) for price, queue in side.levels()}
    below = [0, *accumulate(totals[price] for price in side.prices)]  # below[i]: at the lowest i limits
    if side.side == Side.SELL:
        return lambda price: below[bisect_right(side.prices, price)]
    return lambda price: below[-1] - below[bisect_left(side.prices, price)]


def _choose(lowest: int, highest: int, reference: int, tick: int) -> int:
    """Choose among equally good prices: every multiple of the tick from lowest to highest."""
    if reference:
        return max(lowest, min(reference, highest))
    return lowest + (highest - lowest) // 2 // tick * tick


def _pairs(book: Book, volume: int) -> Iterator[tuple[Order, Order, int]]:
    """Walk who trades how much with whom: both sides by priority, each order with all that it has open.

    Nothing is changed: the book must not be while this walks.
    """
    if not volume:
        return
    bids, asks = book.bids.orders(), book.asks.orders()
    bid, ask = next(bids), next(asks)
    bid_left, ask_left = bid.quantity, ask.quantity
    while volume > 0:
        quantity = min(bid_left, ask_left, volume)
        yield bid, ask, quantity
        bid_left, ask_left, volume = bid_left - quantity, ask_left - quantity, volume - quantity
        if volume and not bid_left:
            bid = next(bids)
            bid_left = bid.quantity
        if volume and not ask_left:
            ask = next(asks)
            ask_left = ask.quantity


def _by_age(bid: Order, ask: Order) -> tuple[Order, Order]:
    """Return the earlier and the later of two orders."""
    return (bid, ask) if bid.order_id < ask.order_id else (ask, bid)


def _trade(step: Step, bid: Order, ask: Order, quantity: int, price: int) -> None:
    """Exchange a quantity at the auction's price; the later order counts as the incoming one."""
    earlier, later = _by_age(bid, ask)
    for order in (earlier, later):
        step.lower(order, quantity)
        order.show_fresh_slice()
    step.tell_trade(later, earlier, price, quantity)
    step.cancel_other_leg(earlier)
    step.cancel_other_leg(later)
    traded_at(step, price)


def _prevent_one_self_trade(step: Step, volume: int) -> bool:
    """Find the first pair of one owner that may not trade, and do what the later order's mode says."""
    for bid, ask, _ in _pairs(step.book, volume):
        earlier, later = _by_age(bid, ask)
        if bid.owner == ask.owner and later.self_trade != SelfTrade.ALLOW:
            _part(step, earlier, later)
            return True
    return False


def _part(step: Step, earlier: Order, later: Order) -> None:
    """Keep two orders of one owner from trading with each other."""
    match later.self_trade:
        case SelfTrade.CANCEL_NEWEST:
            step.take_off(later, later.quantity, Reason.SELF_TRADE_CANCEL_NEWEST)
        case SelfTrade.CANCEL_OLDEST:
            step.take_off(earlier, earlier.quantity, Reason.SELF_TRADE_CANCEL_OLDEST)
        case SelfTrade.CANCEL_BOTH:
            step.take_off(earlier, earlier.quantity, Reason.SELF_TRADE_CANCEL_BOTH)
            step.take_off(later, later.quantity, Reason.SELF_TRADE_CANCEL_BOTH)
        case _:
            both = min(earlier.quantity, later.quantity)
            step.take_off(earlier, both, Reason.SELF_TRADE_DECREMENT)
            step.take_off(later, both, Reason.SELF_TRADE_DECREMENT)
