"""Trades and their settlement in the API, for staff."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common import money
from apps.common.clock import now
from apps.common.http import actor_of, answer_once
from apps.common.pagination import CursorPages
from apps.common.serializers import IDEMPOTENCY_KEY, PageQuery, StrictSerializer, TextField, problems, read
from apps.settlement import selectors, services
from apps.trading import selectors as markets
from apps.trading.types import SettlementStatus, SettlementType, SettlingTrade

STATUSES = [str(each) for each in SettlementStatus]


class TradeQuery(PageQuery):
    settlement_status = serializers.ChoiceField(choices=STATUSES, required=False)
    instrument = serializers.UUIDField(required=False)
    search = TextField(max_length=66, required=False)


class AdminTradeOutput(serializers.Serializer[Any]):
    """A trade with both its sides. Prices and money are in the quote currency, quantities in whole tokens."""

    id = serializers.UUIDField()
    instrument_id = serializers.UUIDField()
    symbol = serializers.CharField()
    quote = serializers.CharField()
    sequence = serializers.IntegerField()
    buyer_id = serializers.UUIDField()
    seller_id = serializers.UUIDField()
    taker_side = serializers.ChoiceField(choices=["buy", "sell"])
    price = serializers.CharField()
    quantity = serializers.CharField()
    notional = serializers.CharField()
    buyer_fee = serializers.CharField()
    seller_fee = serializers.CharField()
    executed_at = serializers.DateTimeField()
    settlement_status = serializers.ChoiceField(choices=STATUSES)
    settlement_type = serializers.ChoiceField(choices=[str(each) for each in SettlementType])
    settlement_attempts = serializers.IntegerField()
    settle_after = serializers.DateTimeField(allow_null=True, help_text="not tried again before this")
    tx_hash = serializers.CharField(allow_blank=True)
    settled_at = serializers.DateTimeField(allow_null=True)


class SettlementStepOutput(serializers.Serializer[Any]):
    """A step of a trade's settlement. `blocked_by` is the trade whose tokens it waits for."""

    status = serializers.ChoiceField(choices=STATUSES)
    reason = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)
    attempt = serializers.IntegerField()
    tx_hash = serializers.CharField(allow_blank=True)
    batch_id = serializers.UUIDField(allow_null=True)
    blocked_by = serializers.UUIDField(allow_null=True)
    actor_kind = serializers.CharField()
    actor_id = serializers.CharField()
    at = serializers.DateTimeField()


class AdminTradeDetailOutput(AdminTradeOutput):
    """A trade with every step of its settlement, oldest first."""

    history = SettlementStepOutput(many=True)


class RetryInput(StrictSerializer):
    reason = TextField(max_length=200)


class AdminTrades(ListAPIView[Any]):
    """All trades."""

    serializer_class = AdminTradeOutput
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[Any]:
        """Return the trades that the query asks for."""
        query = read(TradeQuery, self.request.query_params.dict())
        return markets.settling_rows(
            status=query.get("settlement_status", ""),
            instrument_id=query.get("instrument"),
            search=query.get("search", ""),
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("settlement_status", enum=STATUSES),
            OpenApiParameter("instrument", type=UUID),
            OpenApiParameter("search", description="a trade's id, or the hash of a transaction"),
        ],
        responses={200: AdminTradeOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List trades with their settlement, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([trade_body(each) for each in markets.as_settlings(page)])


class AdminTrade(APIView):
    """One trade."""

    @extend_schema(responses={200: AdminTradeDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, trade_id: UUID) -> Response:
        """Show a trade and every step of its settlement."""
        body = trade_body(markets.settling_trade(trade_id))
        steps: Any = selectors.history(trade_id)
        return Response(body | {"history": SettlementStepOutput(steps, many=True).data})


class RetrySettlement(APIView):
    """A trade that the chain refused for good."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=RetryInput,
        responses={200: AdminTradeOutput, **problems(400, 401, 403, 404, 409, 422)},
        examples=[
            OpenApiExample("The cause is gone", request_only=True, value={"reason": "unfrozen, case 2026-14"})
        ],
    )
    def post(self, request: Request, trade_id: UUID) -> Response:
        """Have it tried again with all its attempts; one that hasn't failed is left as it is."""
        at, data = now(), read(RetryInput, request.data)
        return answer_once(
            request,
            verb=lambda: services.retry(trade_id=trade_id, **data, by=actor_of(request), at=at),
            render=trade_body,
            at=at,
        )


def trade_body(trade: SettlingTrade) -> dict[str, Any]:
    """Return a trade as the API shows it."""
    market = trade.instrument
    body = {
        "id": trade.id,
        "instrument_id": market.id,
        "symbol": market.symbol,
        "quote": market.quote,
        "quantity": money.text(trade.units, decimals=market.asset_decimals),
        "settlement_status": trade.status,
        "settlement_type": trade.type,
        "settlement_attempts": trade.attempts,
    }
    for name in ("price", "notional", "buyer_fee", "seller_fee"):
        body[name] = money.text(getattr(trade, name), decimals=market.quote_decimals)
    for name in ("sequence", "buyer_id", "seller_id", "taker_side", "executed_at"):
        body[name] = getattr(trade, name)
    for name in ("settle_after", "tx_hash", "settled_at"):
        body[name] = getattr(trade, name)
    found: dict[str, Any] = dict(AdminTradeOutput(body).data)
    return found
