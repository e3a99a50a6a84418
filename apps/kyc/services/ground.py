"""What every verb of identity checks stands on: the draft, the moves, and their histories.

Locks are taken in this order: application, its documents, the user.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts import selectors as accounts
from apps.accounts import services as accounts_services
from apps.accounts.types import KycStatus, Standing
from apps.audit import services as audit
from apps.common.db import needs_transaction
from apps.common.errors import Conflict
from apps.common.ids import new_id
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.kyc import models, personal_data, states
from apps.kyc.types import OPEN, Answers, ApplicationStatus, DocumentStatus


class ApplicationOpen(Conflict):
    """The person has an application that waits for a decision."""

    code = "kyc_application_open"


class AlreadyApproved(Conflict):
    """The person's identity is verified, so there is nothing to apply for."""

    code = "kyc_already_approved"


class NoDraft(Conflict):
    """The person hasn't begun, so there is nothing to add to, to hand in or to take away."""

    code = "kyc_no_draft"


@dataclass(frozen=True, slots=True)
class Paper:
    """A checked file whose encrypted bytes are in the storage already."""

    id: UUID
    side: str
    type: str
    storage_key: str
    content_type: str
    size: int
    digest: str


@needs_transaction
def draft_of(*, user_id: UUID, at: datetime) -> models.Application:
    """Lock and return somebody's draft, a new one if they may begin.

    Raises ApplicationOpen, AlreadyApproved, NotFound.
    """
    found = open_one(user_id=user_id)
    if found is not None:
        return found
    if accounts.account(user_id).kyc_status is KycStatus.APPROVED:
        raise AlreadyApproved("Your identity is verified already.", next_step="There is nothing to do.")
    return new_draft(user_id=user_id, answers=Answers(), previous=None, at=at)


@needs_transaction
def existing_draft(*, user_id: UUID) -> models.Application:
    """Lock and return somebody's draft. Raises NoDraft, ApplicationOpen."""
    found = open_one(user_id=user_id)
    if found is None:
        raise NoDraft("You haven't begun your identity check.", next_step="Begin with your personal data.")
    return found


@needs_transaction
def open_one(*, user_id: UUID) -> models.Application | None:
    """Lock and return somebody's draft, None if there is none. Raises ApplicationOpen."""
    query = models.Application.objects.select_for_update().filter(user_id=user_id, status__in=OPEN)
    found = query.first()
    if found is not None and found.status != ApplicationStatus.DRAFT:
        raise still_open()
    return found


def still_open() -> ApplicationOpen:
    """Return the refusal of a second application."""
    return ApplicationOpen(
        "Your identity check was handed in and waits for a decision.",
        next_step="We write to you when it is decided.",
    )


@needs_transaction
def new_draft(*, user_id: UUID, answers: Answers, previous: UUID | None, at: datetime) -> models.Application:
    """Open a draft. Raises ApplicationOpen if somebody was faster."""
    number = new_id()
    sealed = personal_data.seal_answers(personal_data.subject_key(user_id), number, answers)
    try:
        with transaction.atomic():
            return models.Application.objects.create(
                id=number, user_id=user_id, answers=sealed, previous_id=previous, created_at=at, updated_at=at
            )
    except IntegrityError as error:
        raise still_open() from error


@needs_transaction
def attach(application: models.Application, paper: Paper, *, by: Actor, at: datetime) -> models.Document:
    """Put a paper into an application, in place of the one that shows the same side."""
    for old in models.Document.objects.filter(application=application, side=paper.side, removed_at=None):
        detach(old, by=by, at=at)
    made = models.Document.objects.create(
        id=paper.id,
        application=application,
        type=paper.type,
        side=paper.side,
        storage_key=paper.storage_key,
        content_type=paper.content_type,
        size=paper.size,
        digest=paper.digest,
        added_at=at,
    )
    note_document(made, before="", after="added", by=by, at=at)
    return made


@needs_transaction
def detach(document: models.Document, *, by: Actor, at: datetime) -> None:
    """Take a paper out of a draft; its bytes are deleted when this is committed."""
    document.removed_at = at
    document.save(update_fields=["removed_at"])
    key = document.storage_key
    transaction.on_commit(lambda: personal_data.forget(key), robust=True)
    note_document(document, before=document.status, after="removed", by=by, at=at)


@needs_transaction
def note_document(document: models.Document, *, before: str, after: str, by: Actor, at: datetime) -> None:
    """Write what happened to a document into its history and the audit record."""
    models.DocumentChange.objects.create(
        document=document, before=before, after=after, actor_kind=by.kind, actor_id=by.id, at=at
    )
    audit.record(
        action=f"kyc.document_{after}",
        target_type="kyc_document",
        target_id=str(document.pk),
        after={"application": document.application_id, "side": document.side, "type": document.type},
        by=by,
        at=at,
    )


@needs_transaction
def judge(
    document: models.Document, to: DocumentStatus, *, notes: bytes | None, by: Actor, at: datetime
) -> None:
    """Accept or reject a document. Raises Conflict `invalid_transition`."""
    before = DocumentStatus(document.status)
    document.status = advance(states.DOCUMENT, before, to)
    document.reviewer_id, document.reviewed_at, document.notes = UUID(by.id), at, notes
    document.save(update_fields=["status", "reviewer_id", "reviewed_at", "notes"])
    note_document(document, before=before, after=to, by=by, at=at)


@needs_transaction
def move(
    application: models.Application,
    to: ApplicationStatus,
    *,
    why: str = "",
    standing: Standing | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Move an application along its life, in memory and in its log, and its person's standing with it.

    `standing` is what the person's becomes; else only their status follows. The caller saves the row.

    Raises Conflict `invalid_transition`.
    """
    before = ApplicationStatus(application.status)
    application.status = advance(states.APPLICATION, before, to)
    application.updated_at = at
    line = new_id()
    key = personal_data.subject_key(application.user_id)
    models.StatusChange.objects.create(
        id=line,
        application=application,
        before=before,
        after=to,
        actor_kind=by.kind,
        actor_id=by.id,
        at=at,
        why=personal_data.seal_words(key, "StatusChange", "why", line, why),
    )
    wanted = standing or replace(standing_now(application.user_id), kyc_status=states.STANDING[to])
    accounts_services.set_standing(user_id=application.user_id, standing=wanted, at=at)


def standing_now(user_id: UUID) -> Standing:
    """Return where a person stands."""
    account = accounts.account(user_id)
    return Standing(
        account.kyc_status, account.kyc_level, account.accreditation_status, account.fatca_status, ""
    )
