"""Telling people: the reviewers of a new business, and its owner of each decision."""

from typing import Any
from uuid import UUID

from django.conf import settings

from apps.accounts import personal_data
from apps.accounts import selectors as accounts
from apps.accounts.types import Account, Permission
from apps.businesses import selectors, states
from apps.notifications import services as notifications
from apps.outbox.types import Message


def send_registered(message: Message) -> None:
    """Mail everybody who may decide that a business waits for it."""
    business = selectors.business(UUID(message.payload["business_id"]))
    context = {"business": business, "link": f"{settings.BASE_URL}/staff/businesses/{business.id}"}
    for reviewer in accounts.with_permission(Permission.BUSINESS_APPROVE):
        _send(reviewer, "business_registered", context, message)


def send_decision(message: Message) -> None:
    """Mail the owner of a business what was decided on it, and why."""
    step = selectors.step(message.payload["step"])
    business = selectors.business(step.business_id)
    decision = states.TOLD[step.before, step.after].name.partition(".")[2] if step.before else ""
    context = {
        "business": business,
        "decision": decision,
        "reason": step.reason,
        "link": f"{settings.BASE_URL}/businesses/{business.id}",
    }
    _send(accounts.account(selectors.owner(business.id)), "business_decided", context, message)


def _send(to: Account, template: str, context: dict[str, Any], message: Message) -> None:
    address = personal_data.own(to.id).email
    if not address:  # erased since
        return
    notifications.send_mail(to=address, template=template, context=context, locale=to.locale, at=message.now)
