"""The pages of the market."""

from apps.trading.views.market import market, markets
from apps.trading.views.orders import amend, cancel, orders
from apps.trading.views.ticket import place, preview

__all__ = ["amend", "cancel", "market", "markets", "orders", "place", "preview"]
