"""Orders as people and programs write them: decimal text, and words of closed lists."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from apps.common import money
from apps.common.errors import Invalid, Unprocessable
from apps.trading.rules.market import InvalidOrder
from apps.trading.types import Instrument, NewOrder, OrderType, SelfTrade, Side, TimeInForce

W = TypeVar("W", bound=StrEnum)

# What ORD-2 names and the market doesn't take yet: types, and the fields that ask for one of them.
LATER = frozenset({"stop_loss", "stop_limit", "trailing_stop", "iceberg", "twap", "oco"})
FIELDS_OF_LATER = ("stop_price", "display_quantity", "trail_amount", "trail_percent", "oco_with", "twap")


class UnsupportedOrderType(Unprocessable):
    """Orders of this type aren't taken."""

    code = "unsupported_order_type"


def read_order(written: Mapping[str, Any], instrument: Instrument) -> NewOrder:
    """Return the order that these texts ask for; `expires_at` is an instant or None, `post_only` a flag.

    Raises UnsupportedOrderType, InvalidOrder with the fields that can't be read.
    """
    asked = str(written.get("order_type", ""))
    later = [name for name in FIELDS_OF_LATER if written.get(name) is not None]
    if asked in LATER or later:
        raise UnsupportedOrderType(
            f"Orders with {later[0]} are not taken here."
            if later
            else f"Orders of the type {asked} are not taken here.",
            next_step="Send a limit or a market order.",
        )
    fields: dict[str, list[str]] = {}
    order_type = _word(OrderType, asked, "order_type", fields)
    order = NewOrder(
        instrument=instrument.id,
        client_order_id=str(written.get("client_order_id", "")),
        side=_word(Side, written.get("side"), "side", fields) or Side.BUY,
        order_type=order_type or OrderType.LIMIT,
        quantity=_amount(written, "quantity", instrument.asset_decimals, fields),
        price=_amount(written, "price", instrument.quote_decimals, fields),
        time_in_force=_time_in_force(written, order_type, fields),
        expires_at=written.get("expires_at"),
        post_only=bool(written.get("post_only")),
        self_trade=_word(
            SelfTrade,
            written.get("self_trade_prevention") or SelfTrade.CANCEL_NEWEST,
            "self_trade_prevention",
            fields,
        )
        or SelfTrade.CANCEL_NEWEST,
        budget=_amount(written, "budget", instrument.quote_decimals, fields),
    )
    if fields:
        raise InvalidOrder("This order can't be read.", fields=fields)
    return order


def read_amount(text: Any, *, field: str, decimals: int) -> int:
    """Read decimal text in smallest units. Raises InvalidOrder with the field."""
    fields: dict[str, list[str]] = {}
    amount = _amount({field: text}, field, decimals, fields)
    if fields:
        raise InvalidOrder("This amount can't be read.", fields=fields)
    return amount


def _time_in_force(
    written: Mapping[str, Any], order_type: OrderType | None, fields: dict[str, list[str]]
) -> TimeInForce:
    usual = TimeInForce.IOC if order_type is OrderType.MARKET else TimeInForce.GTC
    return _word(TimeInForce, written.get("time_in_force") or usual, "time_in_force", fields) or usual


def _word(words: type[W], text: Any, field: str, fields: dict[str, list[str]]) -> W | None:
    try:
        return words(text)
    except ValueError:
        fields[field] = [f"This must be one of {', '.join(words)}."]
        return None


def _amount(written: Mapping[str, Any], field: str, decimals: int, fields: dict[str, list[str]]) -> int:
    text = written.get(field)
    if text is None or text == "":
        return 0
    try:
        return money.parse(text, decimals=decimals)
    except Invalid as error:
        fields[field] = [error.detail]
        return 0
