"""Market data that is computed from trades and the public book."""

from datetime import datetime, timedelta
from uuid import UUID

import redis

from apps.common import money
from apps.common.db import rows
from apps.common.errors import Unavailable
from apps.trading import feeds
from apps.trading.feeds import Depth
from apps.trading.selectors.instruments import instrument, instruments
from apps.trading.types import Candle, Instrument, Ticker

MAX_LEVELS = 500
MAX_CANDLES = 1000
_EMPTY = Depth(0, [], [])

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

_TICKERS = """
SELECT market.number, day.high, day.low, day.volume, day.first, latest.price, before.price
  FROM trading_instrument market
  CROSS JOIN LATERAL (
       SELECT max(price) AS high, min(price) AS low, sum(quantity) AS volume,
              (array_agg(price ORDER BY sequence, fill))[1] AS first
         FROM trading_trade
        WHERE instrument = market.number AND executed_at > %(since)s AND executed_at <= %(at)s) day
  LEFT JOIN LATERAL (
       SELECT price FROM trading_trade WHERE instrument = market.number AND executed_at <= %(at)s
        ORDER BY executed_at DESC, sequence DESC, fill DESC LIMIT 1) latest ON true
  LEFT JOIN LATERAL (
       SELECT price FROM trading_trade WHERE instrument = market.number AND executed_at <= %(since)s
        ORDER BY executed_at DESC, sequence DESC, fill DESC LIMIT 1) before ON true
 WHERE market.number = ANY(%(numbers)s)
"""


def book(instrument_id: UUID | Instrument, *, levels: int = 50) -> Depth:
    """Return the first levels of both sides of the public book.

    Raises UnknownInstrument; Unavailable while Valkey doesn't answer.
    """
    market = instrument(instrument_id)
    try:
        return feeds.book(market.id, levels=min(levels, MAX_LEVELS)) or _EMPTY
    except redis.RedisError as error:
        raise Unavailable("The order book can't be read now. Try again in a moment.") from error


def candles(instrument_id: UUID | Instrument, *, until: datetime, limit: int = 500) -> list[Candle]:
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


def ticker(instrument_id: UUID | Instrument, *, at: datetime) -> Ticker:
    """Return a market at a glance, over the 24 hours before `at`; no bid or ask while Valkey doesn't answer.

    Raises UnknownInstrument.
    """
    return _tickers([instrument(instrument_id)], at)[0][1]


def tickers(*, at: datetime) -> list[tuple[Instrument, Ticker]]:
    """Return all markets at a glance, by symbol; see `ticker`."""
    return _tickers(instruments(), at)


def _tickers(markets: list[Instrument], at: datetime) -> list[tuple[Instrument, Ticker]]:
    about = {"at": at, "since": at - timedelta(days=1), "numbers": [market.number for market in markets]}
    found = {number: figures for number, *figures in rows(_TICKERS, about)}
    books = _books(markets)
    return [
        (market, _ticker(market, [each or 0 for each in found[market.number]], books.get(market.id, _EMPTY)))
        for market in markets
    ]


def _books(markets: list[Instrument]) -> dict[UUID, Depth]:
    """Return the tops of the books, none while Valkey doesn't answer: the trades are known all the same."""
    try:
        return feeds.books([market.id for market in markets], levels=1)
    except redis.RedisError:
        return {}


def _ticker(market: Instrument, figures: list[int], depth: Depth) -> Ticker:
    high, low, volume, first, last, before = figures
    reference = before or first
    change = money.divide_half_even((last - reference) * 10_000, reference) if reference else None
    return Ticker(
        instrument=market.id,
        last=last,
        bid=depth.bids[0][0] if depth.bids else 0,
        ask=depth.asks[0][0] if depth.asks else 0,
        volume=int(volume),
        low=low,
        high=high,
        change_bps=change,
    )
