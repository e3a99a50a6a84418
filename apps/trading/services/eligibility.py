"""Who may trade (ORD-4): the one place where an order asks for facts about a person and an instrument."""

from dataclasses import replace
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.types import KycStatus
from apps.compliance import selectors as compliance
from apps.compliance.types import Investor, Security
from apps.trading.types import Side


def check(*, owner: UUID, side: Side) -> None:
    """Refuse somebody who may not trade this side. Whose identity check has expired may still sell (KYC-9).

    Raises NotFound for a user who doesn't exist, compliance's NotEligible with the rule's code.
    """
    investor = Investor.of(accounts.account(owner))
    if side is Side.SELL and investor.kyc_status is KycStatus.EXPIRED:
        investor = replace(investor, kyc_status=KycStatus.APPROVED)
    compliance.require_eligible(investor, Security())
