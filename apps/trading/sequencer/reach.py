"""Which balances a batch may touch: they are locked together, ascending, before anything is decided.

The set may be too large and must never be too small, or two sequencers could wait for each other.
"""

from collections.abc import Sequence

from apps.trading.engine import SIDE_OF, Command, Op
from apps.trading.sequencer.orders import OTHER, OpenOrders
from apps.trading.types import Party, Side, Working

ANY = 0  # the limit of a market order


def touchable(commands: Sequence[Command], orders: OpenOrders, parties: dict[int, Party]) -> set[str]:
    """Return the addresses of every balance that these commands may change, whatever the engine does."""
    found: set[str] = set()
    incoming: dict[Side, list[tuple[Party, int, int]]] = {Side.BUY: [], Side.SELL: []}
    moved: set[int] = set()
    for command in commands:
        if command.op == Op.NEW:
            side, party = SIDE_OF[command.side], parties[command.account]
            found.add(_pays(side, party))
            incoming[side].append((party, command.price, command.quantity))
        elif (order := orders.get(command.order_id)) is not None:
            moved.add(order.number)
            found.add(_pays(order.side, order.party))
            if command.op == Op.REPLACE:
                incoming[order.side].append((order.party, command.price, command.quantity))
    for side in Side:
        for party in _may_trade(side, incoming, orders, moved):
            found.update((party.cash, party.asset))
    return found


def _pays(side: Side, party: Party) -> str:
    return party.cash if side is Side.BUY else party.asset


def _may_trade(
    side: Side, incoming: dict[Side, list[tuple[Party, int, int]]], orders: OpenOrders, moved: set[int]
) -> list[Party]:
    """Return the owners of incoming orders of a side that may trade, and of what they may trade with."""
    other = OTHER[side]
    resting, coming = orders.best(other), [limit for _, limit, _ in incoming[other]]
    crossing = [
        each
        for each in incoming[side]
        if (resting and _reaches(side, each[1], resting))
        or any(limit == ANY or _reaches(side, each[1], limit) for limit in _best(other, coming))
    ]
    if not crossing:
        return []
    own = {party.number for party, _, _ in crossing}
    makers: list[Working] = list(
        orders.within(
            other,
            _worst(side, [limit for _, limit, _ in crossing]),
            sum(lots for _, _, lots in crossing),
            skip=moved,
            own=own,
        )
    )
    return [party for party, _, _ in crossing] + [order.party for order in makers]


def _reaches(side: Side, limit: int, price: int) -> bool:
    if limit == ANY:
        return True
    return limit >= price if side is Side.BUY else limit <= price


def _best(side: Side, limits: list[int]) -> list[int]:
    """Return the limit of a side that is the easiest to reach, if there is any."""
    if not limits:
        return []
    if ANY in limits:
        return [ANY]
    return [max(limits) if side is Side.BUY else min(limits)]


def _worst(side: Side, limits: list[int]) -> int:
    """Return the worst price that any of these limits takes, 0 for any."""
    if ANY in limits:
        return ANY
    return max(limits) if side is Side.BUY else min(limits)
