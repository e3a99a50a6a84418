"""The ledger in the API: one's own balances and wallet transactions, and the sums for auditors."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common import money
from apps.common.pagination import NewestFirst
from apps.common.serializers import PageQuery, TextField, problems, read
from apps.ledger import selectors
from apps.ledger.models import WalletTransaction
from apps.ledger.types import AssetSum, Balance, TransactionStatus, TransactionType


class BalanceOutput(serializers.Serializer[Any]):
    """One asset of one owner; amounts as decimal text with all digits of the asset."""

    asset = serializers.CharField()
    decimals = serializers.IntegerField()
    total = serializers.CharField(help_text="available + held")
    available = serializers.CharField()
    held = serializers.CharField(help_text="reserved for orders, subscriptions and withdrawals")
    unsettled = serializers.CharField(help_text="incoming; can be traded with, not withdrawn")
    withdrawable = serializers.CharField(help_text="available − unsettled")


class BalancesOutput(serializers.Serializer[Any]):
    results = BalanceOutput(many=True)


class TransactionQuery(PageQuery):
    type = serializers.ChoiceField(choices=[str(each) for each in TransactionType], required=False)
    status = serializers.ChoiceField(choices=[str(each) for each in TransactionStatus], required=False)
    asset = TextField(max_length=40, required=False)


class TransactionOutput(serializers.ModelSerializer[WalletTransaction]):
    """A deposit, purchase, dividend … of one's own; the amount as decimal text."""

    asset = serializers.CharField(source="asset_id")
    amount = serializers.SerializerMethodField()

    class Meta:
        model = WalletTransaction
        fields = ("id", "type", "status", "asset", "amount", "reference", "created_at", "completed_at")

    def get_amount(self, row: WalletTransaction) -> str:
        """Write the amount with the digits of its asset."""
        return money.text(row.amount, decimals=row.asset.decimals)


class AssetSumOutput(serializers.Serializer[Any]):
    asset = serializers.CharField()
    balances = serializers.CharField(help_text="the sum of all balances, which is zero")
    postings = serializers.CharField(help_text="the sum of all postings, which is zero")


class SumsOutput(serializers.Serializer[Any]):
    balanced = serializers.BooleanField()
    assets = AssetSumOutput(many=True)


class Balances(APIView):
    """What I own."""

    @extend_schema(
        responses={200: BalancesOutput, **problems(401, 403)},
        examples=[
            OpenApiExample(
                "Dollars, some of them reserved for an order",
                response_only=True,
                status_codes=["200"],
                value={
                    "results": [
                        {
                            "asset": "USD",
                            "decimals": 2,
                            "total": "1250.00",
                            "available": "1000.00",
                            "held": "250.00",
                            "unsettled": "0.00",
                            "withdrawable": "1000.00",
                        }
                    ]
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """List my balances, one for each asset."""
        return Response({"results": [_balance(each) for each in selectors.balances_of(str(request.user.pk))]})


class WalletTransactions(ListAPIView[WalletTransaction]):
    """What came into and went out of my wallet."""

    serializer_class = TransactionOutput
    pagination_class = NewestFirst
    queryset = WalletTransaction.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[WalletTransaction]:
        """Return the asker's own transactions that the query asks for."""
        query = read(TransactionQuery, self.request.query_params.dict())
        wanted = {name: query[name] for name in ("type", "status", "asset") if name in query}
        return selectors.wallet_transactions(str(self.request.user.pk), **wanted)

    @extend_schema(
        parameters=[
            OpenApiParameter("type", enum=[str(each) for each in TransactionType]),
            OpenApiParameter("status", enum=[str(each) for each in TransactionStatus]),
            OpenApiParameter("asset"),
        ],
        responses={200: TransactionOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List my wallet transactions, newest first."""
        return self.list(request, *args, **kwargs)


class LedgerSums(APIView):
    """Whether the ledger sums to zero."""

    @extend_schema(responses={200: SumsOutput, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """Sum all balances and all postings of each asset; every sum is zero in a ledger that is right."""
        sums = selectors.sums()
        balanced = not any(each.balances or each.postings for each in sums)
        return Response({"balanced": balanced, "assets": [_sum(each) for each in sums]})


def _balance(balance: Balance) -> dict[str, Any]:
    decimals = balance.account.decimals
    names = ("total", "available", "held", "unsettled", "withdrawable")
    amounts = {name: money.text(getattr(balance, name), decimals=decimals) for name in names}
    return {"asset": balance.account.asset, "decimals": decimals, **amounts}


def _sum(each: AssetSum) -> dict[str, str]:
    amounts = {"balances": each.balances, "postings": each.postings}
    return {"asset": each.asset} | {
        name: money.text(units, decimals=each.decimals) for name, units in amounts.items()
    }
