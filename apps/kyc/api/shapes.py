"""What the API says of identity checks, and how that is written."""

from dataclasses import asdict
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
    reviewer_id = serializers.UUIDField(allow_null=True)
    notes = serializers.CharField(allow_blank=True, help_text="what the reviewer noted")
    url = serializers.CharField()


class KycCaseOutput(serializers.Serializer[Any]):
    """An application without personal data."""

    id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    status = serializers.CharField(help_text=", ".join(ApplicationStatus))
    verification_provider = serializers.CharField()
    kyc_level = serializers.IntegerField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    claimed_by = serializers.UUIDField(allow_null=True, help_text="the reviewer who holds the case")
    claimed_at = serializers.DateTimeField(allow_null=True)
    reviewed_by = serializers.UUIDField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


class KycChangeOutput(serializers.Serializer[Any]):
    """A move of the application, or of one of its documents if `document_id` is given."""

    at = serializers.DateTimeField()
    actor_id = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField()
    document_id = serializers.UUIDField(allow_null=True)
    side = serializers.CharField(allow_blank=True)


CASE = tuple(map(str, KycCaseOutput().fields))
DOCUMENT = tuple(name for name in map(str, KycDocumentOutput().fields) if name not in {"notes", "url"})


def case_body(case: Case) -> dict[str, Any]:
    """Write a case without personal data."""
    return {name: getattr(case, name) for name in CASE}


def document_body(document: Document, notes: str, *, viewer: UUID, at: datetime) -> dict[str, Any]:
    """Write a document with a link that opens it for `viewer`."""
    token = selectors.document_token(document.id, viewer=viewer, at=at)
    shown = {name: getattr(document, name) for name in DOCUMENT}
    return shown | {"notes": notes, "url": reverse("api:kyc-file", args=[token])}


def history_body(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """Write a history, oldest first."""
    return [asdict(change) | {"before": change.before or None} for change in changes]
