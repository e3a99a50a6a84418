"""Numbers that the venue runs by and that authorised people may change: limits, periods, rates.

An app declares its parameters beside its other words, each with a default; a row exists only for one that
somebody changed. All are integers, with their unit in words (cents, hours, basis points); 0 and 1 for no
and yes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

MAX = 2**62
MAX_NAME = 80
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", re.ASCII)
_CENTS = re.compile(r"([A-Z]{3}) cents|hundredths of ([A-Z]{3})", re.ASCII)
_declared: dict[str, "Parameter"] = {}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter: its stable dotted name, what it decides, its unit, default and bounds."""

    name: str
    meaning: str
    unit: str
    default: int
    minimum: int
    maximum: int

    @property
    def group(self) -> str:
        """The app that declares it: what stands before the first dot of its name."""
        return self.name.partition(".")[0]

    @property
    def currency(self) -> str:
        """The currency of an amount of money ("USD" for "USD cents" or "hundredths of USD"), or nothing."""
        found = _CENTS.fullmatch(self.unit)
        return found[1] or found[2] if found else ""

    @property
    def is_part(self) -> bool:
        """Whether it is a part of a whole, so that a person reads it as a percentage."""
        return self.unit == "basis points"

    @property
    def is_switch(self) -> bool:
        """Whether it is no or yes."""
        return (self.minimum, self.maximum) == (0, 1)


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter with its value now. `version` is 0, and `changed_at` None, while nobody has changed it."""

    parameter: Parameter
    value: int
    version: int
    changed_at: datetime | None


def declare(
    name: str, meaning: str, *, unit: str, default: int, minimum: int = 0, maximum: int = MAX
) -> Parameter:
    """Declare a parameter once.

    Raises ValueError for a second, different one, a name that isn't dotted or is longer than MAX_NAME, a
    default out of bounds, and bounds beyond ±MAX.
    """
    made = Parameter(name, meaning, unit, default, minimum, maximum)
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ValueError(f"{name!r} is not a dotted name of at most {MAX_NAME} characters")
    if not -MAX <= minimum <= default <= maximum <= MAX:
        raise ValueError(f"the default or the bounds of {name} are out of bounds")
    if _declared.setdefault(name, made) != made:
        raise ValueError(f"{name} is declared twice, and differently")
    return made


def declared() -> Mapping[str, Parameter]:
    """Return all declared parameters by name."""
    return dict(_declared)
