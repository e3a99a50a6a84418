"""Businesses in the API: one's own, and all of them for those with business.view (API-5)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.types import Permission
from apps.businesses import models, rules, selectors, services
from apps.businesses.types import Business, BusinessStatus, Industry
from apps.common import errors, money
from apps.common.clock import now
from apps.common.http import actor_of, user_id_of
from apps.common.ids import new_id
from apps.common.pagination import NewestFirst
from apps.common.serializers import (
    CountField,
    PageQuery,
    StaffStepOutput,
    StepOutput,
    StrictSerializer,
    TextField,
    problems,
    read,
)

STATUSES = [str(each) for each in BusinessStatus]
INDUSTRIES = [str(each) for each in Industry]
EXAMPLE = {
    "name": "Falcon Logistics LLC",
    "registration_number": "CN-1234567",
    "country": "AE",
    "industry": "transport",
    "platform_allocation_pct": "2.50",
}


class PercentField(TextField):
    """A percentage as text with at most two decimals, read as basis points."""

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]  # text outside, a number inside
        try:
            return money.parse(super().to_internal_value(data), decimals=2)
        except errors.Invalid as error:
            raise serializers.ValidationError(
                "Write the percentage as text with at most two decimals, for example 2.50."
            ) from error


class RegistrationInput(StrictSerializer):
    name = TextField(max_length=rules.MAX_NAME)
    registration_number = TextField(max_length=rules.MAX_NUMBER)
    country = TextField(max_length=2, help_text="ISO 3166-1, two capital letters")
    industry = TextField(max_length=32, help_text=", ".join(INDUSTRIES))
    platform_allocation_pct = PercentField(
        help_text="the part of each token that goes to the platform, for example 2.50"
    )


class DecisionInput(StrictSerializer):
    status = serializers.ChoiceField(choices=STATUSES)
    reason = TextField(
        max_length=rules.MAX_REASON,
        required=False,
        default="",
        allow_blank=True,
        help_text="needed to reject and to suspend; the owner reads it; name no person",
    )
    version = CountField(min_value=1, max_value=2**31 - 2)


class BusinessQuery(PageQuery):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    country = TextField(max_length=2, required=False)
    industry = serializers.ChoiceField(choices=INDUSTRIES, required=False)
    search = TextField(max_length=100, required=False)


class BusinessOutput(serializers.ModelSerializer[models.Business]):
    """A business; `version` is to be sent back with a decision."""

    industry = serializers.CharField()
    platform_allocation_pct = serializers.SerializerMethodField()
    status = serializers.CharField()

    class Meta:
        model = models.Business
        fields = (
            "id",
            "name",
            "registration_number",
            "country",
            "industry",
            "platform_allocation_pct",
            "status",
            "version",
            "created_at",
            "updated_at",
        )

    def get_platform_allocation_pct(self, row: models.Business | Business) -> str:
        """Write the basis points as a percentage with two decimals."""
        return rules.percent(row.platform_allocation_bps)


class MemberOutput(serializers.Serializer[Any]):
    user_id = serializers.UUIDField()
    role = serializers.CharField()
    since = serializers.DateTimeField()


class DetailOutput(BusinessOutput):
    history = StepOutput(many=True)

    class Meta(BusinessOutput.Meta):
        fields = (*BusinessOutput.Meta.fields, "history")  # type: ignore[assignment]  # one more


class StaffDetailOutput(BusinessOutput):
    history = StaffStepOutput(many=True)
    members = MemberOutput(many=True)

    class Meta(BusinessOutput.Meta):
        fields = (*BusinessOutput.Meta.fields, "history", "members")  # type: ignore[assignment]  # two more


class Businesses(ListAPIView[models.Business]):
    """The businesses that I act for."""

    serializer_class = BusinessOutput
    pagination_class = NewestFirst
    queryset = models.Business.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[models.Business]:
        """Return the asker's own businesses."""
        return selectors.rows_of_member(user_id_of(self.request))

    @extend_schema(
        responses={200: BusinessOutput(many=True), **problems(401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List the businesses that I act for, newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        request=RegistrationInput,
        responses={201: BusinessOutput, **problems(400, 401, 403, 409, 422)},
        examples=[OpenApiExample("A company", request_only=True, value=EXAMPLE)],
    )
    def post(self, request: Request) -> Response:
        """Register a business of mine, to wait for a decision; needs a checked identity."""
        data = read(RegistrationInput, request.data)
        bps = data.pop("platform_allocation_pct")
        made = services.register(
            business_id=new_id(),
            user_id=user_id_of(request),
            **data,
            platform_allocation_bps=bps,
            by=actor_of(request),
            at=now(),
        )
        return Response(_body(made), status=201)


class BusinessDetail(APIView):
    """One business that I act for."""

    @extend_schema(responses={200: DetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, business_id: UUID) -> Response:
        """Show a business of mine with its history."""
        found = selectors.require_member(business_id, user_id_of(request))
        steps = StepOutput(selectors.history(business_id), many=True).data
        return Response(_body(found) | {"history": steps})


class AdminBusinesses(ListAPIView[models.Business]):
    """All businesses."""

    serializer_class = BusinessOutput
    pagination_class = NewestFirst
    queryset = models.Business.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[models.Business]:
        """Return the businesses that the query asks for."""
        query = read(BusinessQuery, self.request.query_params.dict())
        wanted = {name: query.get(name, "") for name in ("status", "country", "industry")}
        return selectors.matching(**wanted, search=query.get("search", ""))

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=STATUSES),
            OpenApiParameter("country", description="ISO 3166-1, two capital letters"),
            OpenApiParameter("industry", enum=INDUSTRIES),
            OpenApiParameter("search", description="a part of the name, or a whole register number"),
        ],
        responses={200: BusinessOutput(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List businesses, newest first."""
        return self.list(request, *args, **kwargs)


class AdminBusiness(APIView):
    """One business."""

    @extend_schema(responses={200: StaffDetailOutput, **problems(401, 403, 404)})
    def get(self, request: Request, business_id: UUID) -> Response:
        """Show a business with its members and its history."""
        return Response(_staff_body(selectors.business(business_id)))

    @extend_schema(
        request=DecisionInput,
        responses={200: StaffDetailOutput, **problems(400, 401, 403, 404, 409, 412)},
        examples=[
            OpenApiExample("Approve", request_only=True, value={"status": "active", "version": 1}),
            OpenApiExample(
                "Suspend",
                request_only=True,
                value={"status": "suspended", "reason": "The trade licence has expired.", "version": 2},
            ),
        ],
    )
    def patch(self, request: Request, business_id: UUID) -> Response:
        """Approve, reject, suspend or resume a business; needs business.approve."""
        if not request.user.has_perm(Permission.BUSINESS_APPROVE):
            raise errors.Forbidden(
                f"You need the permission {Permission.BUSINESS_APPROVE} for this.",
                code="permission_missing",
                permission=str(Permission.BUSINESS_APPROVE),
            )
        data = read(DecisionInput, request.data)
        status = BusinessStatus(data.pop("status"))
        decided = services.decide(
            business_id=business_id, status=status, **data, by=actor_of(request), at=now()
        )
        return Response(_staff_body(decided))


def _body(business: Business) -> dict[str, Any]:
    names = ("id", "name", "registration_number", "country", "industry")
    return {name: getattr(business, name) for name in names} | {
        "platform_allocation_pct": rules.percent(business.platform_allocation_bps),
        "status": business.status,
        "version": business.version,
        "created_at": business.created_at,
        "updated_at": business.updated_at,
    }


def _staff_body(business: Business) -> dict[str, Any]:
    return _body(business) | {
        "history": StaffStepOutput(selectors.history(business.id), many=True).data,
        "members": MemberOutput(selectors.members(business.id), many=True).data,
    }
