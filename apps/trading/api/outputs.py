"""What the API of the market answers. Amounts are decimal text, times are UTC."""

from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.common.serializers import ProblemSerializer
from apps.trading.types import (
    OrderStatus,
    OrderType,
    Reason,
    SelfTrade,
    SettlementStatus,
    Side,
    TimeInForce,
    TradingState,
)

# The document's generator names them by these.
ORDER_STATUS = [str(each) for each in OrderStatus]
SETTLEMENT_STATUS = [str(each) for each in SettlementStatus]
TRADING_STATE = [str(each) for each in TradingState]
SIDE = [str(each) for each in Side]
REASON = [str(each) for each in Reason if each]


class FeesOutput(serializers.Serializer[Any]):
    """What the maker and the taker of a trade pay of it, in percent."""

    maker_pct = serializers.CharField()
    taker_pct = serializers.CharField()


class InstrumentOutput(serializers.Serializer[Any]):
    """A token as the market sees it. `lowest` and `highest` bound its price; null: no bound."""

    id = serializers.UUIDField()
    symbol = serializers.CharField()
    asset = serializers.CharField()
    quote = serializers.CharField()
    asset_decimals = serializers.IntegerField()
    quote_decimals = serializers.IntegerField()
    tick = serializers.CharField(help_text="the step of prices")
    lot = serializers.CharField(help_text="the step of quantities")
    lowest = serializers.CharField(allow_null=True)
    highest = serializers.CharField(allow_null=True)
    buyer_fees = FeesOutput()
    seller_fees = FeesOutput()
    state = serializers.ChoiceField(choices=TRADING_STATE)


class InstrumentsOutput(serializers.Serializer[Any]):
    results = InstrumentOutput(many=True)


class TradeOutput(serializers.Serializer[Any]):
    """A trade of an order. The other side's order is null."""

    id = serializers.UUIDField()
    buy_order_id = serializers.UUIDField(allow_null=True)
    sell_order_id = serializers.UUIDField(allow_null=True)
    price = serializers.CharField()
    quantity = serializers.CharField()
    total = serializers.CharField(help_text="price × quantity")
    fee = serializers.CharField(help_text="what I paid for it")
    liquidity = serializers.ChoiceField(choices=["maker", "taker"])
    executed_at = serializers.DateTimeField()
    settlement_status = serializers.ChoiceField(choices=SETTLEMENT_STATUS)
    tx_hash = serializers.CharField(allow_blank=True)


class OwnTradeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    instrument = serializers.UUIDField()
    side = serializers.ChoiceField(choices=SIDE)
    price = serializers.CharField()
    quantity = serializers.CharField()
    total = serializers.CharField()
    fee = serializers.CharField()
    liquidity = serializers.ChoiceField(choices=["maker", "taker"])
    executed_at = serializers.DateTimeField()
    settlement_status = serializers.ChoiceField(choices=SETTLEMENT_STATUS)
    settlement_attempts = serializers.IntegerField()
    tx_hash = serializers.CharField(allow_blank=True)
    settled_at = serializers.DateTimeField(allow_null=True)


class OrderOutput(serializers.Serializer[Any]):
    """An order (ORD-1). `price` is null at market, `fee` is what its trades have cost in fees."""

    id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    instrument = serializers.UUIDField()
    side = serializers.ChoiceField(choices=SIDE)
    order_type = serializers.ChoiceField(choices=[str(each) for each in OrderType])
    price = serializers.CharField(allow_null=True)
    quantity = serializers.CharField()
    filled_quantity = serializers.CharField()
    remaining = serializers.CharField(help_text="what can still trade; 0 for one that has ended")
    status = serializers.ChoiceField(choices=ORDER_STATUS)
    reason = serializers.ChoiceField(choices=REASON, allow_blank=True)
    time_in_force = serializers.ChoiceField(choices=[str(each) for each in TimeInForce])
    expires_at = serializers.DateTimeField(allow_null=True)
    post_only = serializers.BooleanField()
    self_trade_prevention = serializers.ChoiceField(choices=[str(each) for each in SelfTrade])
    client_order_id = serializers.CharField()
    fee = serializers.CharField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PlacedOutput(OrderOutput):
    """An order with its trades, as they were right after it came: a repeat gets the same."""

    trades = TradeOutput(many=True)


class OrderStepOutput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=ORDER_STATUS)
    reason = serializers.ChoiceField(choices=REASON, allow_blank=True)
    at = serializers.DateTimeField()


class OrderDetailOutput(PlacedOutput):
    """An order as it is now, with its steps and trades, oldest first."""

    history = OrderStepOutput(many=True)


class BatchResultOutput(serializers.Serializer[Any]):
    """What became of one order of a batch: the order, or the problem that refused it."""

    client_order_id = serializers.CharField()
    order = PlacedOutput(allow_null=True)
    problem = ProblemSerializer(allow_null=True)


class BatchOutput(serializers.Serializer[Any]):
    results = BatchResultOutput(many=True)


class CancelledOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    client_order_id = serializers.CharField()
    instrument = serializers.UUIDField()


class CancelledAllOutput(serializers.Serializer[Any]):
    """The orders that this cancelled; those that ended by themselves meanwhile are not among them."""

    cancelled = CancelledOutput(many=True)


class LimitOutput(serializers.Serializer[Any]):
    """The investment limit over twelve months, in US dollars; `limit` and `remaining` null: there is none."""

    currency = serializers.CharField()
    limit = serializers.CharField(allow_null=True)
    used = serializers.CharField(help_text="invested, net of sales, and what open orders may yet cost")
    reserved = serializers.CharField(help_text="being asked for at this moment")
    remaining = serializers.CharField(allow_null=True)


class PreviewProblemOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField()
    next_step = serializers.CharField(allow_blank=True)


class PreviewOutput(serializers.Serializer[Any]):
    """What an order would need, were it placed now; at market an estimate by the book."""

    notional = serializers.CharField(help_text="in the quote, without the fee")
    fee_at_most = serializers.CharField()
    held_asset = serializers.CharField()
    held = serializers.CharField(help_text="what would be kept back")
    available = serializers.CharField(help_text="what there is of it")
    fillable = serializers.CharField(help_text="how much would trade at once")
    average = serializers.CharField(allow_null=True, help_text="the average price of that")
    problems = PreviewProblemOutput(many=True, help_text="what would refuse it")
    limit = LimitOutput()


class BookOutput(serializers.Serializer[Any]):
    """Price levels as [price, open quantity], best first, as of a sequence number."""

    instrument = serializers.UUIDField()
    sequence = serializers.IntegerField()
    bids = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    asks = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class PublicTradeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    price = serializers.CharField()
    quantity = serializers.CharField()
    side = serializers.ChoiceField(choices=SIDE, help_text="the taker's")
    executed_at = serializers.DateTimeField()


class PublicTradesOutput(serializers.Serializer[Any]):
    results = PublicTradeOutput(many=True)


class CandleOutput(serializers.Serializer[Any]):
    at = serializers.DateTimeField(help_text="when its minute begins")
    open = serializers.CharField()
    high = serializers.CharField()
    low = serializers.CharField()
    close = serializers.CharField()
    volume = serializers.CharField()


class CandlesOutput(serializers.Serializer[Any]):
    """Oldest first; minutes without trades are left out."""

    interval = serializers.CharField()
    results = CandleOutput(many=True)


class TickerOutput(serializers.Serializer[Any]):
    """A market at a glance; what there isn't is null."""

    instrument = serializers.UUIDField()
    state = serializers.ChoiceField(choices=TRADING_STATE)
    last = serializers.CharField(allow_null=True)
    bid = serializers.CharField(allow_null=True)
    ask = serializers.CharField(allow_null=True)
    low_24h = serializers.CharField(allow_null=True)
    high_24h = serializers.CharField(allow_null=True)
    volume_24h = serializers.CharField()
    change_24h_pct = serializers.CharField(allow_null=True)


_ID = "0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a11"
_ORDER = {
    "instrument": _ID,
    "client_order_id": "2026-11-21-0001",
    "side": "buy",
    "order_type": "limit",
    "quantity": "100",
    "price": "2.50",
}
BUY_LIMIT = OpenApiExample("A hundred at 2.50 or less", request_only=True, value=_ORDER)
BUY_MARKET = OpenApiExample(
    "As many as 250 dollars buy now, at most a hundred",
    request_only=True,
    value={name: value for name, value in _ORDER.items() if name != "price"}
    | {"order_type": "market", "budget": "250.00"},
)
PLACED = OpenApiExample(
    "Half of it traded at once",
    response_only=True,
    status_codes=["201"],
    value={
        "id": "0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a12",
        "user_id": "0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a13",
        **_ORDER,
        "filled_quantity": "50",
        "remaining": "50",
        "status": "partially_filled",
        "reason": "",
        "time_in_force": "GTC",
        "expires_at": None,
        "post_only": False,
        "self_trade_prevention": "cancel_newest",
        "fee": "0.00",
        "version": 1,
        "created_at": "2026-11-21T10:00:00Z",
        "updated_at": "2026-11-21T10:00:00Z",
        "trades": [
            {
                "id": "0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a14",
                "buy_order_id": "0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a12",
                "sell_order_id": None,
                "price": "2.45",
                "quantity": "50",
                "total": "122.50",
                "fee": "0.00",
                "liquidity": "taker",
                "executed_at": "2026-11-21T10:00:00Z",
                "settlement_status": "pending",
                "tx_hash": "",
            }
        ],
    },
)


class AskedOutput(serializers.Serializer[Any]):
    """The sequencer was asked, and does it in its place in the order of things."""

    order_id = serializers.UUIDField(required=False)
    instrument_id = serializers.UUIDField(required=False)
    asked_at = serializers.DateTimeField()
