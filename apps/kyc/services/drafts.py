"""A draft: answers saved step by step, and a new one after a rejection (KYC-1, KYC-2)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.common.db import opens_transaction
from apps.common.errors import DomainError, Invalid
from apps.common.types import Actor
from apps.kyc import models, personal_data, rules, selectors
from apps.kyc.services import ground
from apps.kyc.services.documents import stored_paper
from apps.kyc.services.ground import NoDraft, Paper
from apps.kyc.types import MINIMUM_AGE, ApplicationStatus, Case, DocumentStatus, Side, Step
from apps.parameters import selectors as parameters


@opens_transaction
def save_step(*, user_id: UUID, step: Step, given: Mapping[str, str], by: Actor, at: datetime) -> Case:
    """Keep the answers of one step in the person's draft, which begins with the first one.

    Another type of document takes the pictures of the former one away.

    Raises Invalid (the step's fields), ApplicationOpen, AlreadyApproved, NotFound.
    """
    draft = ground.draft_of(user_id=user_id, at=at)
    key = personal_data.subject_key(user_id)
    answers = rules.merge(personal_data.open_answers(key, draft), step, rules.normal(given))
    wrong = rules.problems(
        answers,
        step,
        today=selectors.market_day(at),
        minimum_age=parameters.value(MINIMUM_AGE),
        countries=selectors.country_codes(),
    )
    if wrong:
        raise Invalid("Some answers are not valid.", fields=wrong)
    draft.answers, draft.updated_at = personal_data.seal_answers(key, draft.pk, answers), at
    draft.save(update_fields=["answers", "updated_at"])
    if step is Step.DOCUMENTS:
        others = models.Document.objects.filter(application=draft, removed_at=None)
        for document in others.exclude(type=answers.document_type).exclude(side=Side.SELFIE):
            ground.detach(document, by=by, at=at)
    audit.record(
        action="kyc.draft_saved",
        target_type="kyc_application",
        target_id=str(draft.pk),
        after={"step": step},
        by=by,
        at=at,
    )
    return selectors.case_of(draft)


def start_again(*, user_id: UUID, by: Actor, at: datetime) -> Case:
    """Open a draft with the answers and pictures of the application that was rejected or has expired.

    Pictures that were rejected are left out. A draft that is open is returned as it is.

    Raises NoDraft if nothing was decided, ApplicationOpen, AlreadyApproved.
    """
    papers = [
        stored_paper(user_id, side=each.side, document_type=each.type, content=content, content_type=kind)
        for each, content, kind in _kept(user_id)
    ]
    used: list[UUID] = []
    try:
        case = _start_again(user_id=user_id, papers=papers, used=used, by=by, at=at)
    except DomainError:
        _forget(papers, keep=())
        raise
    _forget(papers, keep=used)
    return case


@opens_transaction
def _start_again(*, user_id: UUID, papers: list[Paper], used: list[UUID], by: Actor, at: datetime) -> Case:
    used.clear()  # this may be a second attempt
    draft = ground.open_one(user_id=user_id)
    if draft is None:
        last = _last_decided(user_id)
        if last is None:
            raise NoDraft("There is no application to correct.", next_step="Begin with your personal data.")
        if last.status == ApplicationStatus.APPROVED:
            raise ground.AlreadyApproved("Your identity is verified already.")
        answers = personal_data.open_answers(personal_data.subject_key(user_id), last)
        draft = ground.new_draft(user_id=user_id, answers=answers, previous=last.pk, at=at)
        for paper in papers:
            ground.attach(draft, paper, by=by, at=at)
            used.append(paper.id)
        audit.record(
            action="kyc.started_again",
            target_type="kyc_application",
            target_id=str(draft.pk),
            after={"previous": last.pk, "documents": len(papers)},
            by=by,
            at=at,
        )
    return selectors.case_of(draft)


def _forget(papers: list[Paper], *, keep: Collection[UUID]) -> None:
    for paper in papers:
        if paper.id not in keep:
            personal_data.forget(paper.storage_key)


def _kept(user_id: UUID) -> list[tuple[models.Document, bytes, str]]:
    """Return the documents, with their bytes, that a corrected application begins with."""
    last = _last_decided(user_id)
    if last is None or models.Application.objects.filter(previous=last).exists():
        return []
    key = personal_data.subject_key(user_id)
    papers = models.Document.objects.filter(application=last, removed_at=None)
    good = papers.exclude(status=DocumentStatus.REJECTED)
    return [(each, personal_data.content_of(key, each), each.content_type) for each in good]


def _last_decided(user_id: UUID) -> models.Application | None:
    query = models.Application.objects.filter(user_id=user_id, reviewed_at__isnull=False)
    return query.order_by("-reviewed_at").first()
