"""A reviewer takes a case, lets go of it, or decides it (KYC-4, KYC-5)."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django_countries import countries

from apps.accounts import selectors as accounts
from apps.accounts.types import Accreditation, Fatca, KycStatus, Standing, Status
from apps.audit import services as audit
from apps.chain import services as chain
from apps.common.db import needs_transaction, opens_transaction
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.common.types import Actor
from apps.kyc import models, personal_data, rules, selectors
from apps.kyc.services import ground
from apps.kyc.types import (
    APPROVED,
    CLAIM_HOURS,
    LEVEL_TWO_IS_PROFESSIONAL,
    REJECTED,
    VALIDITY,
    Answers,
    ApplicationStatus,
    Case,
    Decision,
    DocumentStatus,
)
from apps.outbox import services as outbox
from apps.parameters import selectors as parameters

DEFAULT_LEVEL = 2
LEVELS = (1, 2, 3)
_CLAIMED = ["status", "claimed_by", "claimed_at", "updated_at"]
_DECIDED = [
    *_CLAIMED, "reviewed_by", "reviewed_at", "review_notes", "rejection_reason", "kyc_level", "expires_at",
]  # fmt: skip


class YourOwnCase(Forbidden):
    """The reviewer is the person whom the case is about."""

    code = "kyc_own_case"


class ClaimedByOther(Conflict):
    """Another reviewer holds the case; `data` names them."""

    code = "kyc_claimed"


class DocumentRefused(Conflict):
    """A document of the case was rejected or has expired, so the case can't be approved."""

    code = "kyc_document_refused"


class PersonNotActive(Conflict):
    """The account is suspended or closed, so its identity can't be approved."""

    code = "kyc_person_not_active"


@opens_transaction
def claim(*, application_id: UUID, by: Actor, at: datetime) -> Case:
    """Take a waiting case into review. One that somebody holds or has decided is returned as it is.

    Raises NotFound, YourOwnCase.
    """
    row = _locked(application_id, by)
    if row.status == ApplicationStatus.PENDING:
        _claim(row, by=by, at=at)
    return selectors.case_of(row)


@opens_transaction
def release(*, application_id: UUID, by: Actor, at: datetime) -> Case:
    """Let go of a case, so that it waits for any reviewer again.

    Another one's case may be released once they have held it for `kyc.claim_hours`.

    Raises NotFound, YourOwnCase, ClaimedByOther, Conflict `invalid_transition`.
    """
    row = _locked(application_id, by)
    held_since, holder = row.claimed_at, row.claimed_by
    if holder and held_since and str(holder) != by.id:
        hours = parameters.value(CLAIM_HOURS)
        if at < held_since + timedelta(hours=hours):
            raise _held(holder, next_step=f"Only they can release it before {hours} hours have passed.")
    row.claimed_by = row.claimed_at = None
    ground.move(row, ApplicationStatus.PENDING, by=by, at=at)
    row.save(update_fields=_CLAIMED)
    _audit(row, "kyc.released", {"claimed_by": holder}, by, at)
    return selectors.case_of(row)


@opens_transaction
def review(
    *,
    application_id: UUID,
    decision: Decision,
    kyc_level: int | None,
    notes: str = "",
    rejection_reason: str = "",
    professional_evidence: bool = False,
    by: Actor,
    at: datetime,
) -> Case:
    """Decide a case that the reviewer holds, or that nobody holds.

    `kyc_level` None means DEFAULT_LEVEL, which is recorded as such. `professional_evidence` says that proof
    of professional status was seen. Documents that weren't judged are accepted with an approval.

    Raises Invalid (fields kyc_level, notes, rejection_reason), NotFound, YourOwnCase, ClaimedByOther,
    DocumentRefused, PersonNotActive, Conflict `invalid_transition`.
    """
    _check(decision, kyc_level, notes, rejection_reason)
    row = _locked(application_id, by)
    if row.claimed_by and str(row.claimed_by) != by.id:
        raise _held(row.claimed_by, next_step="Leave the decision to them, or ask them to release the case.")
    if row.status == ApplicationStatus.PENDING:
        _claim(row, by=by, at=at)
    key = personal_data.subject_key(row.user_id)
    row.review_notes = personal_data.seal_words(key, "Application", "review_notes", row.pk, notes.strip())
    row.reviewed_by, row.reviewed_at, row.claimed_by, row.claimed_at = UUID(by.id), at, None, None
    if decision is Decision.REJECT:
        row.rejection_reason = personal_data.seal_words(
            key, "Application", "rejection_reason", row.pk, rejection_reason.strip()
        )
        _reject(row, rejection_reason.strip(), by=by, at=at)
        _audit(row, "kyc.rejected", {}, by, at)
    else:
        answers, level = personal_data.open_answers(key, row), kyc_level or DEFAULT_LEVEL
        standing = _approve(row, answers, level, evidence=professional_evidence, by=by, at=at)
        decided = {
            "kyc_level": level,
            "kyc_level_defaulted": kyc_level is None,
            "accreditation": standing.accreditation_status,
            "professional_evidence": professional_evidence,
            "fatca": standing.fatca_status,
        }
        _audit(row, "kyc.approved", decided, by, at)
    row.save(update_fields=_DECIDED)
    return selectors.case_of(row)


@needs_transaction
def _claim(row: models.Application, *, by: Actor, at: datetime) -> None:
    row.claimed_by, row.claimed_at = UUID(by.id), at
    ground.move(row, ApplicationStatus.IN_REVIEW, by=by, at=at)
    row.save(update_fields=_CLAIMED)
    _audit(row, "kyc.claimed", {"claimed_by": by.id}, by, at)


@needs_transaction
def _approve(
    row: models.Application, answers: Answers, level: int, *, evidence: bool, by: Actor, at: datetime
) -> Standing:
    _check_documents(row, answers, by=by, at=at)
    professional = bool(parameters.value(LEVEL_TWO_IS_PROFESSIONAL))
    standing = Standing(
        KycStatus.APPROVED,
        level,
        rules.accreditation(level, evidence=evidence, level_two_is_professional=professional),
        rules.fatca(answers),
        answers.residence,
    )
    row.kyc_level, row.expires_at = level, _end_of(answers, at)
    ground.move(row, ApplicationStatus.APPROVED, standing=standing, by=by, at=at)
    if accounts.account(row.user_id).status is not Status.ACTIVE:  # it is locked by now
        raise PersonNotActive("The account is not active.", next_step="Decide about the account first.")
    country = countries.numeric(answers.residence) or 0  # never 0: `country_codes` has only those with one
    chain.request_holder(owner=row.user_id, country=country, by=by, at=at)
    _publish(row, APPROVED.name, at)
    return standing


@needs_transaction
def _reject(row: models.Application, reason: str, *, by: Actor, at: datetime) -> None:
    level = min(1, accounts.account(row.user_id).kyc_level)
    standing = Standing(KycStatus.REJECTED, level, Accreditation.NONE, Fatca.NONE, "")
    ground.move(row, ApplicationStatus.REJECTED, why=reason, standing=standing, by=by, at=at)
    _publish(row, REJECTED.name, at)


@needs_transaction
def _check_documents(row: models.Application, answers: Answers, *, by: Actor, at: datetime) -> None:
    papers = list(models.Document.objects.select_for_update().filter(application=row, removed_at=None))
    if any(each.status == DocumentStatus.REJECTED for each in papers):
        raise DocumentRefused(
            "A document of this case is rejected.", next_step="Accept it, or reject the application."
        )
    expires = rules.read_date(answers.document_expires_on)
    if expires is None or expires <= selectors.market_day(at):
        raise DocumentRefused(
            "The document has expired since it was handed in.", next_step="Reject the application."
        )
    for each in papers:
        if each.status == DocumentStatus.PENDING:
            ground.judge(each, DocumentStatus.ACCEPTED, notes=None, by=by, at=at)


def _check(decision: Decision, kyc_level: int | None, notes: str, reason: str) -> None:
    wrong = {
        "notes": rules.words_problem(notes, needed=False),
        "rejection_reason": rules.words_problem(reason, needed=decision is Decision.REJECT),
        "kyc_level": "" if kyc_level is None or kyc_level in LEVELS else "Choose a level from 1 to 3.",
    }
    if any(wrong.values()):
        fields = {name: [sentence] for name, sentence in wrong.items() if sentence}
        raise Invalid("Some fields are not valid.", fields=fields)


def _locked(application_id: UUID, by: Actor) -> models.Application:
    query = models.Application.objects.select_for_update().filter(pk=application_id)
    row = query.exclude(status=ApplicationStatus.DRAFT).first()
    if row is None:
        raise NotFound("There is no such identity check.")
    if str(row.user_id) == by.id:
        raise YourOwnCase("This is your own case.", next_step="Somebody else must look at it.")
    return row


def _held(holder: UUID, *, next_step: str) -> ClaimedByOther:
    return ClaimedByOther("Another reviewer holds this case.", next_step=next_step, claimed_by=str(holder))


def _end_of(answers: Answers, at: datetime) -> datetime:
    """Return the instant at which an approval of now ends: midnight after its last day, in the market."""
    day = rules.valid_until(answers, today=selectors.market_day(at), months=parameters.value(VALIDITY))
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(settings.MARKET_TIME_ZONE))


def _audit(row: models.Application, action: str, after: dict[str, object], by: Actor, at: datetime) -> None:
    audit.record(
        action=action,
        target_type="kyc_application",
        target_id=str(row.pk),
        after={"user": row.user_id, "status": row.status, **after},
        by=by,
        at=at,
    )


def _publish(row: models.Application, name: str, at: datetime) -> None:
    ids = {"application_id": str(row.pk), "user_id": str(row.user_id)}
    outbox.publish(type=name, key=ids["user_id"], payload=ids, at=at)
