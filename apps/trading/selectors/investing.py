"""What somebody's trading counts for in their investment limit (ORD-5)."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.common.db import rows
from apps.compliance import selectors as compliance
from apps.compliance.types import Meter

# One statement sees one moment: an order that trades meanwhile is counted once, as open or as traded.
_INVESTED = """
WITH own AS (
    SELECT o.id, o.side, o.instrument, o.remaining, o.price, o.is_live FROM trading_order o
      JOIN trading_tradingaccount a ON a.number = o.account_id WHERE a.owner = %(owner)s
), parts (instrument, amount) AS (
    SELECT instrument, remaining::numeric * price / (10::numeric ^ asset_decimals) FROM own
      JOIN (SELECT number, asset_decimals FROM trading_instrument) i ON i.number = instrument
     WHERE is_live AND side = 'buy'
    UNION ALL
    SELECT own.instrument, t.notional FROM own JOIN trading_trade t ON t.buy_order_id = own.id
     WHERE side = 'buy' AND t.executed_at >= %(since)s
    UNION ALL
    SELECT own.instrument, -t.notional FROM own JOIN trading_trade t ON t.sell_order_id = own.id
     WHERE side = 'sell' AND t.executed_at >= %(since)s
)
SELECT i.quote, ceil(sum(parts.amount)) FROM parts JOIN trading_instrument i ON i.number = parts.instrument
 GROUP BY i.quote
"""


def invested_since(investor: UUID, *, since: datetime) -> Mapping[str, int]:
    """Return what somebody bought less what they sold since then, and what open buys may cost, by currency.

    In smallest units, without fees.
    """
    return {quote: int(amount) for quote, amount in rows(_INVESTED, {"owner": investor, "since": since})}


def meter(owner: UUID, *, at: datetime) -> Meter:
    """Return how much of somebody's investment limit is used. Raises NotFound."""
    return compliance.meter(accounts.account(owner), at=at)
