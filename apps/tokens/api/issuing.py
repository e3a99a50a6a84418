"""Tokens in the API: what everybody sees of them, and what an issuer drafts (API-5)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.clock import now
from apps.common.http import actor_of, user_id_of
from apps.common.ids import new_id
from apps.common.pagination import NewestFirst
from apps.common.serializers import PageQuery, TextField, problems, read
from apps.tokens import models, rules, selectors, services
from apps.tokens.api.bodies import TokenChange, TokenInput, TokenOutput, token_body
from apps.tokens.types import TokenStatus

EXAMPLE = OpenApiExample(
    "Equity of a logistics company",
    request_only=True,
    value={
        "business_id": "0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a11",
        "name": "Falcon Logistics Class A",
        "symbol": "FLCN",
        "decimals": 0,
        "total_supply": "1000000",
        "price_per_token": "10.00",
        "raise_currency": "USD",
        "min_investment": "100.00",
        "jurisdiction": "AE",
        "primary_offering_pct": "60",
        "team_pct": "15",
        "reserve_pct": "25",
    },
)
STATUSES = [str(each) for each in TokenStatus]


class TokenQuery(PageQuery):
    status = TextField(max_length=16, required=False, default="")
    search = TextField(max_length=80, required=False, default="")


class Tokens(ListAPIView[models.Token]):
    """What is offered, and what one's own business drafts."""

    serializer_class = TokenOutput
    pagination_class = NewestFirst
    queryset = models.Token.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[models.Token]:
        """Return what the asker may see of what the query asks for."""
        query = read(TokenQuery, self.request.query_params.dict())
        return selectors.token_rows(
            status=query["status"],
            search=query["search"],
            visible_to=user_id_of(self.request),
            public=True,
        )

    @extend_schema(
        parameters=[OpenApiParameter("status", enum=STATUSES), OpenApiParameter("search")],
        responses={200: TokenOutput(many=True), **problems(400, 401, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List tokens that are or were offered, and the drafts of one's own businesses; newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request=TokenInput,
        responses={201: TokenOutput, **problems(400, 401, 403, 404, 409)},
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Draft a token of an active business of one's own, as its owner or manager."""
        data = read(TokenInput, request.data)
        business_id = data.pop("business_id")
        token = services.create_token(
            token_id=new_id(),
            business_id=business_id,
            terms=selectors.read_terms(data),
            user_id=user_id_of(request),
            by=actor_of(request),
            at=now(),
        )
        return Response(token_body(token), status=201)


class TokenDetail(APIView):
    """One token."""

    @extend_schema(responses={200: TokenOutput, **problems(401, 404)})
    def get(self, request: Request, token_id: UUID) -> Response:
        """Show a token that is or was offered, or a draft of one's own business."""
        return Response(token_body(selectors.visible_token(token_id, viewer=user_id_of(request))))

    @extend_schema(
        request=TokenChange,
        responses={200: TokenOutput, **problems(400, 401, 403, 404, 409, 412)},
        examples=[
            OpenApiExample("A new price", request_only=True, value={"price_per_token": "12.50", "version": 1})
        ],
    )
    def patch(self, request: Request, token_id: UUID) -> Response:
        """Change some of a draft's terms; a stale version is refused."""
        data = read(TokenChange, request.data)
        viewer = user_id_of(request)
        before = selectors.visible_token(token_id, viewer=viewer)
        version = data.pop("version")
        written = rules.write_terms(before.terms, cash_decimals=before.cash_decimals) | data
        token = services.update_token(
            token_id=token_id,
            terms=selectors.read_terms(written),
            version=version,
            user_id=viewer,
            by=actor_of(request),
            at=now(),
        )
        return Response(token_body(token))
