"""The words of eligibility: what is looked at, the rules by name, and what a rule answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from apps.accounts.types import Account, Accreditation, Fatca, KycStatus, Status
from apps.parameters.types import Parameter, declare

CURRENCY = "USD"  # that investment limits are counted in
DECIMALS = 2
CENTS = 100  # in one of it
SCALE = 10_000  # in which rates are written


class Rule(StrEnum):
    """The rules of eligibility in the order in which they are judged; each name is a stable code."""

    INVESTOR_NOT_ACTIVE = "investor_not_active"
    INVESTOR_NOT_ACTIVATED = "investor_not_activated"
    KYC_NOT_APPROVED = "kyc_not_approved"
    KYC_EXPIRED = "kyc_expired"
    FATCA_BLOCKED = "fatca_blocked"
    COUNTRY_NOT_ELIGIBLE = "country_not_eligible"
    CLASS_NOT_ELIGIBLE = "class_not_eligible"
    KYC_LEVEL_TOO_LOW = "kyc_level_too_low"


@dataclass(frozen=True, slots=True)
class Investor:
    """What the rules look at in an investor. `country` is that of residence, empty while unknown."""

    status: Status
    is_activated: bool
    kyc_status: KycStatus
    kyc_level: int
    accreditation: Accreditation
    fatca: Fatca
    country: str

    @classmethod
    def of(cls, account: Account) -> Self:
        """Return the facts of an account."""
        return cls(
            status=account.status,
            is_activated=account.is_activated,
            kyc_status=account.kyc_status,
            kyc_level=account.kyc_level,
            accreditation=account.accreditation_status,
            fatca=account.fatca_status,
            country=account.country,
        )


@dataclass(frozen=True, slots=True)
class Security:
    """What a security asks of those who buy it.

    `eligible_countries` are two capital letters each (ISO 3166-1); an empty set lets every country in, and
    an empty set of classes every class.
    """

    eligible_countries: frozenset[str] = frozenset()
    eligible_classes: frozenset[Accreditation] = frozenset()
    min_kyc_level: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule that refuses: its sentence, what to do next, and the data it saw."""

    rule: Rule
    sentence: str
    next_step: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of an investment limit is used, in US cents (ORD-5). `limit` 0: there is none.

    `used` is what was invested over the last twelve months, net of sales, and what open orders may yet
    cost; `reserved` is what is being asked for at this moment.
    """

    limit: int
    used: int
    reserved: int = 0

    @property
    def remaining(self) -> int | None:
        """What may still be invested; None where nothing limits it."""
        return max(0, self.limit - self.used - self.reserved) if self.limit else None


_MEANING = (
    "What an investor of the class {} may invest in twelve months, in all securities and net of sales; 0 for "
    "no limit."
)
INVESTMENT_LIMIT: Mapping[Accreditation, Parameter] = {
    accreditation: declare(
        f"compliance.investment_limit_{accreditation}",
        _MEANING.format(accreditation),
        unit="USD cents",
        default=default,
    )
    for accreditation, default in (
        (Accreditation.NONE, 500_00),
        (Accreditation.RETAIL, 500_00),
        (Accreditation.PROFESSIONAL, 5_000_00),
        (Accreditation.INSTITUTIONAL, 50_000_00),
    )
}
DOLLARS = frozenset({"USD", "USDC"})  # count one to one
PER_DOLLAR: Mapping[str, Parameter] = {
    currency: declare(
        f"compliance.rate_{currency.lower()}",
        f"How many ten-thousandths of one {currency} a US dollar costs, where investments are counted.",
        unit=f"ten-thousandths of {currency}",
        default=default,
        minimum=1,
        maximum=10_000_000_000,
    )
    for currency, default in (("AED", 3_6725), ("SAR", 3_7500), ("EUR", 9200), ("INR", 83_0000))
}
