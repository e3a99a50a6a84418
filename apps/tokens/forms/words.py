"""How the words of tokens are shown to people."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _
from django_countries import countries

from apps.accounts.types import Accreditation
from apps.common.fields import country_name
from apps.tokens.types import Kind

KINDS = {
    Kind.EQUITY: _("Equity"),
    Kind.BOND: _("Bond"),
    Kind.FUND_UNIT: _("Fund unit"),
    Kind.REVENUE_SHARE: _("Revenue share"),
    Kind.STABLECOIN: _("Stablecoin"),
}
CLASSES = {
    Accreditation.RETAIL: _("Retail"),
    Accreditation.PROFESSIONAL: _("Professional"),
    Accreditation.INSTITUTIONAL: _("Institutional"),
}
NEARBY = ("AE", "SA", "QA", "KW", "BH", "OM")  # shown first in lists of countries


def country_choices() -> list[tuple[str, str]]:
    """Return (code, name in the reader's language), the neighbours first, then by name."""
    named = {code: str(name) for code, name in countries}
    rest = sorted((name, code) for code, name in named.items() if code not in NEARBY)
    return [(code, named[code]) for code in NEARBY] + [(code, name) for name, code in rest]


def country_names(codes: Iterable[str]) -> list[str]:
    """Return the names of countries, sorted."""
    return sorted(map(country_name, codes))
