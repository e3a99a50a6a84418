"""What is told of a batch once it is committed: to everybody who follows the market, and to its owners."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from apps.trading import feeds, rules
from apps.trading.sequencer.orders import OpenOrders
from apps.trading.types import (
    Batch,
    Execution,
    Instrument,
    Order,
    OwnFill,
    PublicTrade,
    SettlementStatus,
    Side,
    Working,
)


class Teller:
    """Knows as of which number the public book was written, and tells what came after it."""

    def __init__(self) -> None:
        self.told = feeds.LOST

    def tell(self, batch: Batch | None, *, instrument: Instrument, orders: OpenOrders, sequence: int) -> None:
        """Tell of a batch, or of whatever happened since the last one was. Raises redis.RedisError."""
        if self.told == sequence:
            self._tell_both(batch, None, instrument)
            return
        follows = batch is not None and self.told == batch.first - 1 and self.told != feeds.LOST
        previous, self.told = (self.told if follows else feeds.LOST), feeds.LOST
        changes, top = _changes(orders, instrument) if follows else [], depth(orders, instrument, sequence)
        orders.changed.clear()
        if not follows:
            self._write(instrument, orders, sequence)
        content = _content(batch if follows else None, changes, top, instrument)
        news = feeds.News(instrument.id, previous, sequence, content, changes=changes)
        if not self._tell_both(batch, news, instrument):
            self._write(instrument, orders, sequence)
        self.told = sequence

    def keep(self, *, instrument: Instrument, orders: OpenOrders, sequence: int) -> None:
        """Write the book if it isn't there as it was left, or if nobody knows whether it was told of.

        Raises redis.RedisError.
        """
        if self.told == feeds.LOST or feeds.sequence_of(instrument.id) != sequence:
            self.told = feeds.LOST
            self.tell(None, instrument=instrument, orders=orders, sequence=sequence)

    def _write(self, instrument: Instrument, orders: OpenOrders, sequence: int) -> None:
        feeds.write_book(instrument.id, depth(orders, instrument, sequence, levels=0))

    def _tell_both(self, batch: Batch | None, news: feeds.News | None, instrument: Instrument) -> bool:
        """Tell everybody and then the owners who listen; return whether the book was there to be changed."""
        there, listened = feeds.tell(news, owners=_owners(batch) if batch else set())
        if batch is not None and listened:
            feeds.tell_owners(_own(batch, listened, instrument))
        if news is not None and news.previous == feeds.LOST and news.sequence:
            feeds.renewed()
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


def _trade(made: Execution, batch: Batch, instrument: Instrument) -> dict[str, Any]:
    price, quantity = made.price * instrument.tick, made.quantity * instrument.lot
    return rules.public_trade_body(
        PublicTrade(made.id, price, quantity, made.taker_side, batch.at), instrument
    )


def _orders(batch: Batch) -> Iterator[Working]:
    yield from batch.touched.values()
    yield from batch.refused


def _owners(batch: Batch) -> set[str]:
    return {order.party.owner for order in _orders(batch)}


def _own(batch: Batch, listened: set[str], instrument: Instrument) -> dict[str, list[dict[str, Any]]]:
    """Write what concerns these owners: their fills, then their orders as they stand."""
    messages: dict[str, list[dict[str, Any]]] = {owner: [] for owner in listened}
    for made in batch.executions:
        for order in (made.buyer, made.seller):
            if order.party.owner in listened:
                body = rules.fill_body(_fill(made, order, batch, instrument), instrument)
                messages[order.party.owner].append({"type": "fill", "channel": "orders", "fill": body})
    for order in _orders(batch):
        if order.party.owner in listened:
            body = rules.order_body(_order(order, batch, instrument), instrument)
            messages[order.party.owner].append({"type": "order", "channel": "orders", "order": body})
    return messages


def _fill(made: Execution, order: Working, batch: Batch, instrument: Instrument) -> OwnFill:
    buying = order.side is Side.BUY
    return OwnFill(
        trade_id=made.id,
        order_id=order.id,
        instrument=instrument.id,
        side=order.side,
        price=made.price * instrument.tick,
        quantity=made.quantity * instrument.lot,
        notional=made.notional,
        fee=made.buyer_fee if buying else made.seller_fee,
        is_taker=order.side is made.taker_side,
        executed_at=batch.at,
        settlement_status=SettlementStatus.PENDING,
        settlement_attempts=0,
        tx_hash="",
        settled_at=None,
    )


def _order(order: Working, batch: Batch, instrument: Instrument) -> Order:
    tick, lot = instrument.tick, instrument.lot
    return Order(
        id=order.id,
        instrument=instrument.id,
        owner=UUID(order.party.owner),
        client_order_id=order.client_order_id,
        number=order.number or None,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        price=order.price * tick,
        quantity=order.quantity * lot,
        filled_quantity=order.filled * lot,
        remaining=order.remaining * lot,
        fee=order.fee,
        status=order.status,
        reason=order.reason,
        expires_at=order.expires_at,
        post_only=order.post_only,
        self_trade=order.self_trade,
        version=order.version,
        created_at=order.created_at or batch.at,
        updated_at=batch.at,
    )
