"""What a subscription must be, and when one may withdraw."""

from datetime import datetime, timedelta

from apps.accounts.types import Accreditation
from apps.common import money
from apps.common.errors import Conflict, Invalid, Unprocessable
from apps.tokens.rules.terms import smallest_step
from apps.tokens.types import Allocation, Token

MAX_PERIOD = timedelta(days=36_500)

_COOLED_OFF = frozenset({Accreditation.PROFESSIONAL, Accreditation.INSTITUTIONAL})


class InvalidPeriod(Invalid):
    """An offering starts before it ends, and ends in the future, neither of them a century away."""

    code = "invalid_period"


class OfferingClosed(Conflict):
    """The token isn't offered at this moment."""

    code = "offering_closed"


class QuantityNotExact(Unprocessable):
    """The quantity doesn't cost a whole number of the currency's smallest unit."""

    code = "quantity_not_exact"


class BelowMinimum(Unprocessable):
    """The subscription costs less than the smallest investment."""

    code = "below_minimum"


class AboveMaximum(Unprocessable):
    """With it the investor would have put in more than one investor may."""

    code = "above_maximum"


class SoldOut(Unprocessable):
    """Less is left of the offering than was asked for."""

    code = "sold_out"


class PaymentExpired(Conflict):
    """The time in which the payment could be confirmed is over."""

    code = "payment_expired"


class NoCoolingOff(Conflict):
    """There is no cooling-off, or it is over."""

    code = "no_cooling_off"


def cost_of(quantity: int, *, decimals: int, price: int) -> int:
    """Return what base units cost, exactly. Raises Invalid, QuantityNotExact, AmountTooLarge."""
    if quantity <= 0:
        raise Invalid("Ask for more than nothing.", fields={"quantity": ["This must be more than zero."]})
    cost, rest = divmod(quantity * price, 10**decimals)
    if rest:
        step = money.text(smallest_step(decimals=decimals, price=price), decimals=decimals)
        raise QuantityNotExact(
            f"This quantity has no exact price; the smallest step is {step}.",
            next_step=f"Choose a multiple of {step}.",
            smallest_step=step,
        )
    return money.checked(cost)


def check_subscription(token: Token, *, quantity: int, invested: int, at: datetime) -> int:
    """Return what a subscription costs, in money, if the offering takes it now.

    `invested` is what the investor's other pending and confirmed allocations cost.

    Raises OfferingClosed, Invalid, QuantityNotExact, BelowMinimum, AboveMaximum, SoldOut.
    """
    terms = token.terms
    if not token.is_open(at):
        raise _closed(token, at)
    cost = cost_of(quantity, decimals=terms.decimals, price=terms.price_per_token)
    if cost < terms.min_investment:
        least = _cash(token, terms.min_investment)
        raise BelowMinimum(
            f"This costs {_cash(token, cost)}; the smallest investment is {least}.",
            next_step="Choose a larger quantity.",
            cost=_cash(token, cost),
            minimum=least,
        )
    if terms.max_investment is not None and invested + cost > terms.max_investment:
        left = _cash(token, max(0, terms.max_investment - invested))
        raise AboveMaximum(
            f"One investor may put in {_cash(token, terms.max_investment)}; {left} of it are left for you.",
            next_step="Choose a smaller quantity.",
            maximum=_cash(token, terms.max_investment),
            left=left,
        )
    if quantity > token.remaining:
        left = money.text(token.remaining, decimals=terms.decimals)
        raise SoldOut(
            f"Only {left} {terms.symbol} are left in this offering.",
            next_step="Choose a smaller quantity." if token.remaining else "Choose another offering.",
            left=left,
        )
    return cost


def _closed(token: Token, at: datetime) -> OfferingClosed:
    if token.primary_start and at < token.primary_start:
        return OfferingClosed(
            "This offering has not begun.",
            next_step="Come back when it begins.",
            begins=token.primary_start.isoformat(),
        )
    return OfferingClosed("This is not offered now.", next_step="Choose another offering.")


def _cash(token: Token, units: int) -> str:
    return f"{money.text(units, decimals=token.cash_decimals)} {token.terms.raise_currency}"


def cooling_off_hours(investor: Accreditation, *, of_token: int | None, usual: int) -> int:
    """Return how long this class of investor may withdraw: only those who are no professionals (OFR-3)."""
    if investor in _COOLED_OFF:
        return 0
    return usual if of_token is None else of_token


def cooling_off_until(confirmed_at: datetime, hours: int) -> datetime:
    """Return when the cooling-off of what was confirmed ends."""
    return confirmed_at + timedelta(hours=hours)


def check_payable(allocation: Allocation, *, at: datetime) -> None:
    """Raise PaymentExpired if the allocation's cash isn't reserved any more."""
    if allocation.expires_at <= at:
        raise PaymentExpired(
            "The time for this payment is over, and its cash is free again.",
            next_step="Ask the investor to subscribe again.",
            allocation=str(allocation.id),
        )


def check_withdrawal(allocation: Allocation, *, at: datetime) -> None:
    """Raise NoCoolingOff unless the investor may still withdraw."""
    if not allocation.can_withdraw(at):
        raise NoCoolingOff(
            "The time in which this could be withdrawn is over.",
            next_step="Keep it, or sell it once it is traded.",
        )


def check_period(start: datetime, end: datetime, *, at: datetime) -> None:
    """Raise InvalidPeriod with fields unless start < end, end is after `at`, and both are within MAX_PERIOD.

    Far times are more than odd: neither every time zone nor every reader of the database has them.
    """
    wrong = {
        name: ["This is too far from today."]
        for name, moment in (("primary_start", start), ("primary_end", end))
        if abs(moment - at) > MAX_PERIOD
    }
    if start >= end:
        wrong["primary_end"] = ["The end must be after the start."]
    elif end <= at:
        wrong["primary_end"] = ["The end must be in the future."]
    if wrong:
        raise InvalidPeriod("An offering starts before it ends, and ends in the future.", fields=wrong)
