"""Market data that is computed from trades and the public book."""

from datetime import datetime, timedelta
from uuid import UUID

from apps.common import money
from apps.common.db import rows
from apps.trading import feeds, models
from apps.trading.feeds import Depth
from apps.trading.selectors.instruments import instrument
from apps.trading.types import Candle, Instrument, Ticker

MAX_LEVELS = 500
MAX_CANDLES = 1000

# From minute to minute by the index, so that the cost grows with the candles and not with all trades.
_CANDLES = """
WITH RECURSIVE minute (at) AS (
    (SELECT date_bin('1 minute', executed_at, TIMESTAMPTZ '2000-01-01Z') FROM trading_trade
      WHERE instrument = %(instrument)s AND executed_at < %(until)s ORDER BY executed_at DESC LIMIT 1)
    UNION ALL
    SELECT (SELECT date_bin('1 minute', executed_at, TIMESTAMPTZ '2000-01-01Z') FROM trading_trade
             WHERE instrument = %(instrument)s AND executed_at < minute.at
             ORDER BY executed_at DESC LIMIT 1)
      FROM minute WHERE minute.at IS NOT NULL
), wanted AS (SELECT at FROM minute WHERE at IS NOT NULL LIMIT %(limit)s)
SELECT date_bin('1 minute', executed_at, TIMESTAMPTZ '2000-01-01Z') AS at,
       (array_agg(price ORDER BY sequence, fill))[1], max(price), min(price),
       (array_agg(price ORDER BY sequence DESC, fill DESC))[1], sum(quantity)
  FROM trading_trade
 WHERE instrument = %(instrument)s AND executed_at < %(until)s
   AND executed_at >= (SELECT min(at) FROM wanted)
 GROUP BY 1 ORDER BY 1
"""


def book(instrument_id: UUID, *, levels: int = 50) -> Depth:
    """Return the first levels of both sides of the public book. Raises UnknownInstrument."""
    market = instrument(instrument_id)
    return feeds.book(market.id, levels=min(levels, MAX_LEVELS)) or Depth(0, [], [])


def candles(instrument_id: UUID, *, until: datetime, limit: int = 500) -> list[Candle]:
    """Return the last candles of a minute before `until`, oldest first; minutes without trades are left out.

    Raises UnknownInstrument.
    """
    about = {
        "instrument": instrument(instrument_id).number,
        "until": until,
        "limit": max(1, min(limit, MAX_CANDLES)),
    }
    return [
        Candle(at, first, high, low, last, int(volume))
        for at, first, high, low, last, volume in rows(_CANDLES, about)
    ]


def ticker(instrument_id: UUID, *, at: datetime) -> Ticker:
    """Return a market at a glance, over the 24 hours before `at`. Raises UnknownInstrument."""
    return _ticker(instrument(instrument_id), at)


def tickers(*, at: datetime) -> list[tuple[Instrument, Ticker]]:
    """Return all markets at a glance, by symbol."""
    found = models.Instrument.objects.order_by("symbol").values_list("pk", flat=True)
    markets = [instrument(each) for each in found]
    return [(market, _ticker(market, at)) for market in markets]


def _ticker(market: Instrument, at: datetime) -> Ticker:
    since = at - timedelta(days=1)
    high, low, volume, first = rows(
        "SELECT max(price), min(price), sum(quantity), (array_agg(price ORDER BY sequence, fill))[1]"
        " FROM trading_trade WHERE instrument = %s AND executed_at > %s AND executed_at <= %s",
        [market.number, since, at],
    )[0]
    trades = models.Trade.objects.filter(instrument=market.number)
    prices = trades.order_by("-executed_at", "-sequence", "-fill").values_list("price", flat=True)
    last = prices.filter(executed_at__lte=at).first() or 0
    reference = prices.filter(executed_at__lte=since).first() or first or 0
    depth = feeds.book(market.id, levels=1) or Depth(0, [], [])
    change = money.divide_half_even((last - reference) * 10_000, reference) if reference else None
    return Ticker(
        instrument=market.id,
        last=last,
        bid=depth.bids[0][0] if depth.bids else 0,
        ask=depth.asks[0][0] if depth.asks else 0,
        volume=int(volume or 0),
        low=low or 0,
        high=high or 0,
        reference=reference,
        change_bps=change,
    )
