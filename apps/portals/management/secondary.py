"""The demo's market after its offering: opened once, given a book, and kept moving by three investors.

Everything goes through the verbs that people use, so limits, holds and settlement are the real ones.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from apps.common.clock import now
from apps.common.errors import NotFound
from apps.common.types import Actor
from apps.portals.management.cast import CAST
from apps.tokens import selectors as of_tokens
from apps.tokens import services as tokens
from apps.tokens.types import TokenStatus
from apps.trading import selectors as market
from apps.trading import services as trading
from apps.trading.types import NewOrder, OrderType, Side, TimeInForce, TradingState

TICK = 5  # cents
OPENING = 12_00  # cents, the offering's price
LEVELS = 8
SELLERS, BUYERS = ("sara", "maha"), ("faisal", "maha")  # who makes the first book
TRADERS = ("sara", "faisal", "maha")  # the others are left to whoever looks around
MOST_OPEN = 12  # orders that each of them leaves in the book
PEOPLE = {person.email.partition("@")[0]: person.id for person in CAST}


def go_public(token_id: UUID, *, by: Actor) -> None:
    """Open the token's market unless it is open."""
    if of_tokens.token(token_id).status is TokenStatus.PRIMARY:
        tokens.enable_secondary(token_id=token_id, tick=TICK, lot=1, by=by, at=now())


def is_open(token_id: UUID) -> bool:
    """Tell whether orders can be placed."""
    try:
        return market.instrument(token_id).state is TradingState.CONTINUOUS
    except NotFound:
        return False


def begin(token_id: UUID) -> None:
    """Give the market its first book, and trade a little. The same orders again change nothing."""
    for number, (name, order) in enumerate(_first_orders(token_id)):
        _place(name, order, client_order_id=f"demo-{number}")


def _first_orders(token_id: UUID) -> Iterator[tuple[str, NewOrder]]:
    dice = random.Random(7)  # noqa: S311  # the same book in every demo
    for level in range(LEVELS):
        away = (level + 1) * 2 * TICK
        quantity = 20 + 15 * level + dice.randrange(20)
        yield SELLERS[level % 2], _limit(token_id, Side.SELL, quantity, OPENING + away)
        yield BUYERS[level % 2], _limit(token_id, Side.BUY, quantity, OPENING - away)
    for turn in range(6):
        side = Side.BUY if turn % 2 else Side.SELL
        name = (BUYERS if side is Side.BUY else SELLERS)[turn // 2 % 2]
        price = OPENING + (2 * TICK if side is Side.BUY else -2 * TICK)
        yield name, _limit(token_id, side, 3 + dice.randrange(9), price, TimeInForce.IOC)


def keep_moving(token_id: UUID, dice: random.Random) -> None:
    """Place one order near the last price as somebody of the demo, or cancel the oldest of too many.

    Raises what the market refuses.
    """
    name = dice.choice(TRADERS)
    own = market.orders_of(PEOPLE[name], live=True)
    if len(own) > MOST_OPEN:
        trading.cancel_order(order_id=own[-1].id, owner=PEOPLE[name], by=_by(name), at=now())
        return
    last = next((trade.price for trade in market.trades(token_id, limit=1)), OPENING)
    side = Side.BUY if dice.random() < 0.5 + (OPENING - last) / OPENING else Side.SELL  # drawn back to 12.00
    takes = dice.random() < 0.45
    away = -2 * TICK if takes else dice.randrange(1, 6) * TICK
    price = max(TICK, last - away if side is Side.BUY else last + away)
    order = _limit(
        token_id, side, 1 + dice.randrange(25), price, TimeInForce.IOC if takes else TimeInForce.GTC
    )
    _place(name, order, client_order_id=f"flow-{now():%Y%m%d%H%M%S%f}")


def _limit(
    token_id: UUID, side: Side, quantity: int, price: int, lasts: TimeInForce = TimeInForce.GTC
) -> NewOrder:
    return NewOrder(token_id, "", side, OrderType.LIMIT, quantity, price, lasts)


def _place(name: str, order: NewOrder, *, client_order_id: str) -> None:
    order = replace(order, client_order_id=client_order_id)
    trading.place_order(order=order, owner=PEOPLE[name], by=_by(name), at=now())


def _by(name: str) -> Actor:
    return Actor(kind="user", id=str(PEOPLE[name]))
