"""Who may buy a security: the one rule book, asked by subscriptions (OFR-1) and orders (ORD-4) alike.

Each rule looks at one thing and doesn't know the others, so a refusal disappears exactly when its own
cause does. They are judged in the order of `Rule`: what a person must mend first comes first.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from apps.accounts.types import Fatca, KycStatus, Status
from apps.compliance.types import CENTS, SCALE, Investor, Refusal, Rule, Security

SUPPORT = "Write to the platform's support."
_CHECK_FIRST: Mapping[KycStatus, str] = {
    KycStatus.NONE: "Submit your identity check.",
    KycStatus.PENDING: "Wait for the review of your identity check.",
    KycStatus.IN_REVIEW: "Wait for the review of your identity check.",
    KycStatus.REJECTED: "Submit your identity check again, with what its rejection asks for.",
}


def judge(investor: Investor, security: Security) -> tuple[Refusal, ...]:
    """Return every refusal, in the fixed order of the rules; none for an investor who may buy."""
    answers = (check(investor, security) for check in _RULES)
    return tuple(refusal for refusal in answers if refusal is not None)


def _active(investor: Investor, _: Security) -> Refusal | None:
    if investor.status not in {Status.SUSPENDED, Status.CLOSED}:
        return None
    return Refusal(
        Rule.INVESTOR_NOT_ACTIVE,
        f"The investor's account is {investor.status}.",
        SUPPORT,
        {"status": str(investor.status)},
    )


def _activated(investor: Investor, _: Security) -> Refusal | None:
    if investor.is_activated and investor.status is not Status.PENDING:
        return None
    return Refusal(
        Rule.INVESTOR_NOT_ACTIVATED,
        "The investor's account is not activated yet.",
        "Verify your e-mail address by the link that was mailed to it.",
        {"status": str(investor.status), "is_activated": investor.is_activated},
    )


def _kyc_approved(investor: Investor, _: Security) -> Refusal | None:
    if investor.kyc_status in {KycStatus.APPROVED, KycStatus.EXPIRED}:
        return None
    return Refusal(
        Rule.KYC_NOT_APPROVED,
        "Buying needs an approved identity check.",
        _CHECK_FIRST[investor.kyc_status],
        {"kyc_status": str(investor.kyc_status)},
    )


def _kyc_in_time(investor: Investor, _: Security) -> Refusal | None:
    if investor.kyc_status is not KycStatus.EXPIRED:
        return None
    return Refusal(
        Rule.KYC_EXPIRED,
        "The identity check has expired: selling and withdrawing stay open, buying does not.",
        "Renew your identity check.",
        {"kyc_status": str(investor.kyc_status)},
    )


def _fatca(investor: Investor, _: Security) -> Refusal | None:
    if investor.fatca is not Fatca.BLOCKED:
        return None
    return Refusal(
        Rule.FATCA_BLOCKED,
        "US persons (FATCA) may not buy here.",
        f"{SUPPORT[:-1]} if this is wrong about you.",
        {"fatca_status": str(investor.fatca)},
    )


def _country(investor: Investor, security: Security) -> Refusal | None:
    if not security.eligible_countries or investor.country in security.eligible_countries:
        return None
    return Refusal(
        Rule.COUNTRY_NOT_ELIGIBLE,
        "This security is not offered in the investor's country of residence.",
        "Choose a security that is offered there.",
        {"country": investor.country, "eligible_countries": sorted(security.eligible_countries)},
    )


def _class(investor: Investor, security: Security) -> Refusal | None:
    if not security.eligible_classes or investor.accreditation in security.eligible_classes:
        return None
    return Refusal(
        Rule.CLASS_NOT_ELIGIBLE,
        "This security is not offered to the investor's class.",
        "Ask for another class with evidence at your next identity check, or choose another security.",
        {
            "accreditation": str(investor.accreditation),
            "eligible_classes": sorted(map(str, security.eligible_classes)),
        },
    )


def _kyc_level(investor: Investor, security: Security) -> Refusal | None:
    if investor.kyc_level >= security.min_kyc_level:
        return None
    return Refusal(
        Rule.KYC_LEVEL_TOO_LOW,
        f"This security needs identity level {security.min_kyc_level}; yours is {investor.kyc_level}.",
        "Ask for the higher level with a new identity check.",
        {"kyc_level": investor.kyc_level, "needed": security.min_kyc_level},
    )


_RULES: tuple[Callable[[Investor, Security], Refusal | None], ...] = (
    _active,
    _activated,
    _kyc_approved,
    _kyc_in_time,
    _fatca,
    _country,
    _class,
    _kyc_level,
)


def a_year_before(at: datetime) -> datetime:
    """Return the instant twelve months before; of the 29th of February, the 28th."""
    year = at.year - 1
    return at.replace(year=year) if (at.month, at.day) != (2, 29) else at.replace(year=year, day=28)


def in_cents(units: int, *, decimals: int, per_dollar: int) -> int:
    """Return an amount in US cents, rounded up. `per_dollar`: what a dollar costs, in SCALE-ths."""
    whole: int = 10**decimals
    return -(-units * SCALE * CENTS // (per_dollar * whole))


def from_cents(cents: int, *, decimals: int, per_dollar: int) -> int:
    """Return US cents in a currency's smallest unit, rounded down. See `in_cents`."""
    whole: int = 10**decimals
    return cents * per_dollar * whole // (SCALE * CENTS)
