"""Who may register a business, and what a registration looks like."""

import re
import unicodedata

from apps.accounts.types import Account, KycStatus, Role, Status
from apps.businesses.types import BusinessStatus, Industry
from apps.common import money
from apps.common.errors import Conflict, DomainError, Forbidden, Unprocessable

MAX_NAME = 200
MAX_NUMBER = 40
MAX_REASON = 500
NEEDS_REASON = frozenset({BusinessStatus.REJECTED, BusinessStatus.SUSPENDED})

_NUMBER = re.compile(rf"(?=.*[0-9A-Za-z])[0-9A-Za-z /.-]{{2,{MAX_NUMBER}}}", re.ASCII)
_SEPARATORS = re.compile(r"[ /.-]")


class IssuersOnly(Forbidden):
    """The account isn't an issuer's."""

    code = "issuers_only"


class OwnerNotActive(Conflict):
    """The account that asks is not active."""

    code = "owner_not_active"


class IdentityNotChecked(Unprocessable):
    """The person's identity check isn't approved."""

    code = "kyc_not_approved"


class IdentityLevelTooLow(Unprocessable):
    """The person's identity check is of a lower level than is asked for."""

    code = "kyc_level_too_low"


def why_not_register(owner: Account, *, min_level: int) -> DomainError | None:
    """Return what keeps an account from registering a business, the first thing to mend first; or None."""
    if owner.role is not Role.ISSUER:
        return IssuersOnly(
            "Businesses are registered by issuers.",
            next_step="Open another account and choose to raise capital for a company.",
            role=str(owner.role),
        )
    if owner.status is not Status.ACTIVE or not owner.is_activated:
        return OwnerNotActive(
            "Your account is not active.",
            next_step="Verify your e-mail address, or write to the platform's support.",
            status=str(owner.status),
        )
    if owner.kyc_status is not KycStatus.APPROVED:
        return IdentityNotChecked(
            "Whoever registers a business needs an approved identity check.",
            next_step=_next_of_check(owner.kyc_status),
            kyc_status=str(owner.kyc_status),
        )
    if owner.kyc_level < min_level:
        return IdentityLevelTooLow(
            f"Registering a business needs identity level {min_level}; yours is {owner.kyc_level}.",
            next_step="Ask for the higher level with a new identity check.",
            kyc_level=owner.kyc_level,
            needed=min_level,
        )
    return None


def wrong_fields(
    *, name: str, registration_number: str, industry: str, bps: int, bounds: tuple[int, int]
) -> dict[str, list[str]]:
    """Return what is wrong with a registration by field; nothing for one that is right.

    `bounds` are the least and the most that the platform may be offered, in basis points.
    """
    wrong: dict[str, list[str]] = {}
    if not 2 <= len(name) <= MAX_NAME or not name.isprintable():
        wrong["name"] = [f"Enter the company's name: 2 to {MAX_NAME} characters on one line."]
    if not _NUMBER.fullmatch(registration_number):
        sentence = f"Enter the register number: 2 to {MAX_NUMBER} letters A to Z, digits, spaces and - / ."
        wrong["registration_number"] = [sentence]
    if industry not in set(Industry):
        wrong["industry"] = ["Choose one of the industries."]
    least, most = bounds
    if not least <= bps <= most:
        wrong["platform_allocation_pct"] = [f"This must be from {percent(least)} to {percent(most)} %."]
    return wrong


def tidy(text: str) -> str:
    """Return text in one form: composed characters, single spaces, none at the ends."""
    return " ".join(word for word in unicodedata.normalize("NFC", text).split(" ") if word)


def register_key(registration_number: str) -> str:
    """Return the form in which equal register numbers are equal text: "cn-12 34" is "CN1234"."""
    return _SEPARATORS.sub("", registration_number).upper()


def percent(bps: int) -> str:
    """Write basis points as text: 250 → "2.50"."""
    return money.text(bps, decimals=2)


def _next_of_check(status: KycStatus) -> str:
    if status in {KycStatus.PENDING, KycStatus.IN_REVIEW}:
        return "Wait for the review of your identity check."
    return "Submit your identity check."
