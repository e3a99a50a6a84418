"""Registering a business (BIZ-1)."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django_countries import countries

from apps.accounts import selectors as accounts
from apps.audit import services as audit
from apps.businesses import models, rules, selectors
from apps.businesses.types import (
    MAX_PENDING,
    MAX_PLATFORM_ALLOCATION,
    MIN_KYC_LEVEL,
    MIN_PLATFORM_ALLOCATION,
    REGISTERED,
    Business,
    BusinessStatus,
    MemberRole,
)
from apps.common.db import opens_transaction, rows
from apps.common.errors import Conflict, Invalid, Unprocessable
from apps.common.types import Actor
from apps.outbox import services as outbox
from apps.parameters import selectors as parameters

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('businesses.register:' || %s, 0))"


class BusinessTaken(Conflict):
    """A business with this register number, or this id, is registered already."""

    code = "business_taken"


class TooManyPending(Unprocessable):
    """The owner has as many businesses waiting for a decision as one may have."""

    code = "too_many_pending_businesses"


@opens_transaction
def register(
    *,
    business_id: UUID,
    user_id: UUID,
    name: str,
    registration_number: str,
    country: str,
    industry: str,
    platform_allocation_bps: int,
    by: Actor,
    at: datetime,
) -> Business:
    """Register a business with its owner, to wait for a decision.

    `business_id` comes from the caller: the same registration sent again is returned as it is.
    `country` is two capital letters (ISO 3166-1), `platform_allocation_bps` basis points of each token.

    Raises NotFound, IssuersOnly, OwnerNotActive, IdentityNotChecked, IdentityLevelTooLow, Invalid (fields),
    TooManyPending, BusinessTaken.
    """
    rows(_ONE_AT_A_TIME, [str(user_id)])
    refusal = rules.why_not_register(accounts.account(user_id), min_level=parameters.value(MIN_KYC_LEVEL))
    if refusal is not None:
        raise refusal
    row = models.Business(
        id=business_id,
        name=rules.tidy(name),
        registration_number=rules.tidy(registration_number).upper(),
        country=country,
        industry=industry,
        platform_allocation_bps=platform_allocation_bps,
        created_at=at,
        updated_at=at,
    )
    _check(row)
    row.register_key = rules.register_key(row.registration_number)
    known = models.Business.objects.filter(pk=business_id).first()
    if known is not None:
        return _repeated(known, row, user_id)
    _check_room(user_id)
    _insert(row)
    models.Member.objects.create(business=row, user_id=user_id, role=MemberRole.OWNER, since=at)
    models.StatusStep.objects.create(
        business=row, after=BusinessStatus.PENDING, at=at, actor_kind=by.kind, actor_id=by.id
    )
    _note(row, user_id, by, at)
    outbox.publish(
        type=REGISTERED.name, key=str(business_id), payload={"business_id": str(business_id)}, at=at
    )
    return selectors.as_business(row)


def _check(row: models.Business) -> None:
    least, most = (parameters.value(each) for each in (MIN_PLATFORM_ALLOCATION, MAX_PLATFORM_ALLOCATION))
    wrong = rules.wrong_fields(
        name=row.name,
        registration_number=row.registration_number,
        industry=row.industry,
        bps=row.platform_allocation_bps,
        bounds=(least, most),
    )
    if row.country not in countries:
        wrong["country"] = ["Give the country as two capital letters (ISO 3166-1), for example AE."]
    if wrong:
        raise Invalid("Some fields are not valid.", fields=wrong)


def _check_room(user_id: UUID) -> None:
    most = parameters.value(MAX_PENDING)
    waiting = selectors.rows_of_member(user_id).filter(status=BusinessStatus.PENDING).count()
    if waiting >= most:
        raise TooManyPending(
            f"{waiting} of your businesses wait for a decision, and more may not.",
            next_step="Wait for a decision on one of them.",
            waiting=waiting,
            limit=most,
        )


def _repeated(known: models.Business, again: models.Business, user_id: UUID) -> Business:
    """Return the business of a form that was sent twice. Raises BusinessTaken for another one."""
    told = ("name", "registration_number", "country", "industry", "platform_allocation_bps")
    same = all(getattr(known, name) == getattr(again, name) for name in told)
    if not same or not models.Member.objects.filter(business=known, user_id=user_id).exists():
        raise BusinessTaken(
            "This registration was sent before, with other answers.", next_step="Open the form anew."
        )
    return selectors.as_business(known)


def _insert(row: models.Business) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        said = "A business with this registration number is registered in this country already."
        raise BusinessTaken(
            said,
            next_step="Check the number. If it is yours, write to the platform's support.",
            country=row.country,
            registration_number=row.registration_number,
        ) from error


def _note(row: models.Business, user_id: UUID, by: Actor, at: datetime) -> None:
    told = ("country", "industry", "platform_allocation_bps")
    audit.record(
        action="businesses.registered",
        target_type="business",
        target_id=str(row.pk),
        after={"status": BusinessStatus.PENDING, "owner": user_id}
        | {name: getattr(row, name) for name in told},
        by=by,
        at=at,
    )
