"""Who may trade (ORD-4): the one place where an order asks for facts about a person and an instrument."""

from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.types import Fatca, KycStatus, Status
from apps.common.errors import Forbidden
from apps.trading.types import Instrument, Side


class NotEligible(Forbidden):
    """This person may not place this order now."""

    code = "not_eligible"


def check(*, owner: UUID, side: Side, instrument: Instrument) -> None:
    """Refuse somebody who may not trade this side of an instrument.

    Raises NotFound for a user who doesn't exist, NotEligible with `rule`, the name of what is missing.
    """
    person = accounts.account(owner)
    if person.status is not Status.ACTIVE or not person.is_activated:
        raise _refused("account_not_active", "The account isn't active.", "Complete the activation first.")
    if person.fatca_status is Fatca.BLOCKED:
        raise _refused("fatca_blocked", "US tax law keeps this account from trading.", "Write to support.")
    approved = person.kyc_status is KycStatus.APPROVED
    if not approved and not (person.kyc_status is KycStatus.EXPIRED and side is Side.SELL):
        raise _refused(
            "kyc_not_approved", "The identity check isn't approved.", "Complete the identity check."
        )


def _refused(rule: str, sentence: str, next_step: str) -> NotEligible:
    return NotEligible(sentence, next_step=next_step, rule=rule)
