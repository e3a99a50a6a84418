"""The only door to the personal side of identity checks. What staff read here is recorded (KYC-4)."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from apps.accounts import personal_data as persons
from apps.audit import services as audit
from apps.common import crypto
from apps.common.db import opens_transaction
from apps.common.errors import NotFound
from apps.common.types import Actor
from apps.kyc import rules
from apps.kyc.models import Application, Document, StatusChange, place
from apps.kyc.types import FIELDS, Answers, Change, Flag, Revealed

Sealed = bytes | memoryview | None
STORE = "documents"  # the key of settings.STORAGES


def subject_key(user_id: UUID) -> bytes:
    """Return the key that a person's case is sealed under. Raises NotFound, Conflict `person_erased`."""
    return persons.subject_key(user_id)


def seal_answers(key: bytes, application_id: UUID, answers: Answers) -> bytes:
    """Encrypt answers for their application."""
    given = {name: value for name, value in asdict(answers).items() if value}
    return crypto.seal(key, json.dumps(given).encode(), place=place("Application", "answers", application_id))


def open_answers(key: bytes, application: Application) -> Answers:
    """Decrypt an application's answers."""
    sealed = bytes(application.answers)
    given = json.loads(crypto.unseal(key, sealed, place=place("Application", "answers", application.pk)))
    return Answers(**{name: given.get(name, "") for name in FIELDS})


def seal_words(key: bytes, table: str, field: str, row: UUID, words: str) -> bytes | None:
    """Encrypt words about a person for their row; None for none."""
    return crypto.seal(key, words.encode(), place=place(table, field, row)) if words else None


def open_words(key: bytes, table: str, field: str, row: UUID, sealed: Sealed) -> str:
    """Decrypt what `seal_words` made for the same place."""
    return crypto.unseal(key, bytes(sealed), place=place(table, field, row)).decode() if sealed else ""


def document_index(document_type: str, number: str) -> str:
    """Return the blind index by which one document is recognised in two applications."""
    plain = "".join(char for char in number if char.isalnum())
    return crypto.digest("kyc.document", f"{document_type}:{plain}")


def store(key: bytes, document_id: UUID, content: bytes) -> str:
    """Encrypt a document's bytes for its id and put them into the storage; return the storage's key."""
    sealed = crypto.seal(key, content, place=place("Document", "content", document_id))
    return str(storages[STORE].save(f"kyc/{document_id}", ContentFile(sealed)))


def content_of(key: bytes, document: Document) -> bytes:
    """Fetch and decrypt a document's bytes. Raises crypto.CannotOpen for another one's."""
    with storages[STORE].open(document.storage_key) as file:
        return crypto.unseal(key, file.read(), place=place("Document", "content", document.pk))


def forget(storage_key: str) -> None:
    """Delete a document's bytes."""
    storages[STORE].delete(storage_key)


@opens_transaction
def reveal(application_id: UUID, *, why: str, by: Actor, at: datetime) -> Revealed:
    """Show the personal side of a case to staff, and record who saw whose and why. Raises NotFound."""
    application = Application.objects.filter(pk=application_id).exclude(status="draft").first()
    if application is None:
        raise NotFound("There is no such identity check.")
    key = subject_key(application.user_id)
    answers = open_answers(key, application)
    _record(application, "kyc.personal_data_read", {"fields": list(FIELDS)}, why=why, by=by, at=at)
    return Revealed(
        answers=answers,
        review_notes=_words_of(key, application, "review_notes"),
        rejection_reason=_words_of(key, application, "rejection_reason"),
        document_notes=document_notes(key, application.pk),
        moves=_moves(key, application.pk),
        flags=_flags(application, answers),
        fatca=rules.fatca(answers),
    )


@opens_transaction
def open_document(document_id: UUID, *, why: str, by: Actor, at: datetime) -> tuple[bytes, str]:
    """Return a document's bytes and their type; what somebody else than the owner opens is recorded.

    Raises NotFound, also for a document that was removed.
    """
    document = Document.objects.select_related("application").filter(pk=document_id, removed_at=None).first()
    if document is None:
        raise NotFound("There is no such document.")
    application = document.application
    if str(application.user_id) != by.id:
        seen = {"document": document.pk, "side": document.side}
        _record(application, "kyc.document_opened", seen, why=why, by=by, at=at)
    return content_of(subject_key(application.user_id), document), document.content_type


def document_notes(key: bytes, application_id: UUID) -> dict[UUID, str]:
    """Return what reviewers noted of an application's documents, by document."""
    noted = Document.objects.filter(application_id=application_id, notes__isnull=False)
    return {each.pk: open_words(key, "Document", "notes", each.pk, each.notes) for each in noted}


def _moves(key: bytes, application_id: UUID) -> tuple[tuple[Change, str], ...]:
    log = rules.in_order(StatusChange.objects.filter(application_id=application_id))
    return tuple(
        (
            Change(row.at, row.actor_id, row.before, row.after),
            open_words(key, "StatusChange", "why", row.pk, row.why),
        )
        for row in log
    )


def _words_of(key: bytes, application: Application, field: str) -> str:
    return open_words(key, "Application", field, application.pk, getattr(application, field))


def _flags(application: Application, answers: Answers) -> tuple[Flag, ...]:
    twins = Application.objects.exclude(user_id=application.user_id).filter(
        document_index=application.document_index
    )
    meaning = rules.fatca(answers)
    found: Sequence[tuple[Flag, bool]] = (
        (Flag.PEP, answers.pep == "yes"),
        (Flag.US_PERSON, meaning == "blocked"),
        (Flag.US_INDICIA, meaning == "review"),
        (Flag.SAME_DOCUMENT, bool(application.document_index) and twins.exists()),
        (
            Flag.NAME_DIFFERS,
            not rules.same_name(answers.full_name, persons.own(application.user_id).full_name),
        ),
    )
    return tuple(flag for flag, holds in found if holds)


def _record(
    application: Application, action: str, seen: dict[str, object], *, why: str, by: Actor, at: datetime
) -> None:
    audit.record(
        action=action,
        target_type="user",
        target_id=str(application.user_id),
        after={"application": application.pk, **seen},
        reason=why,
        by=by,
        at=at,
    )
