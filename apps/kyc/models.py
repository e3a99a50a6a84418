"""Identity checks: sealed answers, documents, and histories that only grow.

What is said of a person (answers, notes, reasons) is sealed under that person's data key, so that
destroying the key erases it. Plain is only what the workflow needs.
"""

from uuid import UUID

from django.db import models
from django.db.models import F, Q

from apps.common.ids import new_id
from apps.common.laws import choices, one_of
from apps.kyc.types import OPEN, ApplicationStatus, DocumentStatus, DocumentType, Side


class Application(models.Model):
    """One identity check of one person. `previous` is the rejected or expired one that it follows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user_id = models.UUIDField(db_index=True)
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    verification_provider = models.CharField(max_length=40, default="manual")
    status = models.CharField(
        max_length=16, choices=choices(ApplicationStatus), default=ApplicationStatus.DRAFT
    )
    answers = models.BinaryField()
    document_index = models.CharField(max_length=64, blank=True, db_index=True)
    kyc_level = models.PositiveSmallIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)
    claimed_by = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    reviewed_by = models.UUIDField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    review_notes = models.BinaryField(null=True)
    rejection_reason = models.BinaryField(null=True)
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "kyc_applications"
        constraints = [
            models.UniqueConstraint(
                fields=["user_id"], condition=Q(status__in=list(map(str, OPEN))), name="kyc_one_open"
            ),
            one_of("status", ApplicationStatus, "kyc_status_known"),
            models.CheckConstraint(
                condition=Q(status="draft", submitted_at__isnull=True)
                | ~Q(status="draft") & Q(submitted_at__isnull=False),
                name="kyc_submitted_unless_draft",
            ),
            models.CheckConstraint(
                condition=Q(status="in_review", claimed_by__isnull=False, claimed_at__isnull=False)
                | ~Q(status="in_review") & Q(claimed_by__isnull=True, claimed_at__isnull=True),
                name="kyc_held_while_in_review",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["approved", "expired"],
                    kyc_level__range=(1, 3),
                    reviewed_by__isnull=False,
                    reviewed_at__isnull=False,
                )
                | Q(
                    status="rejected",
                    kyc_level__isnull=True,
                    reviewed_by__isnull=False,
                    reviewed_at__isnull=False,
                    rejection_reason__isnull=False,
                )
                | Q(status__in=["draft", "pending", "in_review"], reviewed_by__isnull=True),
                name="kyc_decided_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(claimed_by=F("user_id")), name="kyc_not_held_by_owner"),
            models.CheckConstraint(condition=~Q(reviewed_by=F("user_id")), name="kyc_not_decided_by_owner"),
        ]
        indexes = [models.Index(fields=["status", "submitted_at"], name="kyc_queue")]

    def __str__(self) -> str:
        return str(self.pk)


class Document(models.Model):
    """A file of an application. Its bytes lie encrypted in the storage; a removed one's are gone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    type = models.CharField(max_length=16, choices=choices(DocumentType))
    side = models.CharField(max_length=8, choices=choices(Side))
    status = models.CharField(max_length=8, choices=choices(DocumentStatus), default=DocumentStatus.PENDING)
    storage_key = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, db_index=True)
    added_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    reviewer_id = models.UUIDField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    notes = models.BinaryField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "kyc_documents"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "side"], condition=Q(removed_at__isnull=True), name="kyc_side_once"
            ),
            one_of("type", DocumentType, "kyc_document_type_known"),
            one_of("side", Side, "kyc_document_side_known"),
            one_of("status", DocumentStatus, "kyc_document_status_known"),
            models.CheckConstraint(
                condition=Q(status="pending") | Q(reviewer_id__isnull=False, reviewed_at__isnull=False),
                name="kyc_document_judged_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class StatusChange(models.Model):
    """Who moved an application, when and why (KYC-1). Only grows; `why` is sealed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    before = models.CharField(max_length=16)
    after = models.CharField(max_length=16)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    why = models.BinaryField(null=True)

    class Meta:
        db_table = "kyc_status_log"

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class DocumentChange(models.Model):
    """What happened to a document: added, judged, removed (KYC-3). Only grows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    before = models.CharField(max_length=16, blank=True)
    after = models.CharField(max_length=16)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "kyc_document_history"

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


def place(table: str, field: str, row: UUID) -> str:
    """Return the associated data that binds a sealed value to its field and row."""
    return f"kyc.{table}.{field}:{row}"
