"""What follows when an application is handed in, and when it is decided: the provider's work, and mail."""

from uuid import UUID

from django.conf import settings

from apps.accounts import personal_data as persons
from apps.accounts import selectors as accounts
from apps.common.db import needs_transaction
from apps.kyc import models
from apps.kyc.providers import provider
from apps.kyc.types import APPROVED, ApplicationStatus
from apps.notifications import services as notifications
from apps.outbox.types import Message


@needs_transaction
def begin_verification(message: Message) -> None:
    """Hand a new application to whoever verifies identities."""
    provider().begin(application_id=UUID(message.payload["application_id"]), at=message.now)


def send_review_request(message: Message) -> None:
    """Mail one reviewer that a case waits, unless somebody has taken it since."""
    number = UUID(message.payload["application_id"])
    if not models.Application.objects.filter(pk=number, status=ApplicationStatus.PENDING).exists():
        return
    link = f"{settings.BASE_URL}/staff/kyc/{number}"
    _mail(UUID(message.payload["reviewer_id"]), "kyc_review_requested", link, message)


def send_decision(message: Message) -> None:
    """Mail the person that their check was decided. Why it was rejected stands on their page alone."""
    template = "kyc_approved" if message.type == APPROVED.name else "kyc_rejected"
    _mail(UUID(message.payload["user_id"]), template, f"{settings.BASE_URL}/kyc", message)


def _mail(user_id: UUID, template: str, link: str, message: Message) -> None:
    account = accounts.account(user_id)
    address = persons.own(user_id).email
    if not address:  # erased in between
        return
    notifications.send_mail(
        to=address, template=template, context={"link": link}, locale=account.locale, at=message.now
    )
