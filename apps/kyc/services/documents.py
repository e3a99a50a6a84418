"""Pictures and papers of an application: added and removed by the person, judged by a reviewer (KYC-3)."""

import hashlib
from datetime import datetime
from uuid import UUID

from apps.common import crypto, limits, uploads
from apps.common.db import opens_transaction
from apps.common.errors import Conflict, DomainError, Invalid, NotFound
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.kyc import models, personal_data, rules, selectors
from apps.kyc.services import ground
from apps.kyc.services.ground import Paper
from apps.kyc.types import ApplicationStatus, Document, DocumentStatus, DocumentType, Side


class NotYourClaim(Conflict):
    """Somebody else holds the case, or nobody does."""

    code = "kyc_not_claimed"


def add_document(*, user_id: UUID, side: Side, content: bytes, by: Actor, at: datetime) -> Document:
    """Put a picture or PDF of the chosen document into the person's draft, in place of an earlier one.

    A selfie must be a picture.

    Raises Invalid (field: the side), UploadRefused and its kinds, NoDraft, ApplicationOpen, TooMany.
    """
    limits.spend("kyc_upload", str(user_id))
    paper = checked_paper(user_id, side=side, document_type="", content=content)
    try:
        return _add_document(user_id=user_id, paper=paper, by=by, at=at)
    except DomainError:  # nothing was committed; after any other error that isn't sure
        personal_data.forget(paper.storage_key)
        raise


@opens_transaction
def remove_document(*, user_id: UUID, document_id: UUID, by: Actor, at: datetime) -> None:
    """Take a document out of the person's draft; its bytes are deleted.

    Raises NoDraft, ApplicationOpen, NotFound.
    """
    draft = ground.existing_draft(user_id=user_id)
    found = models.Document.objects.filter(pk=document_id, application=draft, removed_at=None).first()
    if found is None:
        raise NotFound("There is no such document in your application.")
    ground.detach(found, by=by, at=at)


@opens_transaction
def judge_document(
    *, application_id: UUID, document_id: UUID, accepted: bool, notes: str, by: Actor, at: datetime
) -> Document:
    """Accept or reject one document of a case that the reviewer holds. A rejection needs notes.

    Raises Invalid (field notes), NotFound, NotYourClaim, Conflict `invalid_transition`.
    """
    problem = rules.words_problem(notes, needed=not accepted)
    if problem:
        raise Invalid("Some fields are not valid.", fields={"notes": [problem]})
    case = models.Application.objects.select_for_update().filter(pk=application_id).first()
    document = models.Document.objects.filter(
        pk=document_id, application_id=application_id, removed_at=None
    ).first()
    if case is None or document is None or case.status == ApplicationStatus.DRAFT:
        raise NotFound("There is no such document.")
    if case.status != ApplicationStatus.IN_REVIEW or str(case.claimed_by) != by.id:
        raise NotYourClaim("You don't hold this case.", next_step="Open the case; that claims it.")
    key = personal_data.subject_key(case.user_id)
    sealed = personal_data.seal_words(key, "Document", "notes", document.pk, notes.strip())
    to = DocumentStatus.ACCEPTED if accepted else DocumentStatus.REJECTED
    ground.judge(document, to, notes=sealed, by=by, at=at)
    return selectors.as_document(document)


def checked_paper(user_id: UUID, *, side: Side, document_type: str, content: bytes) -> Paper:
    """Check a file by SEC-5 and put what may be kept of it into the storage, encrypted."""
    allowed = (uploads.JPEG,) if side is Side.SELFIE else (uploads.JPEG, uploads.PDF)
    clean = uploads.clean(content, field=str(side), allowed=allowed)
    return stored_paper(
        user_id,
        side=side,
        document_type=document_type,
        content=clean.content,
        content_type=clean.content_type,
    )


def stored_paper(user_id: UUID, *, side: str, document_type: str, content: bytes, content_type: str) -> Paper:
    """Put checked bytes into the storage under a new document's id, encrypted."""
    number = new_id()
    return Paper(
        id=number,
        side=side,
        type=document_type,
        storage_key=personal_data.store(personal_data.subject_key(user_id), number, content),
        content_type=content_type,
        size=len(content),
        digest=crypto.digest("kyc.content", hashlib.sha256(content).hexdigest()),
    )


@opens_transaction
def _add_document(*, user_id: UUID, paper: Paper, by: Actor, at: datetime) -> Document:
    draft = ground.existing_draft(user_id=user_id)
    answers = personal_data.open_answers(personal_data.subject_key(user_id), draft)
    if answers.document_type not in set(DocumentType):
        raise Invalid(
            "Say first which document it is.", fields={"document_type": ["Choose the type of document."]}
        )
    typed = Paper(
        paper.id,
        paper.side,
        answers.document_type,
        paper.storage_key,
        paper.content_type,
        paper.size,
        paper.digest,
    )
    return selectors.as_document(ground.attach(draft, typed, by=by, at=at))
