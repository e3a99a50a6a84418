"""Who verifies identities (KYC-8): our own reviewers, or a company behind an adapter."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts import selectors as accounts
from apps.accounts.types import Permission
from apps.kyc.types import REVIEW_REQUESTED
from apps.outbox import services as outbox
from apps.outbox.types import NewMessage


class VerificationProvider(Protocol):
    """Verifies one submitted application.

    `name` is kept with the application. `begin` is called in a transaction, at least once for each
    application, and must do nothing the second time; what is slow or far away it puts into the outbox.
    """

    name: str

    def begin(self, *, application_id: UUID, at: datetime) -> None: ...


class Manual:
    """Asks every reviewer to look into the queue."""

    name = "manual"

    def begin(self, *, application_id: UUID, at: datetime) -> None:
        """Publish one request for each reviewer, so that a mail that fails is tried again alone."""
        reviewers = accounts.with_permission(Permission.KYC_REVIEW)
        messages = [
            NewMessage(
                REVIEW_REQUESTED.name,
                f"{application_id}:{reviewer.id}",
                {"application_id": str(application_id), "reviewer_id": str(reviewer.id)},
            )
            for reviewer in reviewers
        ]
        outbox.publish_many(messages=messages, at=at)


def provider() -> VerificationProvider:
    """Return the configured provider."""
    chosen: VerificationProvider = import_string(settings.KYC_PROVIDER)()
    return chosen
