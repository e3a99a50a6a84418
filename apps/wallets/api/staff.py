"""Deposits and withdrawals as staff see them, and what staff do with them."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.types import Permission
from apps.common import money
from apps.common.clock import now
from apps.common.http import actor_of, answer_once, why_of
from apps.common.pagination import CursorPages
from apps.common.serializers import (
    IDEMPOTENCY_KEY,
    WHY,
    PageQuery,
    StrictSerializer,
    TextField,
    problems,
    read,
)
from apps.wallets import models, personal_data, selectors, services
from apps.wallets.api.answers import (
    StaffDepositDetailOutput,
    StaffDepositOutput,
    StaffWithdrawalDetailOutput,
    StaffWithdrawalOutput,
    history_body,
    staff_deposit_body,
    staff_withdrawal_body,
)
from apps.wallets.types import CURRENCIES, DECIMALS, DepositState, Withdrawal, WithdrawalState

DEPOSIT_STATES = [*map(str, DepositState), selectors.OPEN]
WITHDRAWAL_STATES = [*map(str, WithdrawalState), selectors.OPEN]
FILTERS = [
    OpenApiParameter("currency", enum=CURRENCIES),
    OpenApiParameter("reference", description="ours, or a bank's"),
    OpenApiParameter("user_id", description="the id of the account"),
]
REFUSALS = problems(400, 401, 403, 404, 409, 422)
CAME = OpenApiExample(
    "All of it came", request_only=True, value={"amount": "2500.00", "bank_reference": "FT26124KXM03"}
)
REFUSED = OpenApiExample("Refused", request_only=True, value={"reason": "not_accepted"})
REFUNDED = OpenApiExample(
    "Somebody else's account",
    request_only=True,
    value={"reason": "sender_differs", "bank_reference": "FT26125AAQ71"},
)
SENT = OpenApiExample("Told to the bank", request_only=True, value={"bank_reference": "FT26126ZZB09"})
FAILED = OpenApiExample("It came back", request_only=True, value={"reason": "returned_by_bank"})


class CameInput(StrictSerializer):
    """How much came, and what the bank calls the transfer."""

    amount = TextField(max_length=40)
    bank_reference = TextField(max_length=80)


class NothingInput(StrictSerializer):
    pass


class ReasonInput(StrictSerializer):
    reason = TextField(max_length=32)


class RefundInput(ReasonInput):
    bank_reference = TextField(max_length=80)


class SentInput(StrictSerializer):
    bank_reference = TextField(max_length=80)


class QueueQuery(PageQuery):
    currency = serializers.ChoiceField(choices=CURRENCIES, required=False)
    reference = TextField(max_length=80, required=False)
    user_id = serializers.UUIDField(required=False)


class DepositQuery(QueueQuery):
    status = serializers.ChoiceField(choices=DEPOSIT_STATES, required=False)


class WithdrawalQuery(QueueQuery):
    status = serializers.ChoiceField(choices=WITHDRAWAL_STATES, required=False)


class OldestFirst(CursorPages):
    ordering = ("requested_at", "id")  # type: ignore[assignment]  # DRF takes a tuple as well


class DepositQueue(GenericAPIView[models.Deposit]):
    """All deposits."""

    serializer_class = StaffDepositOutput
    pagination_class = OldestFirst
    queryset = models.Deposit.objects.none()

    def get_queryset(self) -> QuerySet[models.Deposit]:
        """Return the deposits that the query asks for."""
        return selectors.deposits(**_wanted(read(DepositQuery, self.request.query_params.dict())))

    @extend_schema(
        operation_id="admin_deposits_list",
        parameters=[OpenApiParameter("status", enum=DEPOSIT_STATES), *FILTERS],
        responses={200: StaffDepositOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List deposits, the longest waiting first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([staff_deposit_body(selectors.as_deposit(row)) for row in page])


class DepositCase(APIView):
    """One deposit."""

    @extend_schema(responses={200: StaffDepositDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, deposit_id: UUID) -> Response:
        """Show a deposit with its history."""
        found = selectors.deposit(deposit_id)
        history = history_body(selectors.changes_of_deposit(deposit_id), staff=True)
        return Response(staff_deposit_body(found) | {"history": history})


class ConfirmDeposit(APIView):
    """The ordinary case: the money came."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=CameInput,
        examples=[CAME],
        responses={200: StaffDepositOutput, **REFUSALS},
    )
    def post(self, request: Request, deposit_id: UUID) -> Response:
        """Receive and credit a requested deposit."""
        return _decide_deposit(request, services.confirm_deposit, deposit_id, **_came(request))


class ReceiveDeposit(APIView):
    """The money came, and is to be looked at."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=CameInput,
        examples=[CAME],
        responses={200: StaffDepositOutput, **REFUSALS},
    )
    def post(self, request: Request, deposit_id: UUID) -> Response:
        """Say that money came; it lies in suspense until it is credited or sent back."""
        return _decide_deposit(request, services.receive_deposit, deposit_id, **_came(request))


class CreditDeposit(APIView):
    """The money may be its owner's."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], request=NothingInput, responses={200: StaffDepositOutput, **REFUSALS}
    )
    def post(self, request: Request, deposit_id: UUID) -> Response:
        """Give what came to the owner of the deposit."""
        read(NothingInput, request.data)
        return _decide_deposit(request, services.credit_deposit, deposit_id)


class RejectDeposit(APIView):
    """Nothing came."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=ReasonInput,
        examples=[REFUSED],
        responses={200: StaffDepositOutput, **REFUSALS},
    )
    def post(self, request: Request, deposit_id: UUID) -> Response:
        """Refuse a deposit for which nothing has come; its owner reads the reason."""
        return _decide_deposit(
            request, services.reject_deposit, deposit_id, **read(ReasonInput, request.data)
        )


class RefundDeposit(APIView):
    """The money was sent back."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=RefundInput,
        examples=[REFUNDED],
        responses={200: StaffDepositOutput, **REFUSALS},
    )
    def post(self, request: Request, deposit_id: UUID) -> Response:
        """Say that what came was sent back, and why; its owner reads the reason."""
        return _decide_deposit(
            request, services.refund_deposit, deposit_id, **read(RefundInput, request.data)
        )


class WithdrawalQueue(GenericAPIView[models.Withdrawal]):
    """All withdrawals."""

    serializer_class = StaffWithdrawalOutput
    pagination_class = OldestFirst
    queryset = models.Withdrawal.objects.none()

    def get_queryset(self) -> QuerySet[models.Withdrawal]:
        """Return the withdrawals that the query asks for."""
        return selectors.withdrawals(**_wanted(read(WithdrawalQuery, self.request.query_params.dict())))

    @extend_schema(
        operation_id="admin_withdrawals_list",
        parameters=[OpenApiParameter("status", enum=WITHDRAWAL_STATES), *FILTERS],
        responses={200: StaffWithdrawalOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List withdrawals, the longest waiting first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(
            [staff_withdrawal_body(selectors.as_withdrawal(row)) for row in page]
        )


class WithdrawalCase(APIView):
    """One withdrawal."""

    @extend_schema(parameters=[WHY], responses={200: StaffWithdrawalDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, withdrawal_id: UUID) -> Response:
        """Show a withdrawal with its history, and, to those who may approve it, where it goes."""
        found = selectors.withdrawal(withdrawal_id)
        history = history_body(selectors.changes_of_withdrawal(withdrawal_id), staff=True)
        return Response(staff_withdrawal_body(found) | _destination(request, found) | {"history": history})


class ApproveWithdrawal(APIView):
    """A withdrawal may be paid."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], request=NothingInput, responses={200: StaffWithdrawalOutput, **REFUSALS}
    )
    def post(self, request: Request, withdrawal_id: UUID) -> Response:
        """Allow a withdrawal to be paid."""
        read(NothingInput, request.data)
        return _decide_withdrawal(request, services.approve_withdrawal, withdrawal_id)


class RejectWithdrawal(APIView):
    """A withdrawal must not be paid."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=ReasonInput,
        examples=[REFUSED],
        responses={200: StaffWithdrawalOutput, **REFUSALS},
    )
    def post(self, request: Request, withdrawal_id: UUID) -> Response:
        """Refuse a withdrawal; its amount is available again, and its owner reads the reason."""
        return _decide_withdrawal(
            request, services.reject_withdrawal, withdrawal_id, **read(ReasonInput, request.data)
        )


class SendWithdrawal(APIView):
    """The bank was told."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=SentInput,
        examples=[SENT],
        responses={200: StaffWithdrawalOutput, **REFUSALS},
    )
    def post(self, request: Request, withdrawal_id: UUID) -> Response:
        """Say that the bank was told to pay, and what it calls the transfer."""
        return _decide_withdrawal(
            request, services.send_withdrawal, withdrawal_id, **read(SentInput, request.data)
        )


class CompleteWithdrawal(APIView):
    """The bank has paid."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY], request=NothingInput, responses={200: StaffWithdrawalOutput, **REFUSALS}
    )
    def post(self, request: Request, withdrawal_id: UUID) -> Response:
        """Say that the bank has paid; the amount leaves the ledger."""
        read(NothingInput, request.data)
        return _decide_withdrawal(request, services.complete_withdrawal, withdrawal_id)


class FailWithdrawal(APIView):
    """The bank did not pay."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=ReasonInput,
        examples=[FAILED],
        responses={200: StaffWithdrawalOutput, **REFUSALS},
    )
    def post(self, request: Request, withdrawal_id: UUID) -> Response:
        """Say that the bank did not pay; the amount is available again, and its owner reads the reason."""
        return _decide_withdrawal(
            request, services.fail_withdrawal, withdrawal_id, **read(ReasonInput, request.data)
        )


def _decide_deposit(
    request: Request, verb: Callable[..., Any], deposit_id: UUID, **arguments: Any
) -> Response:
    at, by = now(), actor_of(request)
    return answer_once(
        request,
        verb=lambda: verb(deposit_id=deposit_id, **arguments, by=by, at=at),
        render=staff_deposit_body,
        at=at,
    )


def _decide_withdrawal(
    request: Request, verb: Callable[..., Any], withdrawal_id: UUID, **arguments: Any
) -> Response:
    at, by = now(), actor_of(request)
    return answer_once(
        request,
        verb=lambda: verb(withdrawal_id=withdrawal_id, **arguments, by=by, at=at),
        render=staff_withdrawal_body,
        at=at,
    )


def _came(request: Request) -> dict[str, Any]:
    asked = read(CameInput, request.data)
    return asked | {"amount": money.parse(asked["amount"], decimals=DECIMALS)}


def _destination(request: Request, found: Withdrawal) -> dict[str, Any]:
    """Reveal where it goes to those who may approve it; a HEAD or a reader of the queue sees nothing."""
    nothing = {"destination": None, "holder_is_owner": None}
    if request.method != "GET" or not request.user.has_perm(Permission.WITHDRAWALS_APPROVE):
        return nothing
    why = why_of(request)
    shown = personal_data.reveal_destination(found.id, why=why or "api", by=actor_of(request), at=now())
    if shown is None:
        return nothing
    return {"destination": asdict(shown.destination), "holder_is_owner": shown.holder_is_owner}


def _wanted(query: dict[str, Any]) -> dict[str, Any]:
    names = {"status": "state", "currency": "currency", "reference": "reference", "user_id": "owner"}
    return {argument: query[name] for name, argument in names.items() if name in query}
