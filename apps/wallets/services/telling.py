"""Telling people by mail how their deposit or withdrawal ended."""

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings

from apps.accounts import personal_data as persons
from apps.accounts import selectors as accounts
from apps.common import money
from apps.notifications import services as notifications
from apps.outbox.types import Message
from apps.wallets import rules, selectors
from apps.wallets.types import Deposit, DepositState, Why, Withdrawal, WithdrawalState


def tell_of_deposit(message: Message) -> None:
    """Mail what became of a deposit: credited, rejected or refunded, as the message's type says."""
    found = selectors.deposit(UUID(message.payload["deposit_id"]))
    context = {
        "came": _amount(found, found.received or 0),
        "announced": _amount(found, found.amount),
        "differs": found.received not in {None, found.amount},
        "link": f"{settings.BASE_URL}/wallet/deposits/{found.id}",
    }
    told = DepositState(message.type.partition(".")[2])  # by now it may be in another one
    why = rules.why_deposit(told, found.reason if found.state is told else "")
    _tell(message, f"deposit_{told}", found.owner, context, why)


def tell_of_withdrawal(message: Message) -> None:
    """Mail what became of a withdrawal: completed, rejected or failed, as the message's type says."""
    found = selectors.withdrawal(UUID(message.payload["withdrawal_id"]))
    context = {
        "amount": _amount(found, found.amount),
        "link": f"{settings.BASE_URL}/wallet/withdrawals/{found.id}",
    }
    told = WithdrawalState(message.type.partition(".")[2])
    _tell(message, f"withdrawal_{told}", found.owner, context, rules.why_withdrawal(told, found.reason))


def _tell(message: Message, template: str, owner: UUID, context: Mapping[str, object], why: Why) -> None:
    locale = accounts.account(owner).locale
    address = persons.own(owner).email
    if not address:  # erased: nobody is there to be told
        return
    notifications.send_mail(
        to=address,
        template=template,
        context={**context, "sentence": why.sentence},
        locale=locale,
        at=message.created_at,
    )


def _amount(request: Deposit | Withdrawal, units: int) -> str:
    return f"{money.text(units, decimals=request.decimals)} {request.currency}"
