"""What the API says of identity checks, and how that is written."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from rest_framework import serializers

from apps.kyc import selectors
from apps.kyc.types import ApplicationStatus, Case, Change, Document


class KycDocumentOutput(serializers.Serializer[Any]):
    """A file of an application. `url` opens it for whoever asked, for five minutes."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    side = serializers.CharField()
    status = serializers.CharField()
    content_type = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    submitted_at = serializers.DateTimeField(allow_null=True)
    notes = serializers.CharField(allow_blank=True, help_text="what the reviewer noted")
    url = serializers.CharField()


class StaffKycDocumentOutput(KycDocumentOutput):
    reviewer_id = serializers.UUIDField(allow_null=True)


class KycCaseOutput(serializers.Serializer[Any]):
    """An application without personal data."""

    id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    status = serializers.CharField(help_text=", ".join(ApplicationStatus))
    verification_provider = serializers.CharField()
    kyc_level = serializers.IntegerField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class StaffKycCaseOutput(KycCaseOutput):
    """A case with who works on it, which the person themselves isn't told."""

    claimed_by = serializers.UUIDField(allow_null=True, help_text="the reviewer who holds the case")
    reviewed_by = serializers.UUIDField(allow_null=True)


class KycChangeOutput(serializers.Serializer[Any]):
    """A move of the application, or of one of its documents if `document_id` is given."""

    at = serializers.DateTimeField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField()
    document_id = serializers.UUIDField(allow_null=True)
    side = serializers.CharField(allow_blank=True)


class StaffKycChangeOutput(KycChangeOutput):
    actor_id = serializers.CharField()


CASE = tuple(map(str, KycCaseOutput().fields))
STAFF_CASE = tuple(map(str, StaffKycCaseOutput().fields))
DOCUMENT = tuple(name for name in map(str, KycDocumentOutput().fields) if name not in {"notes", "url"})
CHANGE = tuple(map(str, KycChangeOutput().fields))


def case_body(case: Case, *, staff: bool = False) -> dict[str, Any]:
    """Write a case without personal data; only staff read who works on it."""
    return {name: getattr(case, name) for name in (STAFF_CASE if staff else CASE)}


def document_body(
    document: Document, notes: str, *, viewer: UUID, at: datetime, staff: bool = False
) -> dict[str, Any]:
    """Write a document with a link that opens it for `viewer`; only staff read who judged it."""
    token = selectors.document_token(document.id, viewer=viewer, at=at)
    shown = {name: getattr(document, name) for name in DOCUMENT}
    told = {"reviewer_id": document.reviewer_id} if staff else {}
    return shown | {"notes": notes, "url": reverse("api:kyc-file", args=[token])} | told


def history_body(changes: tuple[Change, ...], *, staff: bool = False) -> list[dict[str, Any]]:
    """Write a history, oldest first; only staff read who did what."""
    names = (*CHANGE, "actor_id") if staff else CHANGE
    return [
        {name: getattr(change, name) for name in names} | {"before": change.before or None}
        for change in changes
    ]
