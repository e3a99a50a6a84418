"""The life of a business as one table, and the message that each step publishes."""

from collections.abc import Mapping

from apps.businesses.types import APPROVED, REJECTED, RESUMED, SUSPENDED, BusinessStatus
from apps.outbox.types import MessageType

STATUS: Mapping[BusinessStatus, frozenset[BusinessStatus]] = {
    BusinessStatus.PENDING: frozenset({BusinessStatus.ACTIVE, BusinessStatus.REJECTED}),
    BusinessStatus.ACTIVE: frozenset({BusinessStatus.SUSPENDED}),
    BusinessStatus.SUSPENDED: frozenset({BusinessStatus.ACTIVE}),
    BusinessStatus.REJECTED: frozenset(),  # final: whoever tries again registers anew
}

TOLD: Mapping[tuple[BusinessStatus, BusinessStatus], MessageType] = {
    (BusinessStatus.PENDING, BusinessStatus.ACTIVE): APPROVED,
    (BusinessStatus.PENDING, BusinessStatus.REJECTED): REJECTED,
    (BusinessStatus.ACTIVE, BusinessStatus.SUSPENDED): SUSPENDED,
    (BusinessStatus.SUSPENDED, BusinessStatus.ACTIVE): RESUMED,
}
