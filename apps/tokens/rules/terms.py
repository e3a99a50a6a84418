"""What a token's terms must be, how they are written, and how a supply is divided."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from math import gcd
from typing import Any

from apps.accounts.types import Accreditation
from apps.common import money
from apps.common.errors import DomainError, Invalid
from apps.tokens.types import Kind, Shares, Terms

WHOLE = 10_000  # basis points
MAX_DECIMALS = 8
MAX_SUPPLY = 2**62
MAX_METADATA = 16 * 1024  # bytes, as JSON
MAX_METADATA_FIELDS = 50
MAX_METADATA_TEXT = 1000
MAX_HOURS = 24 * 90
ISSUED = frozenset({Kind.EQUITY})

_SYMBOL = re.compile(r"[A-Z0-9]{2,11}", re.ASCII)
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


class InvalidTerms(Invalid):
    """Terms that a token can't have; fields says which."""

    code = "invalid_terms"


def divide_supply(terms: Terms) -> Shares:
    """Return the parts of the supply. By the largest remainder the three make it exactly; the platform's
    part is rounded down, so it never exceeds the reserve."""
    weights = (terms.primary_bps, terms.team_bps, terms.reserve_bps)
    primary, team, reserve = money.split(terms.total_supply, weights)
    return Shares(primary, team, reserve, terms.total_supply * (terms.platform_bps or 0) // WHOLE)


def smallest_step(*, decimals: int, price: int) -> int:
    """Return the smallest quantity, in base units, that costs a whole number of the smallest money."""
    whole = 10**decimals
    return int(whole // gcd(price, whole))


def check_terms(terms: Terms, *, countries: Collection[str]) -> None:
    """Raise InvalidTerms with every field that is wrong. `countries` are the codes that exist."""
    wrong = (
        _identity(terms, countries)
        | _supply(terms)
        | _shares(terms)
        | _investors(terms, countries)
        | _metadata(terms.metadata)
    )
    if not wrong:
        wrong = _sums(terms)
    if wrong:
        raise InvalidTerms(
            "These can't be the terms of a token.", fields={name: [text] for name, text in wrong.items()}
        )


def _identity(terms: Terms, countries: Collection[str]) -> dict[str, str]:
    wrong = {}
    if terms.kind not in ISSUED:
        wrong["kind"] = "Only equity can be issued so far."
    if not 2 <= len(terms.name) <= 80 or not terms.name.isprintable() or terms.name != terms.name.strip():
        wrong["name"] = "A name has 2 to 80 characters."
    if not _SYMBOL.fullmatch(terms.symbol):
        wrong["symbol"] = "A symbol has 2 to 11 capital letters A-Z or digits."
    if terms.jurisdiction not in countries:
        wrong["jurisdiction"] = "Choose a country by its two letters."
    return wrong


def _supply(terms: Terms) -> dict[str, str]:
    wrong = {}
    if not 0 <= terms.decimals <= MAX_DECIMALS:
        wrong["decimals"] = f"A token has 0 to {MAX_DECIMALS} decimals."
    if not 0 < terms.total_supply < MAX_SUPPLY:
        wrong["total_supply"] = "The supply is more than zero, and less than 2^62 of the smallest unit."
    if not 0 < terms.price_per_token <= money.INT64_MAX:
        wrong["price_per_token"] = "The price is more than zero."  # noqa: S105  # a price, not a secret
    return wrong


def _shares(terms: Terms) -> dict[str, str]:
    wrong = {}
    parts = (terms.primary_bps, terms.team_bps, terms.reserve_bps)
    if min(parts) < 0 or sum(parts) != WHOLE:
        wrong["primary_offering_pct"] = "Primary offering, team and reserve must make 100 exactly."
    elif terms.primary_bps == 0:
        wrong["primary_offering_pct"] = "Something must be offered."
    if not 0 <= (terms.platform_bps or 0) <= terms.reserve_bps:
        wrong["platform_allocation_pct"] = "The platform's part comes out of the reserve and can't exceed it."
    return wrong


def _investors(terms: Terms, countries: Collection[str]) -> dict[str, str]:
    wrong = {}
    if not 0 <= terms.min_investment <= money.INT64_MAX:
        wrong["min_investment"] = "This can't be less than zero."
    if terms.max_investment is not None and not (
        0 < terms.max_investment <= money.INT64_MAX and terms.min_investment <= terms.max_investment
    ):
        wrong["max_investment"] = "This can't be less than the smallest investment."
    if terms.soft_cap is not None and not 0 < terms.soft_cap <= money.INT64_MAX:
        wrong["soft_cap"] = "A soft cap is more than zero."
    if not set(terms.eligible_countries) <= set(countries):
        wrong["eligible_countries"] = "Name countries by their two letters."
    elif len(set(terms.eligible_countries)) != len(terms.eligible_countries):
        wrong["eligible_countries"] = "A country stands here twice."
    if len(set(terms.eligible_classes)) != len(terms.eligible_classes):
        wrong["eligible_classes"] = "A class stands here twice."
    if not 1 <= terms.min_kyc_level <= 3:
        wrong["min_kyc_level"] = "A level is 1, 2 or 3."
    if terms.cooling_off_hours is not None and not 0 <= terms.cooling_off_hours <= MAX_HOURS:
        wrong["cooling_off_hours"] = f"A cooling-off is 0 to {MAX_HOURS} hours."
    return wrong


def _metadata(metadata: Mapping[str, Any]) -> dict[str, str]:
    if len(metadata) > MAX_METADATA_FIELDS:
        return {"metadata": f"At most {MAX_METADATA_FIELDS} fields."}
    for name, value in metadata.items():
        if not _FIELD.fullmatch(name):
            return {"metadata": "Field names are lower-case letters, digits and _, at most 40."}
        if isinstance(value, str):
            fits = len(value) <= MAX_METADATA_TEXT and "\x00" not in value
        else:
            fits = isinstance(value, bool | int) and abs(value) <= money.INT64_MAX
        if not fits:
            return {"metadata": f"{name} must be a whole number, yes or no, or a text of at most 1000."}
    if len(json.dumps(dict(metadata), ensure_ascii=False).encode()) > MAX_METADATA:
        return {"metadata": f"At most {MAX_METADATA} bytes as JSON."}
    return {}


def _sums(terms: Terms) -> dict[str, str]:
    """Judge what only makes sense once every part does: what the offering could bring, at most."""
    if terms.total_supply * terms.price_per_token // 10**terms.decimals >= MAX_SUPPLY:
        return {"price_per_token": "All tokens together would cost more than can be counted."}
    step = smallest_step(decimals=terms.decimals, price=terms.price_per_token)
    sellable = divide_supply(terms).primary // step * step
    most = sellable * terms.price_per_token // 10**terms.decimals
    if sellable == 0:
        return {"primary_offering_pct": "This offers less than the smallest quantity with an exact price."}
    if terms.min_investment > most:
        return {"min_investment": "This is more than the whole offering costs."}
    if terms.soft_cap is not None and terms.soft_cap > most:
        return {"soft_cap": "This is more than the whole offering costs."}
    return {}


_MONEY = ("price_per_token", "min_investment", "max_investment", "soft_cap")
_PERCENT = {
    "primary_offering_pct": "primary_bps",
    "team_pct": "team_bps",
    "reserve_pct": "reserve_bps",
    "platform_allocation_pct": "platform_bps",
}
_PLAIN = (
    *("name", "symbol", "raise_currency", "jurisdiction", "isin"),
    *("decimals", "min_kyc_level", "cooling_off_hours", "metadata"),
)
_REQUIRED = frozenset(
    {
        *("name", "symbol", "total_supply", "price_per_token", "raise_currency", "jurisdiction"),
        *("primary_offering_pct", "team_pct", "reserve_pct"),
    }
)


def read_terms(written: Mapping[str, Any], *, cash_decimals: int) -> Terms:
    """Read terms as people and programs write them: amounts and percentages as decimal text.

    Percentages have up to two digits after the point. None and an empty text stand for "not given".

    Raises InvalidTerms with every field that can't be read.
    """
    given = {name: value for name, value in written.items() if value not in (None, "")}
    decimals = given.get("decimals", 0)
    if not isinstance(decimals, int) or not 0 <= decimals <= MAX_DECIMALS:
        message = f"A token has 0 to {MAX_DECIMALS} decimals."
        raise InvalidTerms("These can't be the terms of a token.", fields={"decimals": [message]})
    wrong: dict[str, list[str]] = {}
    read: dict[str, Any] = {name: given[name] for name in _PLAIN if name in given}

    def take(name: str, reader: Callable[[Any], Any], field: str = "") -> None:
        if name not in given:
            return
        try:
            read[field or name] = reader(given[name])
        except DomainError as refusal:
            wrong[name] = [refusal.detail]
        except ValueError:
            wrong[name] = ["Choose one of the list."]

    take("kind", Kind)
    take("total_supply", lambda text: money.parse(text, decimals=decimals))
    for name in _MONEY:
        take(name, lambda text: money.parse(text, decimals=cash_decimals))
    for name, field in _PERCENT.items():
        take(name, lambda text: money.parse(text, decimals=2), field)
    take("eligible_countries", tuple)
    take("eligible_classes", lambda classes: tuple(map(Accreditation, classes)))
    for name in _REQUIRED - given.keys():
        wrong[name] = ["This is needed."]
    if wrong:
        raise InvalidTerms("These can't be the terms of a token.", fields=wrong)
    return Terms(**read)


def write_terms(terms: Terms, *, cash_decimals: int) -> dict[str, Any]:
    """Write terms as `read_terms` reads them; None for what isn't given."""
    amounts = {name: getattr(terms, name) for name in _MONEY}
    return {
        **{name: getattr(terms, name) for name in _PLAIN},
        "kind": str(terms.kind),
        "metadata": dict(terms.metadata),
        "total_supply": money.text(terms.total_supply, decimals=terms.decimals),
        "eligible_countries": list(terms.eligible_countries),
        "eligible_classes": [str(each) for each in terms.eligible_classes],
        **{
            name: None if units is None else money.text(units, decimals=cash_decimals)
            for name, units in amounts.items()
        },
        **{name: money.text(getattr(terms, field) or 0, decimals=2) for name, field in _PERCENT.items()},
    }
