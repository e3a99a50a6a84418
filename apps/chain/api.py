"""The chain in the API, for staff: its state, what was asked of it, and what to do with a dead letter."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.chain import selectors, services
from apps.chain.models import Intent
from apps.chain.types import IntentKind, IntentState, NetworkState, TransactionState
from apps.common import money
from apps.common.clock import now
from apps.common.http import actor_of, answer_once
from apps.common.pagination import NewestFirst
from apps.common.serializers import IDEMPOTENCY_KEY, PageQuery, StrictSerializer, TextField, problems, read

KINDS = [str(kind) for kind in IntentKind]
STATES = [str(state) for state in IntentState]
DECIMALS_OF_COIN = 18


class HeadOutput(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    timestamp = serializers.IntegerField(help_text="Unix time in seconds")


class SignerOutput(serializers.Serializer[Any]):
    duty = serializers.CharField()
    address = serializers.CharField()
    next_nonce = serializers.IntegerField()
    under_way = serializers.IntegerField(help_text="transactions that are not final yet")
    balance = serializers.CharField(allow_null=True, help_text="native coin; null while no node answers")


class ChainOutput(serializers.Serializer[Any]):
    """How the network is. `head` is null while no node answers, `indexed` before the first look."""

    chain_id = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.ChoiceField(choices=[str(state) for state in NetworkState])
    coin = serializers.CharField()
    confirmations = serializers.IntegerField()
    explorer = serializers.CharField(allow_blank=True)
    head = HeadOutput(allow_null=True)
    indexed = serializers.IntegerField(allow_null=True)
    indexed_at = serializers.DateTimeField(allow_null=True)
    platform_is_deployed = serializers.BooleanField()
    intents = serializers.DictField(child=serializers.IntegerField(), help_text="how many, by status")
    oldest_open = serializers.DateTimeField(allow_null=True)
    signers = SignerOutput(many=True)


class IntentQuery(PageQuery):
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    status = serializers.ChoiceField(choices=STATES, required=False)


class IntentOutput(serializers.ModelSerializer[Intent]):
    """Something asked of the chain; `subject` is the owner, token or allocation that it is about."""

    status = serializers.ChoiceField(choices=STATES, source="state")

    class Meta:
        model = Intent
        fields = (
            *("id", "kind", "subject", "status", "attempts", "error", "waits_for", "result"),
            *("created_at", "completed_at", "next_attempt_at"),
        )


class FormOutput(serializers.Serializer[Any]):
    """One signed form of a transaction; fees in wei per gas, as text."""

    tx_hash = serializers.CharField()
    max_fee = serializers.CharField()
    priority_fee = serializers.CharField()
    filler = serializers.BooleanField(help_text="only uses up the nonce")
    created_at = serializers.DateTimeField()
    tried_at = serializers.DateTimeField(allow_null=True)


class ChainTransactionOutput(serializers.Serializer[Any]):
    """One transaction; price and cost in wei, as text."""

    number = serializers.IntegerField(source="step.number")
    step = serializers.CharField(source="step.name")
    duty = serializers.CharField(source="step.duty")
    status = serializers.ChoiceField(choices=[str(state) for state in TransactionState], source="step.state")
    signer = serializers.CharField(allow_blank=True)
    nonce = serializers.IntegerField(source="step.nonce", allow_null=True)
    to = serializers.CharField(allow_blank=True)
    contract_address = serializers.CharField(allow_blank=True)
    tx_hash = serializers.CharField(source="step.tx_hash", allow_blank=True)
    block_number = serializers.IntegerField(source="step.block_number", allow_null=True)
    gas_limit = serializers.IntegerField(allow_null=True)
    gas_used = serializers.IntegerField(source="step.gas_used", allow_null=True)
    gas_price = serializers.CharField(allow_null=True)
    cost = serializers.CharField(allow_null=True)
    error = serializers.CharField(source="step.error", allow_blank=True)
    created_at = serializers.DateTimeField(source="step.created_at")
    broadcast_at = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(source="step.confirmed_at", allow_null=True)
    forms = FormOutput(many=True)


class IntentDetailOutput(IntentOutput):
    """Something asked of the chain, with every transaction that was made for it."""

    transactions = ChainTransactionOutput(many=True)

    class Meta(IntentOutput.Meta):
        fields = (*IntentOutput.Meta.fields, "transactions")  # type: ignore[assignment]  # one more


class CancelInput(StrictSerializer):
    reason = TextField(max_length=200)


class MovedOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=STATES)


class ChainState(APIView):
    """The network."""

    @extend_schema(responses={200: ChainOutput, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """Say how the network is, how far it is indexed, who signs, and how much is waiting."""
        try:
            head = selectors.head()
        except selectors.NodeUnavailable:
            head = None
        network, signers = selectors.network(), selectors.signers()
        coins = selectors.coins([signer.address for signer in signers]) if head else {}
        body = {
            "chain_id": settings.CHAIN_ID,
            "name": settings.CHAIN_NAME,
            "status": selectors.state(),
            "coin": settings.CHAIN_COIN,
            "confirmations": settings.CHAIN_CONFIRMATIONS,
            "explorer": settings.CHAIN_EXPLORER,
            "head": head,
            "indexed": network.indexed if network else None,
            "indexed_at": network.indexed_at if network else None,
            "platform_is_deployed": selectors.platform_is_deployed(),
            "intents": {str(state): count for state, count in selectors.counts().items()},
            "oldest_open": selectors.oldest_open(),
            "signers": [_signer(signer, coins.get(signer.address)) for signer in signers],
        }
        return Response(ChainOutput(body).data)


class Intents(ListAPIView[Intent]):
    """What was asked of the chain."""

    serializer_class = IntentOutput
    pagination_class = NewestFirst
    queryset = Intent.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[Intent]:
        """Return the intents that the query asks for."""
        query = read(IntentQuery, self.request.query_params.dict())
        return selectors.matching(kind=query.get("kind", ""), state=query.get("status", ""))

    @extend_schema(
        parameters=[OpenApiParameter("kind", enum=KINDS), OpenApiParameter("status", enum=STATES)],
        responses={200: IntentOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what was asked of the chain, newest first."""
        return self.list(request, *args, **kwargs)


class IntentDetail(APIView):
    """One thing that was asked for."""

    @extend_schema(responses={200: IntentDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, intent_id: UUID) -> Response:
        """Show its way from the request to finality, with every transaction."""
        found: Any = selectors.intent(intent_id)  # reads like the row
        transactions = ChainTransactionOutput(selectors.transactions_of(intent_id), many=True).data
        return Response(IntentOutput(found).data | {"transactions": transactions})


class Requeue(APIView):
    """A dead letter."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: MovedOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, intent_id: UUID) -> Response:
        """Have it tried again with all its attempts; what is final of it is not done again."""
        at = now()
        return answer_once(
            request,
            verb=lambda: services.requeue(intent_id=intent_id, by=actor_of(request), at=at),
            render=lambda _: {"id": str(intent_id), "status": str(IntentState.QUEUED)},
            at=at,
        )


class Cancel(APIView):
    """Something that was asked for and shall not be done."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=CancelInput,
        examples=[
            OpenApiExample("The offering was called off", request_only=True, value={"reason": "case 2026-14"})
        ],
        responses={200: MovedOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, intent_id: UUID) -> Response:
        """Call it off, if it is a dead letter or nothing of it was sent."""
        at, data = now(), read(CancelInput, request.data)
        return answer_once(
            request,
            verb=lambda: services.cancel(intent_id=intent_id, **data, by=actor_of(request), at=at),
            render=lambda _: {"id": str(intent_id), "status": str(IntentState.CANCELLED)},
            at=at,
        )


def _signer(signer: Any, wei: int | None) -> dict[str, Any]:
    return {
        "duty": signer.duty,
        "address": signer.address,
        "next_nonce": signer.next_nonce,
        "under_way": signer.under_way,
        "balance": None if wei is None else money.text(wei, decimals=DECIMALS_OF_COIN),
    }
