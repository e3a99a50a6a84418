"""Deciding on a business: approve, reject, suspend, resume (BIZ-1)."""

from datetime import datetime
from uuid import UUID

from apps.audit import services as audit
from apps.businesses import models, rules, selectors, states
from apps.businesses.types import Business, BusinessStatus
from apps.common.db import opens_transaction
from apps.common.errors import Forbidden, Invalid, NotFound, Stale
from apps.common.transitions import advance
from apps.common.types import Actor
from apps.outbox import services as outbox


class OwnBusiness(Forbidden):
    """Whoever acts for a business doesn't decide on it."""

    code = "own_business"


@opens_transaction
def decide(
    *, business_id: UUID, status: BusinessStatus, reason: str, version: int, by: Actor, at: datetime
) -> Business:
    """Bring a business to another status. `version` is the one that the asker has read.

    `reason` is shown to the owner, kept for good, and names no person; to reject and to suspend need one.

    Raises NotFound, OwnBusiness, Stale, Invalid (field reason), Conflict `invalid_transition`.
    """
    row = models.Business.objects.select_for_update().filter(pk=business_id).first()
    if row is None:
        raise NotFound("There is no such business.")
    if by.kind == "user" and models.Member.objects.filter(business=row, user_id=by.id).exists():
        raise OwnBusiness("You act for this business, so somebody else must decide.")
    if row.version != version:
        raise Stale(
            "Somebody else has changed this business.",
            next_step="Read it again and repeat your decision.",
            version=row.version,
        )
    before = BusinessStatus(row.status)
    after = advance(states.STATUS, before, status)
    reason = _checked(reason, after)
    row.status, row.version, row.updated_at = after, version + 1, at
    row.save(update_fields=["status", "version", "updated_at"])
    step = models.StatusStep.objects.create(
        business=row,
        before=before,
        after=after,
        at=at,
        actor_kind=by.kind,
        actor_id=by.id,
        reason=reason,
    )
    told = states.TOLD[before, after]
    audit.record(
        action=told.name.replace("business.", "businesses."),
        target_type="business",
        target_id=str(business_id),
        before={"status": before},
        after={"status": after},
        reason=reason,
        by=by,
        at=at,
    )
    payload = {"business_id": str(business_id), "step": step.pk}
    outbox.publish(type=told.name, key=str(business_id), payload=payload, at=at)
    return selectors.as_business(row)


def _checked(reason: str, after: BusinessStatus) -> str:
    said = rules.tidy(reason.replace("\r\n", " ").replace("\n", " "))
    if not said and after in rules.NEEDS_REASON:
        raise Invalid(
            "A reason is needed.", fields={"reason": ["Say why; the owner of the business reads it."]}
        )
    if len(said) > rules.MAX_REASON or not said.isprintable():
        sentence = f"The reason has at most {rules.MAX_REASON} printable characters."
        raise Invalid(sentence, fields={"reason": [sentence]})
    return said
