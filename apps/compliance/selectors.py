"""Asking the rules: all refusals for a page that explains them, or the first one raised."""

from collections.abc import Mapping

from apps.common.errors import Unprocessable
from apps.compliance import rules
from apps.compliance.types import Investor, Refusal, Rule, Security


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
