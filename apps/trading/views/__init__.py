"""The pages of the market: for everybody, for who trades, and for staff."""

from apps.trading.views.market import market, markets
from apps.trading.views.orders import amend, cancel, cancel_all, orders
from apps.trading.views.staff import (
    act_on_instrument,
    cancel_order,
    staff_instrument,
    staff_instruments,
    staff_order,
    staff_orders,
)
from apps.trading.views.ticket import place, preview

__all__ = [
    "act_on_instrument",
    "amend",
    "cancel",
    "cancel_all",
    "cancel_order",
    "market",
    "markets",
    "orders",
    "place",
    "preview",
    "staff_instrument",
    "staff_instruments",
    "staff_order",
    "staff_orders",
]
