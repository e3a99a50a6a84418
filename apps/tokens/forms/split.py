"""How a supply is split, while somebody is still typing the percentages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django_countries import countries

from apps.common import money
from apps.common.errors import DomainError
from apps.tokens import rules
from apps.tokens.forms.draft import UNANSWERED, SplitForm
from apps.tokens.types import Terms

WHOLE = 10_000  # basis points
PLATFORM = "platform_allocation_pct"


@dataclass(frozen=True, slots=True)
class Part:
    """One percentage as typed: its basis points, and the base units it makes; None where it can't be read."""

    name: str
    label: Any
    points: int | None
    units: int | None


@dataclass(frozen=True, slots=True)
class Split:
    """What the percentages make, in basis points; None where one can't be read. `missing` is negative for
    too much."""

    parts: tuple[Part, ...]
    total: int | None
    problems: tuple[str, ...]
    decimals: int
    symbol: str

    @property
    def missing(self) -> int | None:
        return None if self.total is None else WHOLE - self.total

    @property
    def surplus(self) -> int:
        """Return how many basis points there are too many."""
        return max(0, -(self.missing or 0))

    @property
    def shown(self) -> int:
        """Return the whole per cents that a bar of 100 can show."""
        return min(100, (self.total or 0) // 100)

    @property
    def has_units(self) -> bool:
        return any(part.units is not None for part in self.parts)

    @property
    def is_right(self) -> bool:
        return self.missing == 0 and not self.problems


def split_of(typed: Mapping[str, Any]) -> Split:
    """Return what the typed percentages make, and what the rules say of them so far."""
    points = {name: _points(typed.get(name)) for name in SplitForm.base_fields}
    whole = [points[name] for name in points if name != PLATFORM]
    known = [each for each in whole if each is not None]
    terms, problems = _judge(typed) if len(known) == len(whole) else (None, ())
    units = rules.divide_supply(terms) if terms is not None and sum(known) == WHOLE else None
    shares = (units.primary, units.team, units.reserve, units.platform) if units and terms else (None,) * 4
    return Split(
        parts=tuple(
            Part(name, field.label, points[name], share)
            for (name, field), share in zip(SplitForm.base_fields.items(), shares, strict=True)
        ),
        total=sum(known) if len(known) == len(whole) else None,
        problems=problems,
        decimals=terms.decimals if terms else 0,
        symbol=str(typed.get("symbol", ""))[:11],
    )


def _points(text: Any) -> int | None:
    try:
        return money.parse(text, decimals=2)
    except DomainError:
        return None


def _judge(typed: Mapping[str, Any]) -> tuple[Terms | None, tuple[str, ...]]:
    """Return the terms with these percentages, and what is wrong about the percentages."""
    written: dict[str, Any] = UNANSWERED | {
        name: str(typed[name]) for name in (*SplitForm.base_fields, "total_supply") if typed.get(name)
    }
    decimals = str(typed.get("decimals", "0"))
    written["decimals"] = int(decimals) if decimals in {str(n) for n in range(rules.MAX_DECIMALS + 1)} else 0
    terms = None
    try:
        terms = rules.read_terms(written | {"raise_currency": "USD"}, cash_decimals=2)
        rules.check_terms(terms, countries=dict(countries))
    except rules.InvalidTerms as error:
        named = error.fields.items()
        return terms, tuple(line for name, lines in named if name in SplitForm.base_fields for line in lines)
    return terms, ()
