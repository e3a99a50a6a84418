"""Orders, trades and the market as plain JSON, the same for REST and WebSocket.

Amounts are decimal text: prices in the quote for one whole unit of the asset, quantities in whole units.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.common import money
from apps.trading.types import (
    Answer,
    Candle,
    FeeRates,
    Instrument,
    Order,
    OrderType,
    OwnFill,
    PublicTrade,
    Side,
    Ticker,
    Trade,
)


def instrument_body(instrument: Instrument) -> dict[str, Any]:
    """Return an instrument; a collar's bound that there isn't is null."""
    return {
        "id": str(instrument.id),
        "symbol": instrument.symbol,
        "asset": instrument.asset,
        "quote": instrument.quote,
        "asset_decimals": instrument.asset_decimals,
        "quote_decimals": instrument.quote_decimals,
        "tick": _price(instrument.tick, instrument),
        "lot": _quantity(instrument.lot, instrument),
        "lowest": _price(instrument.lowest, instrument) if instrument.lowest else None,
        "highest": _price(instrument.highest, instrument) if instrument.highest else None,
        "buyer_fees": _fees(instrument.buyer_fees),
        "seller_fees": _fees(instrument.seller_fees),
        "state": str(instrument.state),
    }


def as_answered(order: Order, answer: Answer, *, fee: int) -> Order:
    """Return an order as its first answer told it, whatever became of it since; `fee` is of its first trades.

    So a resend is answered with the same body (ORD-1).
    """
    return replace(
        order,
        status=answer.status or order.status,
        reason=answer.reason,
        price=answer.price,
        quantity=answer.quantity,
        filled_quantity=answer.filled,
        remaining=answer.remaining,
        fee=fee,
        version=answer.version,
        updated_at=order.created_at,
    )


def order_body(order: Order, instrument: Instrument) -> dict[str, Any]:
    """Return an order as its owner reads it (ORD-1). A market order has no price."""
    return {
        "id": str(order.id),
        "user_id": str(order.owner),
        "instrument": str(order.instrument),
        "side": str(order.side),
        "order_type": str(order.order_type),
        "price": _price(order.price, instrument) if order.order_type is OrderType.LIMIT else None,
        "quantity": _quantity(order.quantity, instrument),
        "filled_quantity": _quantity(order.filled_quantity, instrument),
        "remaining": _quantity(order.remaining, instrument),
        "status": str(order.status),
        "reason": str(order.reason),
        "time_in_force": str(order.time_in_force),
        "expires_at": order.expires_at and time(order.expires_at),
        "post_only": order.post_only,
        "self_trade_prevention": str(order.self_trade),
        "client_order_id": order.client_order_id,
        "fee": _price(order.fee, instrument),
        "version": order.version,
        "created_at": time(order.created_at),
        "updated_at": time(order.updated_at),
    }


def trade_body(trade: Trade, instrument: Instrument, *, order_id: UUID) -> dict[str, Any]:
    """Return a trade as the owner of one of its orders reads it (ORD-1)."""
    is_buyer = trade.buy_order_id == order_id
    side = Side.BUY if is_buyer else Side.SELL
    return {
        "id": str(trade.id),
        "buy_order_id": str(trade.buy_order_id) if is_buyer else None,
        "sell_order_id": None if is_buyer else str(trade.sell_order_id),
        "price": _price(trade.price, instrument),
        "quantity": _quantity(trade.quantity, instrument),
        "total": _price(trade.notional, instrument),
        "fee": _price(trade.buyer_fee if is_buyer else trade.seller_fee, instrument),
        "liquidity": liquidity(is_taker=trade.taker_side is side),
        "executed_at": time(trade.executed_at),
        "settlement_status": str(trade.settlement_status),
        "tx_hash": trade.tx_hash,
    }


def own_trade_body(fill: OwnFill, instrument: Instrument) -> dict[str, Any]:
    """Return one's own trade in a list: which order it filled, and how far its settlement is."""
    return {
        "id": str(fill.trade_id),
        "order_id": str(fill.order_id),
        "instrument": str(fill.instrument),
        "side": str(fill.side),
        "price": _price(fill.price, instrument),
        "quantity": _quantity(fill.quantity, instrument),
        "total": _price(fill.notional, instrument),
        "fee": _price(fill.fee, instrument),
        "liquidity": liquidity(is_taker=fill.is_taker),
        "executed_at": time(fill.executed_at),
        "settlement_status": str(fill.settlement_status),
        "settlement_attempts": fill.settlement_attempts,
        "tx_hash": fill.tx_hash,
        "settled_at": fill.settled_at and time(fill.settled_at),
    }


def fill_body(fill: OwnFill, instrument: Instrument) -> dict[str, Any]:
    """Return a fill as the private channel of orders tells it."""
    return {
        "trade_id": str(fill.trade_id),
        "order_id": str(fill.order_id),
        "instrument": str(fill.instrument),
        "side": str(fill.side),
        "price": _price(fill.price, instrument),
        "quantity": _quantity(fill.quantity, instrument),
        "fee": _price(fill.fee, instrument),
        "liquidity": liquidity(is_taker=fill.is_taker),
        "executed_at": time(fill.executed_at),
    }


def public_trade_body(trade: PublicTrade, instrument: Instrument) -> dict[str, Any]:
    """Return a trade as everybody may know it."""
    return {
        "id": str(trade.id),
        "price": _price(trade.price, instrument),
        "quantity": _quantity(trade.quantity, instrument),
        "side": str(trade.side),
        "executed_at": time(trade.executed_at),
    }


def candle_body(candle: Candle, instrument: Instrument) -> dict[str, Any]:
    """Return a candle; `at` is when its minute begins."""
    prices = {name: _price(getattr(candle, name), instrument) for name in ("open", "high", "low", "close")}
    return {"at": time(candle.at), **prices, "volume": _quantity(candle.volume, instrument)}


def ticker_body(ticker: Ticker, instrument: Instrument) -> dict[str, Any]:
    """Return a market at a glance; what there isn't is null."""
    prices = {
        name: _price(amount, instrument) if amount else None
        for name, amount in (
            ("last", ticker.last),
            ("bid", ticker.bid),
            ("ask", ticker.ask),
            ("low_24h", ticker.low),
            ("high_24h", ticker.high),
        )
    }
    change = None if ticker.change_bps is None else money.text(ticker.change_bps, decimals=2)
    return {
        "instrument": str(ticker.instrument),
        "state": str(instrument.state),
        **prices,
        "volume_24h": _quantity(ticker.volume, instrument),
        "change_24h_pct": change,
    }


def book_body(levels: Iterable[tuple[int, int]], instrument: Instrument) -> list[list[str]]:
    """Return price levels (price, open quantity) as pairs of text."""
    return [[_price(price, instrument), _quantity(quantity, instrument)] for price, quantity in levels]


def liquidity(*, is_taker: bool) -> str:
    """Return which part an order had in a trade: it was there before, or it came."""
    return "taker" if is_taker else "maker"


def time(at: datetime) -> str:
    """Write an instant in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _price(units: int, instrument: Instrument) -> str:
    return money.text(units, decimals=instrument.quote_decimals)


def _quantity(units: int, instrument: Instrument) -> str:
    return money.text(units, decimals=instrument.asset_decimals)


def _fees(rates: FeeRates) -> dict[str, str]:
    return {
        "maker_pct": money.text(rates.maker, decimals=2),
        "taker_pct": money.text(rates.taker, decimals=2),
    }
