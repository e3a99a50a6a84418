"""Who may deposit and withdraw, how much, and what refuses it."""

from collections.abc import Collection
from datetime import datetime, tzinfo

from apps.accounts.types import Account, KycStatus, Status
from apps.common import money
from apps.common.errors import Conflict, Forbidden, Invalid, Unprocessable
from apps.common.types import Actor
from apps.ledger.types import Balance
from apps.wallets.types import CURRENCIES, Allowance, Reason

# Whose check has expired may take out what is theirs, and bring nothing more in (KYC-9).
_MAY_DEPOSIT = frozenset({KycStatus.APPROVED})
_MAY_WITHDRAW = frozenset({KycStatus.APPROVED, KycStatus.EXPIRED})


class CurrencyNotOffered(Unprocessable):
    """Nothing is paid in or out in this currency here."""

    code = "currency_not_offered"


class CustomerNotActive(Unprocessable):
    """The account that the money belongs to is suspended or closed."""

    code = "customer_not_active"


class IdentityCheckNeeded(Unprocessable):
    """The person's identity check isn't approved."""

    code = "identity_check_needed"


class TooManyOpenDeposits(Unprocessable):
    """The person has requested as many deposits as may wait at a time."""

    code = "too_many_open_deposits"


class WithdrawalTooSmall(Unprocessable):
    """Less than the smallest withdrawal."""

    code = "withdrawal_too_small"


class WithdrawalLimitReached(Unprocessable):
    """More than the rest of what may be withdrawn on this day or in this month."""

    code = "withdrawal_limit_reached"


class FundsUnsettled(Unprocessable):
    """The money is there and not settled yet: it can be traded with, not withdrawn."""

    code = "funds_unsettled"


class OwnRequest(Forbidden):
    """The request is the asker's own."""

    code = "own_request"


class RequestIdTaken(Conflict):
    """Another request has this id."""

    code = "request_id_taken"


class RequestEnded(Conflict):
    """The request had ended before its money came."""

    code = "request_ended"


class BankReferenceUsed(Conflict):
    """Another request names this transfer of the bank."""

    code = "bank_reference_used"


def check_currency(currency: str, offered: Collection[str] = CURRENCIES) -> None:
    """Raise CurrencyNotOffered unless it is one of those that are paid in or out."""
    if currency not in offered:
        raise CurrencyNotOffered(
            "This currency can't be deposited or withdrawn here.",
            next_step=f"Choose one of {', '.join(offered)}." if offered else "Write to us.",
        )


def check_depositor(account: Account) -> None:
    """Raise unless this account may bring money in. Raises CustomerNotActive, IdentityCheckNeeded."""
    _check_standing(account, _MAY_DEPOSIT)


def check_withdrawer(account: Account) -> None:
    """Raise unless this account may take money out. Raises CustomerNotActive, IdentityCheckNeeded."""
    _check_standing(account, _MAY_WITHDRAW)


def _check_standing(account: Account, allowed: Collection[KycStatus]) -> None:
    if account.status is not Status.ACTIVE:
        raise CustomerNotActive("This account is not active.", status=str(account.status))
    if account.kyc_status not in allowed:
        raise IdentityCheckNeeded(
            "Money moves only after the identity check is approved.",
            next_step="Complete the identity check first.",
            kyc_status=str(account.kyc_status),
        )


def check_not_own(owner: object, by: Actor) -> None:
    """Raise OwnRequest if the request is the asker's own, whatever permission they hold."""
    if by.kind == "user" and by.id == str(owner):
        raise OwnRequest("Nobody decides about their own money.", next_step="Ask a colleague.")


def check_reason(reason: str, allowed: Collection[Reason]) -> Reason:
    """Return the reason if it is one of those allowed. Raises Invalid (field reason)."""
    if reason not in allowed:
        raise Invalid(
            "Some fields are not valid.", fields={"reason": [f"Choose one of {', '.join(sorted(allowed))}."]}
        )
    return Reason(reason)


def check_amount(amount: int) -> None:
    """Raise Invalid (field amount) unless it is a positive number of units. Raises AmountTooLarge."""
    if type(amount) is not int or money.checked(amount) <= 0:
        raise Invalid("Some fields are not valid.", fields={"amount": ["Enter an amount above zero."]})


def check_limits(amount: int, allowance: Allowance) -> None:
    """Raise unless the amount is at least the minimum, and in what is left of the day and the month.

    Raises WithdrawalTooSmall, WithdrawalLimitReached.
    """
    if amount < allowance.minimum:
        raise WithdrawalTooSmall(
            f"The smallest withdrawal is {_text(allowance.minimum, allowance)}.",
            next_step="Choose a larger amount.",
            minimum=_text(allowance.minimum, allowance),
        )
    periods = (
        ("day", allowance.day_limit, allowance.day_left),
        ("month", allowance.month_limit, allowance.month_left),
    )
    for period, limit, left in periods:
        if amount > left:
            raise WithdrawalLimitReached(
                f"Your limit for a {period} is {_text(limit, allowance)}, and {_text(left, allowance)} of it"
                " is left.",
                next_step=f"Choose a smaller amount, or wait for the next {period}.",
                period=period,
                limit=_text(limit, allowance),
                left=_text(left, allowance),
            )


def check_settled(amount: int, balance: Balance) -> None:
    """Raise FundsUnsettled if the amount is available and a part of it isn't settled (SET-5)."""
    if balance.withdrawable < amount <= balance.available:
        decimals, asset = balance.account.decimals, balance.account.asset
        withdrawable, unsettled = (
            f"{money.text(units, decimals=decimals)} {asset}"
            for units in (balance.withdrawable, balance.unsettled)
        )
        raise FundsUnsettled(
            f"{unsettled} of your balance is not settled yet; {withdrawable} can be withdrawn now.",
            next_step="Choose a smaller amount, or wait until your trades are settled.",
            withdrawable=withdrawable,
            unsettled=unsettled,
        )


def day_start(at: datetime, zone: tzinfo) -> datetime:
    """Return when the day of `at` began in the market's zone."""
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def month_start(at: datetime, zone: tzinfo) -> datetime:
    """Return when the month of `at` began in the market's zone."""
    return day_start(at, zone).replace(day=1)


def _text(units: int, allowance: Allowance) -> str:
    return f"{money.text(units, decimals=allowance.decimals)} {allowance.currency}"
