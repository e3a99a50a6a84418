"""Asking the rules: all refusals for a page that explains them, or the first one raised; and limits."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts.types import Account
from apps.common import money
from apps.common.errors import Unprocessable
from apps.compliance import locks, rules
from apps.compliance.types import (
    CURRENCY,
    DECIMALS,
    DOLLARS,
    INVESTMENT_LIMIT,
    PER_DOLLAR,
    SCALE,
    Investor,
    Meter,
    Refusal,
    Rule,
    Security,
)
from apps.ledger import selectors as ledger
from apps.parameters import selectors as parameters


class NotEligible(Unprocessable):
    """A rule keeps this investor from buying this security; each rule has a class and code of its own."""


class InvestorNotActive(NotEligible):
    """The account is suspended or closed."""

    code = "investor_not_active"


class InvestorNotActivated(NotEligible):
    """The e-mail address isn't proved yet."""

    code = "investor_not_activated"


class KycNotApproved(NotEligible):
    """There is no approved identity check."""

    code = "kyc_not_approved"


class KycExpired(NotEligible):
    """The identity check was approved once and has expired."""

    code = "kyc_expired"


class FatcaBlocked(NotEligible):
    """A US person by the FATCA assessment."""

    code = "fatca_blocked"


class CountryNotEligible(NotEligible):
    """The security isn't offered in the country of residence."""

    code = "country_not_eligible"


class ClassNotEligible(NotEligible):
    """The security isn't offered to this class of investor."""

    code = "class_not_eligible"


class KycLevelTooLow(NotEligible):
    """The security needs a higher level of identity check."""

    code = "kyc_level_too_low"


class NoRate(Unprocessable):
    """What a currency is worth in US dollars isn't known, so investments in it can't be counted."""

    code = "no_rate"


class InvestmentLimitExceeded(Unprocessable):
    """The investor may not invest that much within twelve months."""

    code = "investment_limit_exceeded"


REFUSED_BY: Mapping[Rule, type[NotEligible]] = {
    Rule.INVESTOR_NOT_ACTIVE: InvestorNotActive,
    Rule.INVESTOR_NOT_ACTIVATED: InvestorNotActivated,
    Rule.KYC_NOT_APPROVED: KycNotApproved,
    Rule.KYC_EXPIRED: KycExpired,
    Rule.FATCA_BLOCKED: FatcaBlocked,
    Rule.COUNTRY_NOT_ELIGIBLE: CountryNotEligible,
    Rule.CLASS_NOT_ELIGIBLE: ClassNotEligible,
    Rule.KYC_LEVEL_TOO_LOW: KycLevelTooLow,
}


def refusals(investor: Investor, security: Security) -> tuple[Refusal, ...]:
    """Return every rule that keeps the investor from buying, the first to mend first."""
    return rules.judge(investor, security)


def require_eligible(investor: Investor, security: Security) -> None:
    """Return if the investor may buy the security, else raise NotEligible with the first rule's code."""
    found = rules.judge(investor, security)
    if found:
        first = found[0]
        raise REFUSED_BY[first.rule](first.sentence, next_step=first.next_step, **first.data)


def meter(investor: Account, *, at: datetime) -> Meter:
    """Return how much of an investor's limit is used, what they ask for at this moment included (ORD-5).

    Raises NoRate, Unavailable.
    """
    limit = investment_limit(investor)
    others = locks.reserved(investor.id) if limit else 0
    return Meter(limit, invested(investor, at=at), others)


def require_within(meter: Meter, *, cents: int) -> None:
    """Return if so much more may be invested (0: anything at all), else raise InvestmentLimitExceeded."""
    left = meter.remaining
    if left is None or (left and cents <= left):
        return
    limit, used, remaining, needed = (
        money.text(amount, decimals=DECIMALS)
        for amount in (meter.limit, meter.used + meter.reserved, left, cents)
    )
    raise InvestmentLimitExceeded(
        f"This would exceed the investment limit of {limit} {CURRENCY} in twelve months.",
        next_step="Invest less, or ask for another investor class with your next identity check.",
        currency=CURRENCY,
        limit=limit,
        used=used,
        remaining=remaining,
        needed=needed,
    )


def investment_limit(investor: Account) -> int:
    """Return what an investor of this class may invest in twelve months, in US cents; 0 for no limit."""
    return parameters.value(INVESTMENT_LIMIT[investor.accreditation_status])


def invested(investor: Account, *, at: datetime) -> int:
    """Return what an investor invested over the twelve months before `at`, net of sales, in US cents.

    `settings.INVESTMENT_SOURCES` names who is asked: the apps in which one can invest stand above this one.

    Raises NoRate.
    """
    since = rules.a_year_before(at)
    total: Counter[str] = Counter()
    for name in settings.INVESTMENT_SOURCES:
        for currency, units in import_string(name)(investor.id, since=since).items():
            total[currency] += units
    return max(0, sum(in_cents(units, currency) for currency, units in total.items() if units))


def in_cents(units: int, currency: str) -> int:
    """Return what an amount in a currency's smallest unit is in US cents, rounded up. Raises NoRate."""
    per_dollar = _rate(currency)
    return rules.in_cents(units, decimals=ledger.asset(currency).decimals, per_dollar=per_dollar)


def each_in_cents(amounts: Mapping[str, int], currency: str) -> dict[str, int]:
    """Return amounts of one currency by name, each as `in_cents` returns it. Raises NoRate."""
    per_dollar, decimals = _rate(currency), ledger.asset(currency).decimals
    return {
        name: rules.in_cents(units, decimals=decimals, per_dollar=per_dollar)
        for name, units in amounts.items()
    }


def from_cents(cents: int, currency: str) -> int:
    """Return how much of a currency's smallest unit US cents are, rounded down. Raises NoRate."""
    per_dollar = _rate(currency)
    return rules.from_cents(cents, decimals=ledger.asset(currency).decimals, per_dollar=per_dollar)


def _rate(currency: str) -> int:
    if currency in DOLLARS:
        return SCALE
    if currency not in PER_DOLLAR:
        raise NoRate(
            f"What {currency} is worth in US dollars is not known here.",
            next_step="Write to the platform's support.",
            currency=currency,
        )
    return parameters.value(PER_DOLLAR[currency])
