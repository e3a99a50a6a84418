"""Orders and instruments as the market's operators see and steer them (RISK-4)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.clock import now
from apps.common.http import actor_of, answer_once
from apps.common.pagination import CursorPages
from apps.common.serializers import IDEMPOTENCY_KEY, problems, read
from apps.trading import models, rules, selectors, services
from apps.trading.api.inputs import AdminOrderQuery, CollarInput, VenueReasonInput
from apps.trading.api.orders import ORDER_FILTERS, order_bodies, wanted
from apps.trading.api.outputs import AskedOutput, OrderOutput

REFUSALS = problems(400, 401, 403, 404, 409, 422)
WHY = OpenApiExample("Pending news", request_only=True, value={"reason": "news_pending"})


class AllOrders(GenericAPIView[models.Order]):
    """All orders."""

    serializer_class = OrderOutput
    pagination_class = CursorPages
    queryset = models.Order.objects.none()

    def get_queryset(self) -> QuerySet[models.Order]:
        """Return the orders that the query asks for."""
        return selectors.order_rows(**wanted(read(AdminOrderQuery, self.request.query_params.dict())))

    @extend_schema(
        operation_id="admin_orders_list",
        parameters=[*ORDER_FILTERS, OpenApiParameter("user_id", description="whose orders")],
        responses={200: OrderOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List orders, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(order_bodies(selectors.as_orders(page)))


class CancelAnyOrder(APIView):
    """Somebody's order."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=VenueReasonInput,
        responses={202: AskedOutput, **REFUSALS},
        examples=[OpenApiExample("An error", request_only=True, value={"reason": "erroneous"})],
    )
    def post(self, request: Request, order_id: UUID) -> Response:
        """Have the sequencer cancel an order; its owner reads that the venue did."""
        return _ask(request, services.cancel_by_venue, order_id=order_id, **_why(request))


class Halt(APIView):
    """Trading in an instrument."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=VenueReasonInput,
        responses={202: AskedOutput, **REFUSALS},
        examples=[WHY],
    )
    def post(self, request: Request, instrument_id: UUID) -> Response:
        """Take no more new orders; open ones can be cancelled."""
        return _ask(request, services.halt, instrument_id=instrument_id, **_why(request))


class Resume(APIView):
    """Trading in an instrument that was halted."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], request=VenueReasonInput, responses={202: AskedOutput, **REFUSALS}
    )
    def post(self, request: Request, instrument_id: UUID) -> Response:
        """Take new orders again."""
        return _ask(request, services.resume, instrument_id=instrument_id, **_why(request))


class Collar(APIView):
    """The bounds of an instrument's price."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=CollarInput,
        responses={202: AskedOutput, **REFUSALS},
        examples=[
            OpenApiExample(
                "From 2 to 3 dollars",
                request_only=True,
                value={"lowest": "2.00", "highest": "3.00", "reason": "new_reference"},
            )
        ],
    )
    def post(self, request: Request, instrument_id: UUID) -> Response:
        """Set the lowest and the highest price that is taken; null for no bound."""
        asked = read(CollarInput, request.data)
        decimals = selectors.instrument(instrument_id).quote_decimals
        bounds = {
            name: rules.read_amount(asked[name], field=name, decimals=decimals)
            for name in ("lowest", "highest")
        }
        return _ask(
            request, services.set_collar, instrument_id=instrument_id, reason=asked["reason"], **bounds
        )


def _ask(request: Request, verb: Callable[..., object], **arguments: Any) -> Response:
    at, by = now(), actor_of(request)
    body = {name: str(value) for name, value in arguments.items() if name.endswith("_id")}
    return answer_once(
        request,
        verb=lambda: verb(**arguments, by=by, at=at),
        render=lambda _: body | {"asked_at": rules.time(at)},
        at=at,
        status=202,
    )


def _why(request: Request) -> dict[str, Any]:
    return read(VenueReasonInput, request.data)
