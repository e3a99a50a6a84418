"""Handing an application in, from its draft or all at once (KYC-2)."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common import limits
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import DomainError, Invalid
from apps.common.types import Actor
from apps.kyc import models, personal_data, rules, selectors
from apps.kyc.providers import provider
from apps.kyc.services import ground
from apps.kyc.services.documents import checked_paper
from apps.kyc.services.ground import Paper
from apps.kyc.types import MINIMUM_AGE, STEPS, SUBMITTED, Answers, ApplicationStatus, Case, Side
from apps.outbox import services as outbox
from apps.parameters import selectors as parameters

_HANDED_IN = ["status", "answers", "submitted_at", "verification_provider", "document_index", "updated_at"]


class Incomplete(Invalid):
    """Answers or pictures are missing or not valid."""

    code = "kyc_incomplete"


@opens_transaction
def submit(*, user_id: UUID, by: Actor, at: datetime) -> Case:
    """Hand the person's draft in, so that a reviewer may take it.

    Raises NoDraft, ApplicationOpen, Incomplete (every field of every step, and the sides that are missing).
    """
    draft = ground.existing_draft(user_id=user_id)
    answers = personal_data.open_answers(personal_data.subject_key(user_id), draft)
    return _hand_in(draft=draft, answers=answers, by=by, at=at)


def submit_at_once(
    *, user_id: UUID, given: Mapping[str, str], files: Mapping[Side, bytes], by: Actor, at: datetime
) -> Case:
    """Hand in a whole application with its files; a draft that is open is replaced by it.

    Raises ApplicationOpen, AlreadyApproved, Incomplete, UploadRefused and its kinds, TooMany.
    """
    _check_may_begin(user_id)
    answers = rules.normal(given)
    papers: list[Paper] = []
    try:
        for side, content in files.items():
            limits.spend("kyc_upload", str(user_id))
            papers.append(
                checked_paper(user_id, side=side, document_type=answers.document_type, content=content)
            )
        return _submit_at_once(user_id=user_id, answers=answers, papers=papers, by=by, at=at)
    except DomainError:  # nothing was committed, and whoever sends it again makes new ones
        for paper in papers:
            personal_data.forget(paper.storage_key)
        raise


@opens_transaction
def _submit_at_once(*, user_id: UUID, answers: Answers, papers: list[Paper], by: Actor, at: datetime) -> Case:
    _check_answers(answers, {Side(paper.side) for paper in papers}, at)
    draft = ground.draft_of(user_id=user_id, at=at)
    for old in models.Document.objects.filter(application=draft, removed_at=None):
        ground.detach(old, by=by, at=at)
    for paper in papers:
        ground.attach(draft, paper, by=by, at=at)
    draft.answers = personal_data.seal_answers(personal_data.subject_key(user_id), draft.pk, answers)
    return _hand_in(draft=draft, answers=answers, by=by, at=at)


def _check_may_begin(user_id: UUID) -> None:
    """Refuse early, before files are read, what the transaction would refuse."""
    if models.Application.objects.filter(user_id=user_id, status__in=("pending", "in_review")).exists():
        raise ground.still_open()


@needs_transaction
def _hand_in(*, draft: models.Application, answers: Answers, by: Actor, at: datetime) -> Case:
    papers = models.Document.objects.filter(application=draft, removed_at=None)
    _check_answers(answers, {Side(each.side) for each in papers}, at)
    papers.update(submitted_at=at)
    draft.submitted_at = at
    draft.verification_provider = provider().name
    draft.document_index = personal_data.document_index(answers.document_type, answers.document_number)
    ground.move(draft, ApplicationStatus.PENDING, by=by, at=at)
    draft.save(update_fields=_HANDED_IN)
    audit.record(
        action="kyc.submitted",
        target_type="kyc_application",
        target_id=str(draft.pk),
        after={"status": draft.status, "documents": len(papers), "previous": draft.previous_id},
        by=by,
        at=at,
    )
    ids = {"application_id": str(draft.pk), "user_id": str(draft.user_id)}
    outbox.publish(type=SUBMITTED.name, key=ids["user_id"], payload=ids, at=at)
    return selectors.case_of(draft)


def _check_answers(answers: Answers, sides: set[Side], at: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    minimum_age = parameters.value(MINIMUM_AGE)
    for step in STEPS:
        wrong |= rules.problems(
            answers,
            step,
            today=selectors.market_day(at),
            minimum_age=minimum_age,
            countries=selectors.country_codes(),
        )
    for side in rules.missing_sides(answers.document_type, sides):
        wrong.setdefault(str(side), ["This picture is missing."])
    if wrong:
        raise Incomplete(
            "The application is not complete.", fields=wrong, next_step="Correct what is named, and send it."
        )
