"""Businesses for tests, made by the verbs that make real ones."""

from datetime import UTC, datetime
from itertools import count

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.accounts import services as accounts_services
from apps.accounts.types import Account, Accreditation, Fatca, KycStatus, Role, Standing
from apps.businesses import services
from apps.businesses.types import Business, BusinessStatus
from apps.common.ids import new_id
from apps.common.types import Actor
from tests.factories.accounts import AccountFactory

BY = Actor.system("tests")
_numbers = count(1)


def identified(account: Account, *, level: int = 2, status: KycStatus = KycStatus.APPROVED) -> Account:
    """Give an account the standing of somebody whose identity was checked."""
    standing = Standing(status, level, Accreditation.PROFESSIONAL, Fatca.CLEAR, "AE")
    with transaction.atomic():
        return accounts_services.set_standing(user_id=account.id, standing=standing, at=datetime.now(UTC))


def issuer(**changes) -> Account:
    """Open the account of an issuer whose identity was checked."""
    return identified(AccountFactory(role=Role.ISSUER, **changes))


def answers(**changes) -> dict:
    """Return what a registration says; every one has a register number of its own."""
    return {
        "name": "Falcon Logistics LLC",
        "registration_number": f"CN-{next(_numbers):06}",
        "country": "AE",
        "industry": "transport",
        "platform_allocation_bps": 250,
    } | changes


def pending(owner: Account | None = None, *, business_id=None, **changes) -> Business:
    """Register a business that waits for a decision; its owner gets a checked identity if need be."""
    owner = owner or issuer()
    if accounts.account(owner.id).kyc_status is KycStatus.NONE:
        identified(owner)
    return services.register(
        business_id=business_id or new_id(),
        user_id=owner.id,
        **answers(**changes),
        by=Actor(kind="user", id=str(owner.id)),
        at=datetime.now(UTC),
    )


def active(owner: Account | None = None, **changes) -> Business:
    """Register a business and approve it."""
    return decided(pending(owner, **changes), BusinessStatus.ACTIVE)


def decided(business: Business, status: BusinessStatus, reason: str = "tests") -> Business:
    """Bring a business to another status."""
    return services.decide(
        business_id=business.id,
        status=status,
        reason=reason,
        version=business.version,
        by=BY,
        at=datetime.now(UTC),
    )
