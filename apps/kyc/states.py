"""The lives of an application and of a document, each as one table (KYC-1, KYC-3)."""

from collections.abc import Mapping

from apps.accounts.types import KycStatus
from apps.kyc.types import ApplicationStatus, DocumentStatus

APPLICATION: Mapping[ApplicationStatus, frozenset[ApplicationStatus]] = {
    ApplicationStatus.DRAFT: frozenset({ApplicationStatus.PENDING}),
    ApplicationStatus.PENDING: frozenset({ApplicationStatus.IN_REVIEW}),
    ApplicationStatus.IN_REVIEW: frozenset(
        # back to pending: a reviewer lets go of it
        {ApplicationStatus.APPROVED, ApplicationStatus.REJECTED, ApplicationStatus.PENDING}
    ),
    ApplicationStatus.APPROVED: frozenset({ApplicationStatus.EXPIRED}),
    ApplicationStatus.REJECTED: frozenset(),  # corrected in a new application, which names this one
    ApplicationStatus.EXPIRED: frozenset(),
}

DOCUMENT: Mapping[DocumentStatus, frozenset[DocumentStatus]] = {
    DocumentStatus.PENDING: frozenset({DocumentStatus.ACCEPTED, DocumentStatus.REJECTED}),
    DocumentStatus.ACCEPTED: frozenset({DocumentStatus.REJECTED}),  # a reviewer looks again
    DocumentStatus.REJECTED: frozenset({DocumentStatus.ACCEPTED}),
}

# What the person's own status becomes with the application's.
STANDING: Mapping[ApplicationStatus, KycStatus] = {
    ApplicationStatus.PENDING: KycStatus.PENDING,
    ApplicationStatus.IN_REVIEW: KycStatus.IN_REVIEW,
    ApplicationStatus.APPROVED: KycStatus.APPROVED,
    ApplicationStatus.REJECTED: KycStatus.REJECTED,
    ApplicationStatus.EXPIRED: KycStatus.EXPIRED,
}
