"""One's own orders and trades (ORD-1)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common import money
from apps.common.clock import now
from apps.common.errors import DomainError
from apps.common.http import actor_of, problem, user_id_of
from apps.common.ids import new_id
from apps.common.pagination import CursorPages
from apps.common.serializers import problems, read
from apps.compliance.types import CURRENCY, DECIMALS, Meter
from apps.trading import models, rules, selectors, services
from apps.trading.api.inputs import (
    AmendInput,
    BatchInput,
    CancelAllInput,
    NothingInput,
    OrderInput,
    OrderQuery,
    PreviewInput,
    TradeQuery,
)
from apps.trading.api.outputs import (
    BUY_LIMIT,
    BUY_MARKET,
    ORDER_STATUS,
    PLACED,
    BatchOutput,
    CancelledAllOutput,
    LimitOutput,
    OrderDetailOutput,
    OrderOutput,
    OwnTradeOutput,
    PlacedOutput,
    PreviewOutput,
)
from apps.trading.types import Answer, Instrument, Order, Placed, Preview, Step, Trade

REFUSALS = problems(400, 401, 403, 404, 409, 412, 422, 429, 503)
ORDER_FILTERS = [
    OpenApiParameter("status", enum=ORDER_STATUS),
    OpenApiParameter("instrument", description="the id of an instrument"),
    OpenApiParameter("live", enum=["true", "false"], description="whether it can still trade"),
]


class LatestFirst(CursorPages):
    ordering = ("-executed_at", "-id")  # type: ignore[assignment]  # DRF takes a tuple as well


class Orders(GenericAPIView[models.Order]):
    """My orders."""

    serializer_class = OrderOutput
    pagination_class = CursorPages
    queryset = models.Order.objects.none()

    def get_queryset(self) -> QuerySet[models.Order]:
        """Return the asker's own orders that the query asks for."""
        query = read(OrderQuery, self.request.query_params.dict())
        return selectors.order_rows(owner=user_id_of(self.request), **wanted(query))

    @extend_schema(
        operation_id="orders_list",
        parameters=ORDER_FILTERS,
        responses={200: OrderOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List my orders, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(order_bodies(selectors.as_orders(page)))

    @extend_schema(
        request=OrderInput,
        responses={201: PlacedOutput, **REFUSALS},
        examples=[BUY_LIMIT, BUY_MARKET, PLACED],
    )
    def post(self, request: Request) -> Response:
        """Place an order; the answer comes when it and its trades are durable.

        The same client_order_id again gets the first answer, with the header Idempotency-Replayed; with
        another order it is refused. After a 503 send the same again: it is placed once.
        """
        asked, owner = read(OrderInput, request.data), user_id_of(request)
        instrument = selectors.instrument(asked["instrument"])
        order = rules.read_order(asked, instrument)
        answer = services.place_order(order=order, owner=owner, by=actor_of(request), at=now())
        made = next(iter(selectors.placed([answer], owner=owner).values()))
        headers = {"Idempotency-Replayed": "true"} if made.is_repeated else {}
        return Response(placed_body(made, instrument), status=201, headers=headers)


class OrderDetail(APIView):
    """One order of mine."""

    @extend_schema(responses={200: OrderDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, order_id: UUID) -> Response:
        """Show an order with its steps and its trades."""
        return Response(detail_body(selectors.order(order_id, owner=user_id_of(request))))

    @extend_schema(request=AmendInput, responses={200: OrderDetailOutput, **REFUSALS})
    def patch(self, request: Request, order_id: UUID) -> Response:
        """Give an open order another price or quantity.

        A lower quantity keeps its place in the queue; a new price or a higher quantity loses it.
        """
        asked, owner = read(AmendInput, request.data), user_id_of(request)
        before = selectors.order(order_id, owner=owner)
        market = selectors.instrument(before.instrument)
        price, quantity = before.price, before.quantity
        if "price" in asked:
            price = rules.read_amount(asked["price"], field="price", decimals=market.quote_decimals)
        if "quantity" in asked:
            quantity = rules.read_amount(asked["quantity"], field="quantity", decimals=market.asset_decimals)
        services.amend_order(
            order_id=order_id,
            owner=owner,
            version=asked["version"],
            price=price,
            quantity=quantity,
            by=actor_of(request),
            at=now(),
        )
        return Response(detail_body(selectors.order(order_id, owner=owner)))


class CancelOrder(APIView):
    """An order of mine that shall trade no more."""

    @extend_schema(request=None, responses={200: OrderDetailOutput, **REFUSALS})
    def post(self, request: Request, order_id: UUID) -> Response:
        """Cancel what is open of it; what it held is free again."""
        read(NothingInput, request.data)
        owner = user_id_of(request)
        services.cancel_order(order_id=order_id, owner=owner, by=actor_of(request), at=now())
        return Response(detail_body(selectors.order(order_id, owner=owner)))


class CancelAll(APIView):
    """All my open orders."""

    @extend_schema(request=CancelAllInput, responses={200: CancelledAllOutput, **REFUSALS})
    def post(self, request: Request) -> Response:
        """Cancel all my open orders, or those of one instrument, and say which were cancelled."""
        asked = read(CancelAllInput, request.data)
        done = services.cancel_all(
            owner=user_id_of(request),
            instrument_id=asked.get("instrument"),
            by=actor_of(request),
            at=now(),
        )
        return Response({"cancelled": [_cancelled_body(order) for order in done]})


class Batch(APIView):
    """Several orders of one instrument at once."""

    @extend_schema(request=BatchInput, responses={201: BatchOutput, **REFUSALS})
    def post(self, request: Request) -> Response:
        """Place up to a hundred orders; each gets its own answer, in their order."""
        asked, owner = read(BatchInput, request.data)["orders"], user_id_of(request)
        instrument = selectors.instrument(asked[0]["instrument"])
        if any(each["instrument"] != instrument.id for each in asked):
            raise services.TooManyOrders("A batch has orders of one instrument.")
        orders = [rules.read_order(each, instrument) for each in asked]
        answers = services.place_orders(orders=orders, owner=owner, by=actor_of(request), at=now())
        made = selectors.placed([each for each in answers if isinstance(each, Answer)], owner=owner)
        results = [
            _result_body(order.client_order_id, answer, made, instrument, request)
            for order, answer in zip(orders, answers, strict=True)
        ]
        return Response({"results": results}, status=201)


class PreviewOrder(APIView):
    """An order that isn't placed."""

    @extend_schema(
        request=PreviewInput,
        responses={200: PreviewOutput, **problems(400, 401, 403, 404, 422, 503)},
        examples=[BUY_LIMIT],
    )
    def post(self, request: Request) -> Response:
        """Tell what an order would hold and cost, and what would refuse it. Nothing is changed."""
        asked = {"client_order_id": str(new_id())} | read(PreviewInput, request.data)
        instrument = selectors.instrument(asked["instrument"])
        order = rules.read_order(asked, instrument)
        found = services.preview_order(order=order, owner=user_id_of(request), at=now())
        return Response(_preview_body(found, instrument))


class OwnTrades(GenericAPIView[models.Trade]):
    """My trades."""

    serializer_class = OwnTradeOutput
    pagination_class = LatestFirst
    queryset = models.Trade.objects.none()

    def get_queryset(self) -> QuerySet[models.Trade]:
        """Return the asker's own trades that the query asks for."""
        query = read(TradeQuery, self.request.query_params.dict())
        return selectors.fill_rows(user_id_of(self.request), instrument_id=query.get("instrument"))

    @extend_schema(
        operation_id="trades_list",
        parameters=[OpenApiParameter("instrument", description="the id of an instrument")],
        responses={200: OwnTradeOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List my trades with their settlement, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        markets = selectors.instruments_by_id()
        fills = selectors.as_fills(page, user_id_of(request))
        return self.get_paginated_response(
            [rules.own_trade_body(fill, markets[fill.instrument]) for fill in fills]
        )


class InvestmentLimit(APIView):
    """How much I may invest."""

    @extend_schema(responses={200: LimitOutput, **problems(401, 403, 503)})
    def get(self, request: Request) -> Response:
        """Show my investment limit over twelve months, and how much of it is used."""
        return Response(_limit_body(selectors.meter(user_id_of(request), at=now())))


def wanted(query: dict[str, Any]) -> dict[str, Any]:
    """Return the filters that a query of orders names, for `selectors.order_rows`."""
    names = {"status": "status", "instrument": "instrument_id", "user_id": "owner"}
    found = {argument: query[name] for name, argument in names.items() if name in query}
    return found | ({"live": query["live"] == "true"} if "live" in query else {})


def order_bodies(orders: list[Order]) -> list[dict[str, Any]]:
    """Return orders of any instruments as plain JSON."""
    markets = selectors.instruments_by_id() if orders else {}
    return [rules.order_body(order, markets[order.instrument]) for order in orders]


def placed_body(made: Placed, instrument: Instrument) -> dict[str, Any]:
    """Return an order and its trades as they were right after it came."""
    return rules.order_body(made.order, instrument) | _trades(made.order, made.trades, instrument)


def detail_body(order: Order) -> dict[str, Any]:
    """Return an order as it is now, with its steps and trades."""
    market = selectors.instrument(order.instrument)
    history = [_step_body(step) for step in selectors.history(order.id)]
    trades = _trades(order, selectors.trades_of(order.id), market)
    return rules.order_body(order, market) | trades | {"history": history}


def _trades(order: Order, trades: tuple[Trade, ...] | list[Trade], market: Instrument) -> dict[str, Any]:
    return {"trades": [rules.trade_body(each, market, order_id=order.id) for each in trades]}


def _step_body(step: Step) -> dict[str, Any]:
    return {"status": str(step.status), "reason": str(step.reason), "at": rules.time(step.at)}


def _cancelled_body(order: Order) -> dict[str, Any]:
    return {
        "id": str(order.id),
        "client_order_id": order.client_order_id,
        "instrument": str(order.instrument),
    }


def _result_body(
    name: str,
    answer: Answer | DomainError,
    made: dict[UUID, Placed],
    instrument: Instrument,
    request: Request,
) -> dict[str, Any]:
    if isinstance(answer, DomainError):
        refusal = problem(answer, request._request)  # noqa: SLF001  # DRF's own way to the Django request
        return {"client_order_id": name, "order": None, "problem": refusal}
    placed = made[answer.order_id] if answer.order_id else None
    body = placed_body(placed, instrument) if placed else None
    return {"client_order_id": name, "order": body, "problem": None}


def _preview_body(preview: Preview, market: Instrument) -> dict[str, Any]:
    quote = market.quote_decimals
    return {
        "notional": money.text(preview.notional, decimals=quote),
        "fee_at_most": money.text(preview.fee_at_most, decimals=quote),
        "held_asset": preview.held_asset,
        "held": money.text(preview.held, decimals=preview.held_decimals),
        "available": money.text(preview.available, decimals=preview.held_decimals),
        "fillable": money.text(preview.fillable, decimals=market.asset_decimals),
        "average": money.text(preview.average, decimals=quote) if preview.average else None,
        "problems": [
            {"code": each.code, "detail": each.sentence, "next_step": each.next_step}
            for each in preview.problems
        ],
        "limit": _limit_body(preview.meter),
    }


def _limit_body(meter: Meter) -> dict[str, Any]:
    def text(cents: int | None) -> str | None:
        return None if cents is None else money.text(cents, decimals=DECIMALS)

    return {
        "currency": CURRENCY,
        "limit": text(meter.limit or None),
        "used": text(meter.used),
        "reserved": text(meter.reserved),
        "remaining": text(meter.remaining),
    }
