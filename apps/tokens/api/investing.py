"""Subscriptions in the API: one's own (OFR-1, OFR-3)."""

from collections.abc import Callable
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
from apps.common.http import actor_of, answer_once, user_id_of
from apps.common.ids import new_id
from apps.common.pagination import NewestFirst
from apps.common.serializers import IDEMPOTENCY_KEY, PageQuery, StrictSerializer, TextField, problems, read
from apps.tokens import models, selectors, services
from apps.tokens.api.bodies import AllocationOutput, allocation_body
from apps.tokens.types import Allocation, AllocationStatus


class SubscriptionInput(StrictSerializer):
    quantity = TextField(max_length=24, help_text="in tokens")


class AllocationQuery(PageQuery):
    status = serializers.ChoiceField(choices=[str(each) for each in AllocationStatus], required=False)
    token_id = serializers.UUIDField(required=False)


class Subscribe(APIView):
    """An offering of a token."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=SubscriptionInput,
        responses={201: AllocationOutput, **problems(400, 401, 403, 404, 409, 422)},
        examples=[
            OpenApiExample("Two hundred and fifty tokens", request_only=True, value={"quantity": "250"})
        ],
    )
    def post(self, request: Request, token_id: UUID) -> Response:
        """Subscribe: the cash is reserved until staff confirm the payment, or for seven days."""
        written, at = read(SubscriptionInput, request.data)["quantity"], now()
        investor_id = user_id_of(request)
        token = selectors.visible_token(token_id, viewer=investor_id)
        quantity = money.parse(written, decimals=token.terms.decimals)
        return answer_once(
            request,
            verb=lambda: services.subscribe(
                allocation_id=new_id(),
                token_id=token_id,
                investor_id=investor_id,
                quantity=quantity,
                by=actor_of(request),
                at=at,
            ),
            render=allocation_body,
            at=at,
            status=201,
        )


class Allocations(ListAPIView[models.Allocation]):
    """My subscriptions."""

    serializer_class = AllocationOutput
    pagination_class = NewestFirst
    queryset = models.Allocation.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[models.Allocation]:
        """Return the asker's own allocations that the query asks for."""
        query = read(AllocationQuery, self.request.query_params.dict())
        wanted = {name: query[name] for name in ("status", "token_id") if name in query}
        return selectors.allocation_rows(investor_id=user_id_of(self.request), **wanted)

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=[str(each) for each in AllocationStatus]),
            OpenApiParameter("token_id"),
        ],
        responses={200: AllocationOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List my subscriptions, newest first."""
        return self.list(request, *args, **kwargs)


class Cancel(APIView):
    """A subscription of mine whose payment is pending."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: AllocationOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, allocation_id: UUID) -> Response:
        """Give it up; the cash is free again."""
        return _act(request, allocation_id, services.cancel_subscription)


class Withdraw(APIView):
    """A confirmed subscription of mine in its cooling-off."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: AllocationOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, allocation_id: UUID) -> Response:
        """Withdraw it; the cash comes back and the tokens go back."""
        return _act(request, allocation_id, services.withdraw_in_cooling_off)


class WaiveCoolingOff(APIView):
    """The cooling-off of a subscription of mine."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: AllocationOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, allocation_id: UUID) -> Response:
        """Give it up, so that the tokens are minted at once. Doing it again changes nothing."""
        return _act(request, allocation_id, services.waive_cooling_off)


def _act(request: Request, allocation_id: UUID, verb: Callable[..., Allocation]) -> Response:
    at = now()
    return answer_once(
        request,
        verb=lambda: verb(
            allocation_id=allocation_id,
            investor_id=user_id_of(request),
            by=actor_of(request),
            at=at,
        ),
        render=allocation_body,
        at=at,
    )
