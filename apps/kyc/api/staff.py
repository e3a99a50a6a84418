"""Identity checks in the API, for those who review them and those who may look."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import selectors as accounts
from apps.accounts.types import Permission
from apps.common.clock import now
from apps.common.http import actor_of, is_real_visit, user_id_of, why_of
from apps.common.pagination import CursorPages
from apps.common.serializers import WHY, CountField, PageQuery, StrictSerializer, TextField, problems, read
from apps.kyc import personal_data, rules, selectors, services
from apps.kyc.api.shapes import (
    STAFF_CASE,
    StaffKycCaseOutput,
    StaffKycChangeOutput,
    StaffKycDocumentOutput,
    case_body,
    document_body,
    history_body,
)
from apps.kyc.models import Application
from apps.kyc.types import ApplicationStatus, CaseFilter, Decision

STATUSES = [str(each) for each in ApplicationStatus if each is not ApplicationStatus.DRAFT]


class KycCaseQuery(PageQuery):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    claimed_by = TextField(max_length=36, required=False)
    user_id = serializers.UUIDField(required=False)


class KycCaseRow(serializers.ModelSerializer[Application]):
    """An application without personal data."""

    class Meta:
        model = Application
        fields = STAFF_CASE


class KycCaseDetailOutput(StaffKycCaseOutput):
    """A case with all that was said of the person; reading it is recorded."""

    answers = serializers.DictField(child=serializers.CharField(allow_blank=True))
    review_notes = serializers.CharField(allow_blank=True)
    rejection_reason = serializers.CharField(allow_blank=True)
    flags = serializers.ListField(child=serializers.CharField(), help_text="what to look at twice")
    fatca = serializers.CharField(help_text="what an approval would make of these answers")
    documents = StaffKycDocumentOutput(many=True)
    history = StaffKycChangeOutput(many=True)


class KycReviewInput(StrictSerializer):
    decision = serializers.ChoiceField(choices=[str(each) for each in Decision])
    kyc_level = CountField(
        required=False, min_value=1, max_value=3, help_text="of an approval; 2 if left out, and recorded so"
    )
    notes = TextField(max_length=rules.MAX_WORDS, required=False, allow_blank=True, help_text="for reviewers")
    rejection_reason = TextField(
        max_length=rules.MAX_WORDS,
        required=False,
        allow_blank=True,
        help_text="for the person; to reject",
    )
    professional_evidence = serializers.BooleanField(
        required=False, help_text="whether proof of professional status was seen"
    )


class KycJudgeInput(StrictSerializer):
    accepted = serializers.BooleanField()
    notes = TextField(max_length=rules.MAX_WORDS, required=False, allow_blank=True)


class OldestFirst(CursorPages):
    ordering = ("submitted_at", "id")  # type: ignore[assignment]  # DRF takes a tuple as well


class Cases(ListAPIView[Application]):
    """The queue of identity checks."""

    serializer_class = KycCaseRow
    pagination_class = OldestFirst
    queryset = Application.objects.none()  # tells the document's generator about the model

    def get_queryset(self) -> QuerySet[Application]:
        """Return the cases that the query asks for."""
        query = read(KycCaseQuery, self.request.query_params.dict())
        return selectors.matching(
            CaseFilter(query.get("status", ""), query.get("claimed_by", ""), query.get("user_id"))
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("status", enum=STATUSES),
            OpenApiParameter("claimed_by", description="a reviewer's id, or nobody for what waits for one"),
            OpenApiParameter("user_id"),
        ],
        responses={200: KycCaseRow(many=True), **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List submitted cases by submission, oldest first, without personal data."""
        return self.list(request, *args, **kwargs)


class CaseDetail(APIView):
    """One identity check."""

    @extend_schema(
        operation_id="admin_kyc_read",
        parameters=[WHY],
        responses={200: KycCaseDetailOutput, **problems(401, 403, 404)},
    )
    def get(self, request: Request, application_id: UUID) -> Response:
        """Show a whole case. For somebody with kyc.review this takes a waiting case into review, under their
        name; never for HEAD or for what is fetched ahead. `claimed_by` says who holds it."""
        if request.method == "HEAD":
            return Response(case_body(selectors.case(application_id), staff=True))
        if is_real_visit(request) and Permission.KYC_REVIEW in accounts.permissions_of(user_id_of(request)):
            services.claim(application_id=application_id, by=actor_of(request), at=now())
        why = why_of(request)
        return Response(_detail(request, application_id, why=why or "api"))


class Review(APIView):
    """The decision about an identity check."""

    @extend_schema(
        request=KycReviewInput,
        responses={200: StaffKycCaseOutput, **problems(400, 401, 403, 404, 409)},
        examples=[
            OpenApiExample("Approve", request_only=True, value={"decision": "approve", "kyc_level": 2}),
            OpenApiExample(
                "Reject",
                request_only=True,
                value={
                    "decision": "reject",
                    "rejection_reason": "The picture of the passport can't be read.",
                },
            ),
        ],
    )
    def post(self, request: Request, application_id: UUID) -> Response:
        """Approve or reject a case that I hold, or that nobody holds."""
        data = read(KycReviewInput, request.data)
        case = services.review(
            application_id=application_id,
            decision=Decision(data.pop("decision")),
            kyc_level=data.pop("kyc_level", None),
            **data,
            by=actor_of(request),
            at=now(),
        )
        return Response(case_body(case, staff=True))


class Release(APIView):
    """Letting go of an identity check."""

    @extend_schema(request=None, responses={200: StaffKycCaseOutput, **problems(401, 403, 404, 409)})
    def post(self, request: Request, application_id: UUID) -> Response:
        """Put a case that I hold back into the queue; another one's once they have held it for hours."""
        case = services.release(application_id=application_id, by=actor_of(request), at=now())
        return Response(case_body(case, staff=True))


class Judge(APIView):
    """One document of an identity check."""

    @extend_schema(
        operation_id="admin_kyc_documents_judge",
        request=KycJudgeInput,
        responses={200: StaffKycDocumentOutput, **problems(400, 401, 403, 404, 409)},
        examples=[
            OpenApiExample(
                "Reject", request_only=True, value={"accepted": False, "notes": "One corner is cut off."}
            )
        ],
    )
    def post(self, request: Request, application_id: UUID, document_id: UUID) -> Response:
        """Accept or reject a document of a case that I hold; a rejection needs notes."""
        data = {"notes": ""} | read(KycJudgeInput, request.data)
        at = now()
        document = services.judge_document(
            application_id=application_id, document_id=document_id, **data, by=actor_of(request), at=at
        )
        return Response(document_body(document, data["notes"], viewer=user_id_of(request), at=at, staff=True))


def _detail(request: Request, application_id: UUID, *, why: str) -> dict[str, Any]:
    at, viewer = now(), user_id_of(request)
    seen = personal_data.reveal(application_id, why=why, by=actor_of(request), at=at)
    case = selectors.case(application_id)
    return case_body(case, staff=True) | {
        "answers": asdict(seen.answers),
        "review_notes": seen.review_notes,
        "rejection_reason": seen.rejection_reason,
        "flags": list(seen.flags),
        "fatca": seen.fatca,
        "documents": [
            document_body(each, seen.document_notes.get(each.id, ""), viewer=viewer, at=at, staff=True)
            for each in case.documents
        ],
        "history": history_body(selectors.history(application_id), staff=True),
    }
