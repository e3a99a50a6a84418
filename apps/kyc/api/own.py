"""One's own identity check in the API: hand it in, see how far it is, open one's own files."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.clock import now
from apps.common.http import actor_of, fields_of, user_id_of
from apps.common.serializers import StrictSerializer, TextField, problems, read
from apps.common.uploads import JPEG, PDF, attachment, content_of
from apps.kyc import personal_data, rules, selectors, services
from apps.kyc.api.shapes import (
    KycCaseOutput,
    KycChangeOutput,
    KycDocumentOutput,
    case_body,
    document_body,
    history_body,
)
from apps.kyc.types import DocumentType, Funds, OwnCase, Side

COUNTRY = "two capital letters (ISO 3166-1), such as AE"
DAY = "year-month-day, such as 2031-06-30"
PICTURE = "JPEG, PNG or WebP, at most 10 MB"
BOOLEANS = ("pep", "us_person")


def _text(name: str, *, needed: bool = True, says: str = "") -> TextField:
    return TextField(
        max_length=rules.LENGTHS.get(name, 20),
        required=needed,
        allow_blank=not needed,
        help_text=says or None,
    )


class KycInput(StrictSerializer):
    """A whole identity check (KYC-2), as multipart/form-data: answers as fields, pictures as files.

    A passport needs `front` (the photo page) and `selfie`; the cards need `front`, `back` and `selfie`.
    """

    full_name = _text("full_name", says="as in the document")
    birth_date = _text("birth_date", says=DAY)
    birth_place = _text("birth_place")
    birth_country = _text("birth_country", says=COUNTRY)
    nationality = _text("nationality", says=COUNTRY)
    second_nationality = _text("second_nationality", needed=False, says=COUNTRY)
    residence = _text("residence", says=COUNTRY)
    street = _text("street")
    city = _text("city")
    region = _text("region", needed=False)
    postal_code = _text("postal_code", needed=False)
    occupation = _text("occupation")
    source_of_funds = serializers.ChoiceField(choices=[str(each) for each in Funds])
    source_of_funds_details = _text("source_of_funds_details", needed=False, says="needed for other")
    pep = serializers.BooleanField(help_text="holds or held a high public office, or is close to who does")
    pep_details = _text("pep_details", needed=False, says="needed if pep is true")
    tax_residence = _text("tax_residence", says=COUNTRY)
    tax_number = _text("tax_number", needed=False)
    us_person = serializers.BooleanField(help_text="citizen or tax resident of the United States, green card")
    us_tax_number = _text("us_tax_number", needed=False)
    document_type = serializers.ChoiceField(choices=[str(each) for each in DocumentType])
    document_number = _text("document_number")
    document_issued_on = _text("document_issued_on", says=DAY)
    document_expires_on = _text("document_expires_on", says=DAY)
    front = serializers.FileField(allow_empty_file=True, help_text=f"{PICTURE}, or PDF")
    back = serializers.FileField(allow_empty_file=True, required=False, help_text=f"{PICTURE}, or PDF")
    selfie = serializers.FileField(allow_empty_file=True, help_text=PICTURE)


class KycApplicationOutput(KycCaseOutput):
    """One's own application, with what one said and what was said of it."""

    answers = serializers.DictField(child=serializers.CharField(allow_blank=True))
    missing = serializers.ListField(child=serializers.CharField(), help_text="steps of a draft to complete")
    rejection_reason = serializers.CharField(allow_blank=True)
    documents = KycDocumentOutput(many=True)
    history = KycChangeOutput(many=True)


class KycStateOutput(serializers.Serializer[Any]):
    """How far my identity check is; `application` is the newest one, null before the first."""

    kyc_status = serializers.CharField()
    kyc_level = serializers.IntegerField()
    accreditation_status = serializers.CharField()
    fatca_status = serializers.CharField()
    application = KycApplicationOutput(allow_null=True)


KINDS = (JPEG, PDF)  # what is kept, whatever was sent


class Kyc(APIView):
    """My identity check."""

    parser_classes = [MultiPartParser]

    @extend_schema(responses={200: KycStateOutput, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """Say how far it is, with the newest application and its history."""
        return Response(_state(request))

    @extend_schema(
        request={"multipart/form-data": KycInput},
        responses={201: KycApplicationOutput, **problems(400, 401, 403, 409, 413, 415, 429, 503)},
        examples=[
            OpenApiExample(
                "With a passport",
                request_only=True,
                media_type="multipart/form-data",
                value={
                    "full_name": "Noor Haddad",
                    "birth_date": "1990-04-27",
                    "birth_place": "Sharjah",
                    "birth_country": "AE",
                    "nationality": "AE",
                    "residence": "AE",
                    "street": "12 Al Wasl Road",
                    "city": "Dubai",
                    "occupation": "Engineer",
                    "source_of_funds": "salary",
                    "pep": False,
                    "tax_residence": "AE",
                    "us_person": False,
                    "document_type": "passport",
                    "document_number": "P1234567",
                    "document_issued_on": "2022-01-10",
                    "document_expires_on": "2032-01-09",
                    "front": "(a file)",
                    "selfie": "(a file)",
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Hand in a whole application; a second one is refused while one waits or is looked at."""
        given = read(KycInput, fields_of(request.data))
        files = {side: content_of(given.pop(side)) for side in Side if given.get(side) is not None}
        for name in BOOLEANS:
            given[name] = "yes" if given[name] else "no"
        services.submit_at_once(
            user_id=user_id_of(request), given=given, files=files, by=actor_of(request), at=now()
        )
        own = selectors.own_case(user_id_of(request), at=now())
        return Response(_own_body(own, user_id_of(request)) if own else None, status=201)


class File(APIView):
    """A document, by a signed link that expires."""

    @extend_schema(
        responses={**{(200, kind): OpenApiTypes.BINARY for kind in KINDS}, **problems(401, 403, 404)}
    )
    def get(self, request: Request, token: str) -> HttpResponse:
        """Return the file. What staff open is recorded."""
        at = now()
        number = selectors.document_of(token, viewer=user_id_of(request), at=at)
        content, kind = personal_data.open_document(number, why="api", by=actor_of(request), at=at)
        return attachment(content, content_type=kind, name=str(number))


def _state(request: Request) -> dict[str, Any]:
    at, me = now(), user_id_of(request)
    state, own = selectors.state_of(me), selectors.own_case(me, at=at)
    return {
        "kyc_status": state.kyc_status,
        "kyc_level": state.kyc_level,
        "accreditation_status": state.accreditation,
        "fatca_status": state.fatca,
        "application": _own_body(own, me) if own else None,
    }


def _own_body(own: OwnCase, me: UUID) -> dict[str, Any]:
    at = now()
    return case_body(own.case) | {
        "answers": asdict(own.answers),
        "missing": list(own.missing) if own.case.status == "draft" else [],
        "rejection_reason": own.rejection_reason,
        "documents": [
            document_body(each, own.document_notes.get(each.id, ""), viewer=me, at=at)
            for each in own.case.documents
        ],
        "history": history_body(own.history),
    }
