"""What is told of a batch once it is committed: to everybody who follows the market, and to its owners."""

from collections.abc import Iterable
from typing import Any

from apps.trading import feeds
from apps.trading.sequencer.orders import OpenOrders
from apps.trading.types import Batch, Execution, Instrument, Side


class Teller:
    """Knows as of which number the public book was written, and tells what came after it."""

    def __init__(self, sequence: int) -> None:
        self.told = feeds.LOST
        self._began = sequence

    def tell(self, batch: Batch | None, *, instrument: Instrument, orders: OpenOrders, sequence: int) -> None:
        """Tell of a batch, or of whatever happened since the last one was. Raises redis.RedisError."""
        if self.told == sequence:
            self._tell_owners(batch, None)
            return
        follows = batch is not None and self.told == batch.first - 1 and self.told != feeds.LOST
        previous, self.told = (self.told if follows else feeds.LOST), feeds.LOST
        changes, top = _changes(orders, instrument) if follows else [], depth(orders, instrument, sequence)
        orders.changed.clear()
        if not follows:
            self._write(instrument, orders, sequence)
        content = _content(batch if follows else None, changes, top, instrument)
        there = self._tell_owners(
            batch, feeds.News(instrument.id, previous, sequence, content, changes=changes)
        )
        if not there:
            self._write(instrument, orders, sequence)
        self.told = sequence

    def keep(self, *, instrument: Instrument, orders: OpenOrders, sequence: int) -> None:
        """Write the book if it isn't there as it was left. Raises redis.RedisError."""
        if feeds.sequence_of(instrument.id) != sequence:
            self.told = feeds.LOST
            self.tell(None, instrument=instrument, orders=orders, sequence=sequence)

    def _write(self, instrument: Instrument, orders: OpenOrders, sequence: int) -> None:
        feeds.write_book(instrument.id, depth(orders, instrument, sequence, levels=0))

    def _tell_owners(self, batch: Batch | None, news: feeds.News | None) -> bool:
        there, _ = feeds.tell(news, owners=())
        return there


def depth(
    orders: OpenOrders, instrument: Instrument, sequence: int, *, levels: int = feeds.CHECKED
) -> feeds.Depth:
    """Return the first levels of the book (0: all), in smallest units."""
    tick, lot = instrument.tick, instrument.lot
    bids, asks = (
        [
            (price * tick, lots * lot)
            for _, (price, lots) in zip(range(levels or len(orders)), orders.levels(side), strict=False)
        ]
        for side in (Side.BUY, Side.SELL)
    )
    return feeds.Depth(sequence, bids, asks)


def _changes(orders: OpenOrders, instrument: Instrument) -> list[feeds.Change]:
    tick, lot = instrument.tick, instrument.lot
    return [(side, price * tick, orders.open_at(side, price) * lot) for side, price in orders.changed]


def _content(
    batch: Batch | None, changes: Iterable[feeds.Change], top: feeds.Depth, instrument: Instrument
) -> dict[str, Any]:
    bids, asks = (
        feeds.levels([(price, quantity) for each, price, quantity in changes if each is side], instrument)
        for side in (Side.BUY, Side.SELL)
    )
    check = feeds.checksum(feeds.levels(top.bids, instrument), feeds.levels(top.asks, instrument))
    content: dict[str, Any] = {"bids": bids, "asks": asks, "checksum": check}
    if batch is not None and batch.executions:
        content["trades"] = [_trade(made, batch, instrument) for made in batch.executions]
    if batch is not None and batch.state is not None:
        content["state"] = str(batch.state)
    return content


def _trade(made: Execution, batch: Batch, instrument: Instrument) -> dict[str, str]:
    price, quantity = made.price * instrument.tick, made.quantity * instrument.lot
    return feeds.public_trade(made.id, price, quantity, made.taker_side, batch.at, instrument)
