"""Tokens and allocations in the API, as staff work on them (API-5)."""

from typing import Any, Literal
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
from apps.common.errors import Invalid
from apps.common.http import actor_of, answer_once
from apps.common.pagination import NewestFirst
from apps.common.serializers import IDEMPOTENCY_KEY, PageQuery, StrictSerializer, problems, read
from apps.tokens import models, selectors, services
from apps.tokens.api.bodies import AllocationOutput, TokenOutput, allocation_body, texts, token_body
from apps.tokens.api.issuing import STATUSES, TokenQuery
from apps.tokens.types import MAX_AT_ONCE, AllocationStatus, Confirmation, OnChainStatus, RegisterLine, Token


class PeriodInput(StrictSerializer):
    primary_start = serializers.DateTimeField()
    primary_end = serializers.DateTimeField()


class ConfirmationInput(StrictSerializer):
    allocation_ids = serializers.JSONField(help_text=f'a list of 1 to {MAX_AT_ONCE} ids, or "all"')


class ConfirmationOutput(serializers.Serializer[Any]):
    """What was confirmed, what of "all" was left out because its investor may not have the token any more,
    and how many still wait."""

    confirmed = serializers.ListField(child=serializers.UUIDField())
    left_out = serializers.ListField(child=serializers.UUIDField())
    remaining = serializers.IntegerField()


class AllocationQuery(PageQuery):
    status = serializers.ChoiceField(choices=[str(each) for each in AllocationStatus], required=False)
    on_chain_status = serializers.ChoiceField(choices=[str(each) for each in OnChainStatus], required=False)


class RegisterLineOutput(serializers.Serializer[Any]):
    """One holder, in the ledger and on chain. `agrees`: they are equal but for what waits for its mint."""

    owner = serializers.UUIDField(allow_null=True)
    address = serializers.CharField(allow_blank=True)
    ledger_units = serializers.CharField()
    chain_units = serializers.CharField()
    awaiting_mint = serializers.CharField()
    agrees = serializers.BooleanField()


class HoldersOutput(serializers.Serializer[Any]):
    token_id = serializers.UUIDField()
    symbol = serializers.CharField()
    contract_address = serializers.CharField(allow_blank=True)
    agrees = serializers.BooleanField()
    holders = RegisterLineOutput(many=True)


class AdminTokens(ListAPIView[models.Token]):
    """All tokens, drafts too."""

    serializer_class = TokenOutput
    pagination_class = NewestFirst
    queryset = models.Token.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[models.Token]:
        """Return what the query asks for."""
        query = read(TokenQuery, self.request.query_params.dict())
        return selectors.token_rows(status=query["status"], search=query["search"])

    @extend_schema(
        parameters=[OpenApiParameter("status", enum=STATUSES), OpenApiParameter("search")],
        responses={200: TokenOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List all tokens, newest first."""
        return self.list(request, *args, **kwargs)


class AdminToken(APIView):
    """One token, whoever's."""

    @extend_schema(responses={200: TokenOutput, **problems(401, 403, 404)})
    def get(self, request: Request, token_id: UUID) -> Response:
        """Show a token, a draft too."""
        return Response(token_body(selectors.token(token_id)))


class Deploy(APIView):
    """A draft's contracts."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={202: TokenOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, token_id: UUID) -> Response:
        """Ask the chain for them; `deployed_at` is set once that is final. A second call changes nothing."""
        at = now()
        return answer_once(
            request,
            verb=lambda: services.deploy(token_id=token_id, by=actor_of(request), at=at),
            render=token_body,
            at=at,
            status=202,
        )


class StartOffering(APIView):
    """A deployed token's primary offering."""

    @extend_schema(
        request=PeriodInput,
        responses={200: TokenOutput, **problems(400, 401, 403, 404, 409)},
        examples=[
            OpenApiExample(
                "Two weeks",
                request_only=True,
                value={"primary_start": "2026-05-04T06:00:00Z", "primary_end": "2026-05-18T06:00:00Z"},
            )
        ],
    )
    def post(self, request: Request, token_id: UUID) -> Response:
        """Open it from its start until its end."""
        data = read(PeriodInput, request.data)
        token = services.start_offering(token_id=token_id, **data, by=actor_of(request), at=now())
        return Response(token_body(token))


class ConfirmPayment(APIView):
    """The payments of a token's offering."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=ConfirmationInput,
        responses={200: ConfirmationOutput, **problems(400, 401, 403, 404, 409, 422)},
        examples=[
            OpenApiExample(
                "Those that have come",
                request_only=True,
                value={"allocation_ids": ["0192f3d1-5c0e-7cc2-9a53-0f6c0d0f4a11"]},
            )
        ],
    )
    def post(self, request: Request, token_id: UUID) -> Response:
        """Confirm all of the named allocations or none, or the oldest that are pending ("all")."""
        ids = _ids(read(ConfirmationInput, request.data)["allocation_ids"])
        at = now()
        return answer_once(
            request,
            verb=lambda: services.confirm_payment(
                token_id=token_id, allocation_ids=ids, by=actor_of(request), at=at
            ),
            render=_confirmation,
            at=at,
        )


class AdminAllocations(ListAPIView[models.Allocation]):
    """What was subscribed of a token."""

    serializer_class = AllocationOutput
    pagination_class = NewestFirst
    queryset = models.Allocation.objects.none()

    def get_queryset(self) -> QuerySet[models.Allocation]:
        """Return the token's allocations that the query asks for. Raises NotFound."""
        query = read(AllocationQuery, self.request.query_params.dict())
        wanted = {name: query[name] for name in ("status", "on_chain_status") if name in query}
        return selectors.allocation_rows(token_id=selectors.token(self.kwargs["token_id"]).id, **wanted)

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=[str(each) for each in AllocationStatus]),
            OpenApiParameter("on_chain_status", enum=[str(each) for each in OnChainStatus]),
        ],
        responses={200: AllocationOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List a token's allocations, newest first."""
        return self.list(request, *args, **kwargs)


class Register(APIView):
    """A token's holders."""

    @extend_schema(responses={200: HoldersOutput, **problems(401, 403, 404)})
    def get(self, request: Request, token_id: UUID) -> Response:
        """Show what the ledger and the chain say of each holder, side by side."""
        token, lines = selectors.token(token_id), selectors.register(token_id)
        return Response(
            {
                "token_id": str(token.id),
                "symbol": token.terms.symbol,
                "contract_address": token.contracts.contract_address,
                "agrees": all(line.agrees for line in lines),
                "holders": [_line(line, token) for line in lines],
            }
        )


class RequeueMint(APIView):
    """A mint that the chain refused."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: AllocationOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, allocation_id: UUID) -> Response:
        """Have it tried again."""
        at = now()
        return answer_once(
            request,
            verb=lambda: services.requeue_mint(allocation_id=allocation_id, by=actor_of(request), at=at),
            render=allocation_body,
            at=at,
        )


def _ids(written: Any) -> list[UUID] | Literal["all"]:
    """Read "all", or a list of ids. Raises Invalid with fields."""
    if written == "all":
        return "all"
    listed = written if isinstance(written, list) else [None]
    try:
        return [UUID(each) for each in listed[: MAX_AT_ONCE + 1]]
    except (ValueError, TypeError, AttributeError) as error:
        sentence = 'This must be a list of ids, or "all".'
        raise Invalid(sentence, fields={"allocation_ids": [sentence]}) from error


def _confirmation(done: Confirmation) -> dict[str, Any]:
    return {
        "confirmed": texts(each.id for each in done.confirmed),
        "left_out": texts(done.left_out),
        "remaining": done.remaining,
    }


def _line(line: RegisterLine, token: Token) -> dict[str, Any]:
    names = ("ledger_units", "chain_units", "awaiting_mint")
    units = {name: money.text(getattr(line, name), decimals=token.terms.decimals) for name in names}
    owner = str(line.owner) if line.owner else None
    return {"owner": owner, "address": line.address, **units, "agrees": line.agrees}
