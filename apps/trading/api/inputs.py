"""What the API of the market takes. Amounts are decimal text; what they mean the rules say."""

import re
from typing import Any

from rest_framework import serializers

from apps.common.serializers import CountField, PageQuery, StrictSerializer, TextField
from apps.trading import selectors
from apps.trading.services import MAX_BATCH
from apps.trading.types import OrderStatus, OrderType, SelfTrade, Side, TimeInForce

MAX_AMOUNT = 40
LAST_VERSION = 2**31 - 2
_DIGITS = re.compile(r"[0-9]{1,4}", re.ASCII)


class NumberField(serializers.Field[int, Any, Any, Any]):
    """A small whole number behind the question mark, in ASCII digits."""

    def __init__(self, *, maximum: int, **more: Any) -> None:
        super().__init__(**more)
        self.maximum = maximum

    def to_internal_value(self, data: Any) -> int:
        """Read it. Raises ValidationError."""
        if not _DIGITS.fullmatch(str(data)) or not 1 <= int(data) <= self.maximum:
            raise serializers.ValidationError(f"This must be a whole number from 1 to {self.maximum}.")
        return int(data)

    def to_representation(self, value: int) -> str:
        """Write it."""
        return str(value)


class FlagField(serializers.BooleanField):
    """True or false as JSON has them, and no text that looks like one."""

    def to_internal_value(self, data: Any) -> bool:
        """Read it. Raises ValidationError."""
        if not isinstance(data, bool):
            raise serializers.ValidationError("This must be true or false.")
        return data


class OrderInput(StrictSerializer):
    """An order. `price` is for a limit order; a buy at market may have a `budget`, without its fee."""

    instrument = serializers.UUIDField()
    client_order_id = TextField(
        max_length=64, help_text="chosen by the sender: the same one again gets the first answer"
    )
    side = TextField(max_length=8, help_text=", ".join(Side))
    order_type = TextField(max_length=20, help_text=", ".join(OrderType))
    quantity = TextField(max_length=MAX_AMOUNT, help_text="in whole units of the asset")
    price = TextField(
        max_length=MAX_AMOUNT, required=False, allow_null=True, help_text="in the quote, for one whole unit"
    )
    time_in_force = TextField(
        max_length=8,
        required=False,
        help_text=f"{', '.join(TimeInForce)}; if absent GTC, at market IOC",
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, help_text="for GTD")
    post_only = FlagField(required=False)
    self_trade_prevention = TextField(max_length=20, required=False, help_text=", ".join(SelfTrade))
    budget = TextField(max_length=MAX_AMOUNT, required=False, allow_null=True, help_text="in the quote")
    stop_price = TextField(max_length=MAX_AMOUNT, required=False, allow_null=True, help_text="not taken")
    display_quantity = TextField(
        max_length=MAX_AMOUNT, required=False, allow_null=True, help_text="not taken"
    )
    trail_amount = TextField(max_length=MAX_AMOUNT, required=False, allow_null=True, help_text="not taken")
    trail_percent = TextField(max_length=MAX_AMOUNT, required=False, allow_null=True, help_text="not taken")
    oco_with = TextField(max_length=64, required=False, allow_null=True, help_text="not taken")
    twap = serializers.DictField(required=False, allow_null=True, help_text="not taken")


class PreviewInput(OrderInput):
    client_order_id = TextField(max_length=64, required=False)


class BatchInput(StrictSerializer):
    """Orders of one instrument."""

    orders = serializers.ListField(child=OrderInput(), min_length=1, max_length=MAX_BATCH)


class AmendInput(StrictSerializer):
    """What an order is to become; `quantity` includes what is filled. What is absent stays."""

    version = CountField(min_value=1, max_value=LAST_VERSION, help_text="the one that was read")
    price = TextField(max_length=MAX_AMOUNT, required=False)
    quantity = TextField(max_length=MAX_AMOUNT, required=False)


class CancelAllInput(StrictSerializer):
    instrument = serializers.UUIDField(required=False, allow_null=True, help_text="absent: all")


class NothingInput(StrictSerializer):
    pass


class OrderQuery(PageQuery):
    status = serializers.ChoiceField(choices=[str(each) for each in OrderStatus], required=False)
    instrument = serializers.UUIDField(required=False)
    live = serializers.ChoiceField(choices=["true", "false"], required=False)


class AdminOrderQuery(OrderQuery):
    user_id = serializers.UUIDField(required=False)


class TradeQuery(PageQuery):
    instrument = serializers.UUIDField(required=False)


class BookQuery(StrictSerializer):
    levels = NumberField(maximum=selectors.MAX_LEVELS, required=False, default=50)


class TradesQuery(StrictSerializer):
    limit = NumberField(maximum=selectors.MAX_PAGE, required=False, default=50)


class CandleQuery(StrictSerializer):
    interval = serializers.ChoiceField(choices=["1m"], required=False, default="1m")
    limit = NumberField(maximum=selectors.MAX_CANDLES, required=False, default=500)
    until = serializers.DateTimeField(required=False)


class VenueReasonInput(StrictSerializer):
    reason = TextField(max_length=32, help_text="a word in small letters, kept with the record")


class CollarInput(VenueReasonInput):
    """The lowest and the highest price that is taken; null: no bound."""

    lowest = TextField(max_length=MAX_AMOUNT, allow_null=True)
    highest = TextField(max_length=MAX_AMOUNT, allow_null=True)
