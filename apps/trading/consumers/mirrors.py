"""One instrument as this process sees it: the book, the last trades and the state, kept by its messages."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.trading import feeds, rules, selectors
from apps.trading.types import Instrument

BOOK, TRADES, MARKET = "book", "trades", "market"
CHANNELS = (BOOK, TRADES, MARKET)

TRADES_KEPT = 50
MOST_HELD = 1000  # messages kept while the book is read


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands in Valkey and in the database. Without a book, `depth` is empty and its number LOST."""

    instrument: Instrument
    depth: feeds.Depth
    trades: list[dict[str, str]]


def look(instrument_id: UUID) -> Seen:
    """Read an instrument's book, trades and state. Raises UnknownInstrument and redis.RedisError."""
    instrument = selectors.instrument(instrument_id)
    depth = feeds.book(instrument_id) or feeds.Depth(feeds.LOST, [], [])
    newest_first = selectors.public_trades(instrument_id, limit=TRADES_KEPT)
    trades = [rules.public_trade_body(made, instrument) for made in reversed(newest_first)]
    return Seen(instrument, depth, trades)


class Mirror:
    """Follows one instrument's messages and says when it has lost them."""

    def __init__(self, instrument_id: UUID) -> None:
        self.id = str(instrument_id)
        self.is_ready = False
        self._held: list[Mapping[str, Any]] = []
        self._sequence = feeds.LOST
        self._sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self._trades: deque[dict[str, str]] = deque(maxlen=TRADES_KEPT)
        self._state = ""
        self._book: str | None = None

    def hold(self) -> None:
        """Keep messages back from now on, while somebody looks."""
        self.is_ready, self._held = False, []

    def begin(self, seen: Seen) -> bool:
        """Begin from what was seen and what was held since; return whether that fits together."""
        written = feeds.snapshot(seen.depth, seen.instrument)
        self._sequence, self._book = seen.depth.sequence, None
        self._sides = (dict(written["bids"]), dict(written["asks"]))
        self._trades = deque(seen.trades, maxlen=TRADES_KEPT)
        self._state = str(seen.instrument.state)
        held, self._held = self._held, []
        self.is_ready = True
        return all(self.take(message) is not None for message in held)

    def take(self, message: Mapping[str, Any]) -> dict[str, str] | None:
        """Take a message in; return the texts to send by channel, None where one before it is missing."""
        if not self.is_ready:
            if len(self._held) < MOST_HELD:
                self._held.append(message)
            return {}
        previous, sequence = message["previous"], message["sequence"]
        if sequence <= self._sequence:  # the book was read after it; trades and state perhaps not
            return self._besides(message)
        if previous == feeds.LOST or previous != self._sequence:
            self.is_ready = False
            return None
        self._sequence, self._book = sequence, None
        for side, changes in zip(self._sides, (message["bids"], message["asks"]), strict=True):
            _change(side, changes)
        if feeds.checksum(*self._levels(feeds.CHECKED)) != message["checksum"]:
            self.is_ready = False
            return None
        numbers = {name: message[name] for name in ("previous", "sequence", "bids", "asks", "checksum")}
        return {BOOK: self._write("delta", BOOK, **numbers), **self._besides(message)}

    def snapshot(self, channel: str) -> str | None:
        """Write how a channel stands, None while that isn't known."""
        if not self.is_ready:
            return None
        if channel == BOOK:
            self._book = self._book or self._whole_book()
            return self._book
        if channel == TRADES:
            return self._write("snapshot", TRADES, trades=list(self._trades))
        return self._write("status", MARKET, state=self._state)

    def _besides(self, message: Mapping[str, Any]) -> dict[str, str]:
        """Take in what a message tells besides the book."""
        texts = {}
        if trades := self._add_trades(message):
            texts[TRADES] = self._write("trades", TRADES, trades=trades)
        if state := message.get("state", ""):
            self._state = state
            texts[MARKET] = self._write("status", MARKET, state=state)
        return texts

    def _add_trades(self, message: Mapping[str, Any]) -> list[dict[str, str]]:
        if not (told := message.get("trades", ())):
            return []
        known = {trade["id"] for trade in self._trades}
        trades = [trade for trade in told if trade["id"] not in known]
        self._trades.extend(trades)
        return trades

    def _whole_book(self) -> str:
        bids, asks = self._levels()
        return self._write(
            "snapshot",
            BOOK,
            sequence=max(0, self._sequence),
            bids=bids,
            asks=asks,
            checksum=feeds.checksum(bids, asks),
        )

    def _levels(self, most: int | None = None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        bids, asks = self._sides
        return (
            sorted(bids.items(), key=_price, reverse=True)[:most],
            sorted(asks.items(), key=_price)[:most],
        )

    def _write(self, kind: str, channel: str, **content: Any) -> str:
        message = {"type": kind, "channel": channel, "instrument": self.id, **content}
        return json.dumps(message, separators=(",", ":"))


def _price(level: tuple[str, str]) -> int:
    """Return a price to sort by: those of one instrument have equally many digits after the point."""
    return int(level[0].replace(".", ""))


def _change(side: dict[str, str], changes: list[list[str]]) -> None:
    for price, quantity in changes:
        if quantity == "0":
            side.pop(price, None)
        else:
            side[price] = quantity
