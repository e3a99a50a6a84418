"""What may be known of identity checks without opening what is personal, and one's own with it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django_countries import countries

from apps.accounts import selectors as accounts
from apps.accounts.types import Permission
from apps.common.errors import NotFound
from apps.kyc import models, personal_data, rules
from apps.kyc.types import (
    MINIMUM_AGE,
    OPEN,
    STEPS,
    Answers,
    ApplicationStatus,
    Case,
    CaseFilter,
    Change,
    Document,
    DocumentStatus,
    DocumentType,
    OwnCase,
    Side,
    State,
    Step,
)
from apps.parameters import selectors as parameters

DRAFT = str(ApplicationStatus.DRAFT)
WAITING = (ApplicationStatus.PENDING, ApplicationStatus.IN_REVIEW)  # for a decision
PAGE = 50
LINK_LIFETIME = timedelta(minutes=5)


def state_of(user_id: UUID) -> State:
    """Return how far somebody's identity check is. Raises NotFound for an unknown user."""
    account = accounts.account(user_id)
    newest = _newest(user_id)
    return State(
        kyc_status=account.kyc_status,
        kyc_level=account.kyc_level,
        accreditation=account.accreditation_status,
        fatca=account.fatca_status,
        application=ApplicationStatus(newest.status) if newest else None,
    )


def own_case(user_id: UUID, *, at: datetime) -> OwnCase | None:
    """Return somebody's newest application as they see it themselves, None if there is none."""
    row = _newest(user_id)
    if row is None:
        return None
    key = personal_data.subject_key(user_id)
    answers = personal_data.open_answers(key, row)
    shown = case_of(row)
    return OwnCase(
        case=shown,
        answers=answers,
        missing=missing_steps(answers, shown.documents, at=at),
        rejection_reason=personal_data.open_words(
            key, "Application", "rejection_reason", row.pk, row.rejection_reason
        ),
        document_notes=personal_data.document_notes(key, row.pk),
        history=history(row.pk),
    )


def matching(where: CaseFilter) -> QuerySet[models.Application]:
    """Return the rows of submitted cases that a filter lets through."""
    query = models.Application.objects.exclude(status=DRAFT)
    if where.status:
        query = query.filter(status__in=WAITING if where.status == "open" else [where.status])
    if where.user_id:
        query = query.filter(user_id=where.user_id)
    if where.claimed_by == "nobody":
        return query.filter(status=ApplicationStatus.PENDING)
    if where.claimed_by:
        try:
            return query.filter(claimed_by=UUID(where.claimed_by))
        except ValueError:
            return query.none()
    return query


def queue(*, where: CaseFilter, cursor: str = "", limit: int = PAGE) -> tuple[list[Case], str]:
    """Return cases by submission, oldest first, and the cursor of the next page (empty on the last)."""
    query = matching(where).order_by("submitted_at", "id")
    if last := models.Application.objects.filter(pk=_uuid(cursor), submitted_at__isnull=False).first():
        later = query.filter(submitted_at__gt=last.submitted_at)
        query = later | query.filter(submitted_at=last.submitted_at, id__gt=last.pk)
    found = list(query[: limit + 1])
    return [as_case(row) for row in found[:limit]], str(found[limit - 1].pk) if len(found) > limit else ""


def waiting() -> int:
    """Return how many cases wait for a reviewer."""
    return models.Application.objects.filter(status=ApplicationStatus.PENDING).count()


def case(application_id: UUID) -> Case:
    """Return a submitted case with its documents. Raises NotFound, for a draft too."""
    row = models.Application.objects.filter(pk=application_id).exclude(status=DRAFT).first()
    if row is None:
        raise NotFound("There is no such identity check.")
    return case_of(row)


def history(application_id: UUID) -> tuple[Change, ...]:
    """Return the moves of an application and what happened to its documents, oldest first."""
    papers = models.DocumentChange.objects.filter(document__application_id=application_id).order_by("at")
    found = [
        Change(row.at, row.actor_id, row.before, row.after, row.document_id, row.document.side)
        for row in papers.select_related("document")
    ]
    return tuple(sorted([*found, *moves(application_id)], key=lambda change: change.at))


def moves(application_id: UUID) -> tuple[Change, ...]:
    """Return the moves of an application alone, oldest first."""
    log = rules.in_order(models.StatusChange.objects.filter(application_id=application_id))
    return tuple(Change(row.at, row.actor_id, row.before, row.after) for row in log)


def document_token(document_id: UUID, *, viewer: UUID, at: datetime) -> str:
    """Return what an address must hold for `viewer` to open a document, for LINK_LIFETIME (SEC-5)."""
    until = int((at + LINK_LIFETIME).timestamp())
    return _signer().sign_object({"document": str(document_id), "viewer": str(viewer), "until": until})


def document_of(token: str, *, viewer: UUID, at: datetime) -> UUID:
    """Return the document that a token opens for whoever looks now: its owner, or staff with kyc.view.

    Raises NotFound for a token that is forged, expired or another one's.
    """
    try:
        said = _signer().unsign_object(token)
        document, fits = UUID(said["document"]), said["viewer"] == str(viewer)
    except (BadSignature, ValueError, KeyError, TypeError):
        raise _no_document() from None
    if not fits or said["until"] < at.timestamp():
        raise _no_document()
    owner = models.Document.objects.filter(pk=document).values_list("application__user_id", flat=True).first()
    if owner != viewer and Permission.KYC_VIEW not in accounts.permissions_of(viewer):
        raise _no_document()
    return document


def missing_steps(answers: Answers, documents: Iterable[Document], *, at: datetime) -> tuple[Step, ...]:
    """Return the steps of the wizard that aren't complete, in order."""
    today, minimum_age = market_day(at), parameters.value(MINIMUM_AGE)
    missing = [
        step
        for step in STEPS
        if rules.problems(answers, step, today=today, minimum_age=minimum_age, countries=country_codes())
    ]
    sides = {each.side for each in documents if each.status is not DocumentStatus.REJECTED}
    if Step.DOCUMENTS not in missing and rules.missing_sides(answers.document_type, sides):
        missing.append(Step.DOCUMENTS)
    return tuple(missing)


def market_day(at: datetime) -> date:
    """Return the date in the market's time zone."""
    return at.astimezone(ZoneInfo(settings.MARKET_TIME_ZONE)).date()


@cache
def country_codes() -> frozenset[str]:
    """Return the two-letter codes of the countries that the chain's registers can name, by number."""
    return frozenset(code for code in countries.countries if countries.numeric(code) is not None)


def case_of(row: models.Application) -> Case:
    """Return the frozen view of an application with the documents that it has now."""
    papers = models.Document.objects.filter(application=row, removed_at=None).order_by("added_at", "id")
    return as_case(row, tuple(map(as_document, papers)))


def as_case(row: models.Application, documents: tuple[Document, ...] = ()) -> Case:
    """Return the frozen view of an application row."""
    return Case(
        id=row.pk,
        user_id=row.user_id,
        status=ApplicationStatus(row.status),
        verification_provider=row.verification_provider,
        kyc_level=row.kyc_level,
        previous_id=row.previous_id,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        claimed_by=row.claimed_by,
        claimed_at=row.claimed_at,
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        expires_at=row.expires_at,
        documents=documents,
    )


def as_document(row: models.Document) -> Document:
    """Return the frozen view of a document row."""
    return Document(
        id=row.pk,
        application_id=row.application_id,
        type=DocumentType(row.type),
        side=Side(row.side),
        status=DocumentStatus(row.status),
        content_type=row.content_type,
        size=row.size,
        added_at=row.added_at,
        submitted_at=row.submitted_at,
        reviewer_id=row.reviewer_id,
        reviewed_at=row.reviewed_at,
    )


def _newest(user_id: UUID) -> models.Application | None:
    """Return the open application, or else the last one that was decided."""
    query = models.Application.objects.filter(user_id=user_id)
    return query.filter(status__in=OPEN).first() or query.order_by("-created_at", "-id").first()


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)  # nobody's


def _signer() -> Signer:
    return Signer(salt="kyc.document")


def _no_document() -> NotFound:
    return NotFound("This link is not valid any more.", next_step="Load the page again to get a new one.")
