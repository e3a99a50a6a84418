"""One's own deposits and withdrawals."""

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

from apps.common import money
from apps.common.clock import now
from apps.common.errors import Invalid
from apps.common.http import actor_of, answer_once, user_id_of
from apps.common.ids import new_id
from apps.common.pagination import CursorPages
from apps.common.serializers import IDEMPOTENCY_KEY, PageQuery, StrictSerializer, TextField, problems, read
from apps.wallets import models, personal_data, selectors, services
from apps.wallets.api.answers import (
    AddressOutput,
    AllowanceOutput,
    DepositDetailOutput,
    DepositOutput,
    WithdrawalDetailOutput,
    WithdrawalOutput,
    allowance_body,
    deposit_body,
    history_body,
    withdrawal_body,
)
from apps.wallets.types import (
    CURRENCIES,
    DECIMALS,
    DepositState,
    Destination,
    DestinationKind,
    WithdrawalState,
)


class DepositInput(StrictSerializer):
    currency = TextField(max_length=8)
    amount = TextField(max_length=40)


class WithdrawalInput(StrictSerializer):
    """Either an IBAN, or an account number with the bank's code (BIC, US routing number, IFSC)."""

    currency = TextField(max_length=8)
    amount = TextField(max_length=40)
    holder_name = TextField(max_length=140)
    iban = TextField(max_length=64, required=False)
    account_number = TextField(max_length=64, required=False)
    bank_code = TextField(max_length=32, required=False)


class OwnQuery(PageQuery):
    currency = serializers.ChoiceField(choices=CURRENCIES, required=False)


class DepositQuery(OwnQuery):
    status = serializers.ChoiceField(choices=[str(s) for s in DepositState] + ["open"], required=False)


class WithdrawalQuery(OwnQuery):
    status = serializers.ChoiceField(choices=[str(s) for s in WithdrawalState] + ["open"], required=False)


class LimitsQuery(StrictSerializer):
    currency = TextField(max_length=8, required=False)


class NewestFirst(CursorPages):
    ordering = ("-requested_at", "-id")  # type: ignore[assignment]  # DRF takes a tuple as well


class Deposits(GenericAPIView[models.Deposit]):
    """My deposits."""

    serializer_class = DepositOutput
    pagination_class = NewestFirst
    queryset = models.Deposit.objects.none()

    def get_queryset(self) -> QuerySet[models.Deposit]:
        """Return the asker's own deposits that the query asks for."""
        query = read(DepositQuery, self.request.query_params.dict())
        return selectors.deposits(owner=user_id_of(self.request), **_wanted(query))

    @extend_schema(
        operation_id="deposits_list",
        parameters=[
            OpenApiParameter("status", enum=[str(s) for s in DepositState] + ["open"]),
            OpenApiParameter("currency", enum=CURRENCIES),
        ],
        responses={200: DepositOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List my deposits, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([deposit_body(selectors.as_deposit(row)) for row in page])

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=DepositInput,
        responses={201: DepositOutput, **problems(400, 401, 403, 409, 422)},
        examples=[
            OpenApiExample("A deposit", request_only=True, value={"currency": "USD", "amount": "2500.00"})
        ],
    )
    def post(self, request: Request) -> Response:
        """Announce a deposit; the answer says where to send the money, and with which reference."""
        asked, made, at = read(DepositInput, request.data), new_id(), now()
        amount = money.parse(asked["amount"], decimals=DECIMALS)
        return answer_once(
            request,
            verb=lambda: services.request_deposit(
                deposit_id=made,
                owner=user_id_of(request),
                currency=asked["currency"],
                amount=amount,
                by=actor_of(request),
                at=at,
            ),
            render=deposit_body,
            at=at,
            status=201,
        )


class DepositDetail(APIView):
    """One deposit of mine."""

    @extend_schema(responses={200: DepositDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, deposit_id: UUID) -> Response:
        """Show a deposit with its history, and why it isn't further."""
        found = selectors.deposit(deposit_id, owner=user_id_of(request))
        history = history_body(selectors.changes_of_deposit(deposit_id))
        return Response(deposit_body(found) | {"history": history})


class CancelDeposit(APIView):
    """A deposit that I won't make."""

    @extend_schema(request=None, responses={200: DepositOutput, **problems(401, 403, 404, 409)})
    def post(self, request: Request, deposit_id: UUID) -> Response:
        """Take back a deposit for which nothing has come."""
        found = services.cancel_deposit(
            deposit_id=deposit_id, owner=user_id_of(request), by=actor_of(request), at=now()
        )
        return Response(deposit_body(found))


class Withdrawals(GenericAPIView[models.Withdrawal]):
    """My withdrawals."""

    serializer_class = WithdrawalOutput
    pagination_class = NewestFirst
    queryset = models.Withdrawal.objects.none()

    def get_queryset(self) -> QuerySet[models.Withdrawal]:
        """Return the asker's own withdrawals that the query asks for."""
        query = read(WithdrawalQuery, self.request.query_params.dict())
        return selectors.withdrawals(owner=user_id_of(self.request), **_wanted(query))

    @extend_schema(
        operation_id="withdrawals_list",
        parameters=[
            OpenApiParameter("status", enum=[str(s) for s in WithdrawalState] + ["open"]),
            OpenApiParameter("currency", enum=CURRENCIES),
        ],
        responses={200: WithdrawalOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List my withdrawals, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response([withdrawal_body(selectors.as_withdrawal(row)) for row in page])

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=WithdrawalInput,
        responses={201: WithdrawalOutput, **problems(400, 401, 403, 409, 422)},
        examples=[
            OpenApiExample(
                "To an IBAN",
                request_only=True,
                value={
                    "currency": "USD",
                    "amount": "100.00",
                    "holder_name": "Noor Haddad",
                    "iban": "AE070331234567890123456",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Ask for an amount to be paid to a bank account; it is held from now on."""
        asked, made, at = read(WithdrawalInput, request.data), new_id(), now()
        amount = money.parse(asked["amount"], decimals=DECIMALS)
        destination = _destination(asked)
        return answer_once(
            request,
            verb=lambda: services.request_withdrawal(
                withdrawal_id=made,
                owner=user_id_of(request),
                currency=asked["currency"],
                amount=amount,
                destination=destination,
                by=actor_of(request),
                at=at,
            ),
            render=withdrawal_body,
            at=at,
            status=201,
        )


class WithdrawalDetail(APIView):
    """One withdrawal of mine."""

    @extend_schema(responses={200: WithdrawalDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, withdrawal_id: UUID) -> Response:
        """Show a withdrawal with where it goes, its history, and why it isn't further."""
        found = selectors.withdrawal(withdrawal_id, owner=user_id_of(request))
        where = personal_data.own_destination(withdrawal_id, owner=user_id_of(request))
        history = history_body(selectors.changes_of_withdrawal(withdrawal_id))
        shown = {"destination": asdict(where) if where else None, "history": history}
        return Response(withdrawal_body(found) | shown)


class CancelWithdrawal(APIView):
    """A withdrawal that I don't want any more."""

    @extend_schema(
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: WithdrawalOutput, **problems(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, withdrawal_id: UUID) -> Response:
        """Take back a withdrawal that nobody has approved; its amount is available again."""
        at = now()
        return answer_once(
            request,
            verb=lambda: services.cancel_withdrawal(
                withdrawal_id=withdrawal_id, owner=user_id_of(request), by=actor_of(request), at=at
            ),
            render=withdrawal_body,
            at=at,
        )


class WithdrawalLimits(APIView):
    """What I may withdraw."""

    @extend_schema(
        parameters=[OpenApiParameter("currency", enum=CURRENCIES, description="USD unless given")],
        responses={200: AllowanceOutput, **problems(400, 401, 403, 422)},
    )
    def get(self, request: Request) -> Response:
        """Say in numbers what I could withdraw in a currency now."""
        query = read(LimitsQuery, request.query_params.dict())
        found = selectors.allowance(user_id_of(request), query.get("currency", CURRENCIES[0]), at=now())
        return Response(allowance_body(found))


class WalletAddress(APIView):
    """My custodial address."""

    @extend_schema(responses={200: AddressOutput, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """Say at which address my tokens are kept on chain."""
        holder = selectors.custody(user_id_of(request))
        if holder is None:
            return Response({"address": "", "status": "", "identity": ""})
        return Response({"address": holder.address, "status": str(holder.state), "identity": holder.identity})


def _destination(asked: dict[str, Any]) -> Destination:
    if "iban" in asked and ("account_number" in asked or "bank_code" in asked):
        said = "Give an IBAN or an account number, not both."
        raise Invalid("Some fields are not valid.", fields={"iban": [said]})
    kind = DestinationKind.IBAN if "iban" in asked else DestinationKind.LOCAL
    given = {name: asked[name] for name in ("iban", "account_number", "bank_code") if name in asked}
    return Destination(kind, asked["holder_name"], **given)


def _wanted(query: dict[str, Any]) -> dict[str, Any]:
    names = {"status": "state", "currency": "currency"}
    return {argument: query[name] for name, argument in names.items() if name in query}
