"""Money for tests, brought in by the verbs that bring in real money."""

from datetime import UTC, datetime

from django.db import transaction

from apps.accounts import selectors as of_accounts
from apps.accounts import services as accounts
from apps.accounts.types import Accreditation, Fatca, KycStatus, Role, Standing
from apps.common.ids import new_id
from apps.common.types import Actor
from apps.wallets import services
from apps.wallets.types import Destination, DestinationKind
from tests.factories.accounts import AccountFactory

BY = Actor.system("tests")
IBAN = "AE070331234567890123456"
HOLDER = "Zaynab Quillfeather"


def standing(account, *, kyc=KycStatus.APPROVED, level=2, accreditation=Accreditation.RETAIL, country="AE"):
    """Give somebody a standing, as the identity check would; return the account."""
    decided = Standing(kyc, level, accreditation, Fatca.CLEAR, country)
    with transaction.atomic():
        return accounts.set_standing(user_id=account.id, standing=decided, at=datetime.now(UTC))


def person(**standing_of):
    """Open an investor's account whose identity check is approved."""
    return standing(AccountFactory(full_name=HOLDER), **standing_of)


def finance():
    """Open an account of somebody who may decide about deposits and withdrawals."""
    return AccountFactory(role=Role.STAFF, team_role="finance_operator")


def acting(account):
    """Return the actor that an account is."""
    return Actor("user", str(account.id))


def bank_reference():
    """Return what a bank calls a transfer, new each time."""
    return f"FT{new_id().hex.upper()}"


def requested(account, amount_minor=100_00, currency="USD", *, at=None):
    """Request a deposit."""
    return services.request_deposit(
        deposit_id=new_id(),
        owner=account.id,
        currency=currency,
        amount=amount_minor,
        by=acting(account),
        at=at or datetime.now(UTC),
    )


def funded(account, amount_minor, currency="USD", *, at=None):
    """Bring money to an account by a confirmed deposit, and return the deposit.

    Gives the person an approved identity check if they have none.
    """
    at, now = at or datetime.now(UTC), of_accounts.account(account.id)
    if now.kyc_status is not KycStatus.APPROVED:
        standing(account, level=max(now.kyc_level, 2), country=now.country)
    deposit = requested(account, amount_minor, currency, at=at)
    return services.confirm_deposit(
        deposit_id=deposit.id, amount=amount_minor, bank_reference=bank_reference(), by=BY, at=at
    )


def destination(**changes):
    """Return where a withdrawal goes."""
    return Destination(**{"kind": DestinationKind.IBAN, "holder_name": HOLDER, "iban": IBAN} | changes)


def asked(account, amount_minor=100_00, currency="USD", *, at=None, **changes):
    """Request a withdrawal."""
    return services.request_withdrawal(
        **{
            "withdrawal_id": new_id(),
            "owner": account.id,
            "currency": currency,
            "amount": amount_minor,
            "destination": destination(),
            "by": acting(account),
            "at": at or datetime.now(UTC),
        }
        | changes
    )
