"""The pages of the market."""

from apps.trading.views.staff import (
    act_on_instrument,
    cancel_order,
    staff_instrument,
    staff_instruments,
    staff_order,
    staff_orders,
)

__all__ = [
    "act_on_instrument",
    "cancel_order",
    "staff_instrument",
    "staff_instruments",
    "staff_order",
    "staff_orders",
]
