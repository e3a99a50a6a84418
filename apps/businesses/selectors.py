"""What others may know of businesses."""

from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.accounts import selectors as accounts
from apps.businesses import models, rules
from apps.businesses.types import (
    MIN_KYC_LEVEL,
    Business,
    BusinessStatus,
    Industry,
    Member,
    MemberRole,
    Page,
    StatusStep,
)
from apps.common.errors import Conflict, DomainError, Forbidden, NotFound
from apps.parameters import selectors as parameters

PAGE = 50


class BusinessNotActive(Conflict):
    """The business waits for its approval, was rejected, or is suspended."""

    code = "business_not_active"


class MemberRoleMissing(Forbidden):
    """The asker is a member of the business, and their role doesn't allow this."""

    code = "member_role_missing"


def business(business_id: UUID) -> Business:
    """Return a business by id. Raises NotFound."""
    row = models.Business.objects.filter(pk=business_id).first()
    if row is None:
        raise NotFound("There is no such business.")
    return as_business(row)


def of_member(user_id: UUID) -> list[Business]:
    """Return the businesses that a person acts for, newest first."""
    return [as_business(row) for row in rows_of_member(user_id)]


def require_member(business_id: UUID, user_id: UUID, *roles: MemberRole) -> Business:
    """Return the business if the person acts for it, in one of the `roles` where any are given.

    Raises NotFound for a stranger, as if there were no such business; MemberRoleMissing.
    """
    found = models.Member.objects.filter(business_id=business_id, user_id=user_id).first()
    if found is None:
        raise NotFound("There is no such business.")
    if roles and found.role not in roles:
        needed = sorted(map(str, roles))
        raise MemberRoleMissing(
            f"This needs the role {' or '.join(needed)} in the business; yours is {found.role}.",
            next_step="Ask the owner of the business.",
            role=found.role,
            needed=needed,
        )
    return business(business_id)


def require_active(business_id: UUID) -> Business:
    """Return the business if it is active. Raises NotFound, BusinessNotActive."""
    found = business(business_id)
    if found.status is not BusinessStatus.ACTIVE:
        raise BusinessNotActive(
            f"{found.name} is {found.status}, and only an active business may do this.",
            next_step=_NEXT[found.status],
            status=str(found.status),
        )
    return found


def owner(business_id: UUID) -> UUID:
    """Return the id of the account that owns a business. Raises NotFound."""
    found = models.Member.objects.filter(business_id=business_id, role=MemberRole.OWNER).first()
    if found is None:
        raise NotFound("There is no such business.")
    return found.user_id


def members(business_id: UUID) -> list[Member]:
    """Return the people who act for a business, the first of them first."""
    rows = models.Member.objects.filter(business_id=business_id).order_by("id")
    return [Member(row.business_id, row.user_id, MemberRole(row.role), row.since) for row in rows]


def history(business_id: UUID) -> list[StatusStep]:
    """Return the steps of a business's life, the last first."""
    return [as_step(row) for row in models.StatusStep.objects.filter(business_id=business_id).order_by("-id")]


def step(step_id: int) -> StatusStep:
    """Return one step. Raises NotFound."""
    row = models.StatusStep.objects.filter(pk=step_id).first()
    if row is None:
        raise NotFound("There is no such step.")
    return as_step(row)


def why_not_register(user_id: UUID) -> DomainError | None:
    """Return what keeps a person from registering a business, or None. Raises NotFound."""
    return rules.why_not_register(accounts.account(user_id), min_level=parameters.value(MIN_KYC_LEVEL))


def matching(
    *, status: str = "", country: str = "", industry: str = "", search: str = ""
) -> QuerySet[models.Business]:
    """Return the rows that match; `search` is a part of the name or a whole register number."""
    wanted = {"status": status, "country": country, "industry": industry}
    query = models.Business.objects.filter(**{name: value for name, value in wanted.items() if value})
    if search:
        query = query.filter(Q(name__icontains=search) | Q(register_key=rules.register_key(search)))
    return query


def page(*, cursor: str = "", limit: int = PAGE, oldest_first: bool = False, **wanted: str) -> Page:
    """Return one page of the businesses that match. A cursor that nobody made starts anew."""
    query, sign = matching(**wanted), "" if oldest_first else "-"
    seen = _as_id(cursor)
    if last := models.Business.objects.filter(pk=seen).first() if seen else None:
        further = "gt" if oldest_first else "lt"
        later = Q(**{f"created_at__{further}": last.created_at})
        query = query.filter(later | Q(**{"created_at": last.created_at, f"pk__{further}": last.pk}))
    query = query.order_by(f"{sign}created_at", f"{sign}id")
    found = [as_business(row) for row in query[: limit + 1]]
    more = len(found) > limit
    return Page(found[:limit], str(found[limit - 1].id) if more else "")


def waiting() -> int:
    """Return how many businesses wait for a decision."""
    return models.Business.objects.filter(status=BusinessStatus.PENDING).count()


def counts() -> dict[str, int]:
    """Return how many businesses there are in each status."""
    found = models.Business.objects.values_list("status").annotate(number=Count("id"))
    return {str(status): 0 for status in BusinessStatus} | dict(found)


def rows_of_member(user_id: UUID) -> QuerySet[models.Business]:
    """Return the rows of the businesses that a person acts for, newest first."""
    mine = models.Member.objects.filter(user_id=user_id).values("business_id")
    return models.Business.objects.filter(pk__in=mine).order_by("-created_at", "-id")


def as_business(row: models.Business) -> Business:
    """Return the frozen view of a row."""
    return Business(
        id=row.pk,
        name=row.name,
        registration_number=row.registration_number,
        country=row.country,
        industry=Industry(row.industry),
        platform_allocation_bps=row.platform_allocation_bps,
        status=BusinessStatus(row.status),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def as_step(row: models.StatusStep) -> StatusStep:
    """Return the frozen view of a step's row."""
    return StatusStep(
        id=row.pk,
        business_id=row.business_id,
        before=BusinessStatus(row.before) if row.before else None,
        after=BusinessStatus(row.after),
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        reason=row.reason,
    )


_NEXT = {
    BusinessStatus.PENDING: "Wait for the decision on its registration.",
    BusinessStatus.REJECTED: "Register it anew, with what its rejection asks for.",
    BusinessStatus.SUSPENDED: "Write to the platform's support.",
}


def _as_id(cursor: str) -> UUID | None:
    try:
        return UUID(cursor)
    except ValueError:
        return None
