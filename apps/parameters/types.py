"""Numbers that the venue runs by and that authorised people may change: limits, periods, rates.

An app declares its parameters beside its other words, each with a default; a row exists only for one that
somebody changed. All are integers, with their unit in words (cents, hours, basis points); 0 and 1 for no
and yes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MAX = 2**62
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


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter with its value now. `version` is 0 while nobody has changed it."""

    parameter: Parameter
    value: int
    version: int


def declare(
    name: str, meaning: str, *, unit: str, default: int, minimum: int = 0, maximum: int = MAX
) -> Parameter:
    """Declare a parameter once. Raises ValueError for a second, different one or a default out of bounds."""
    made = Parameter(name, meaning, unit, default, minimum, maximum)
    if not minimum <= default <= maximum or _declared.setdefault(name, made) != made:
        raise ValueError(f"{name} is declared twice, and differently, or its default is out of bounds")
    return made


def declared() -> Mapping[str, Parameter]:
    """Return all declared parameters by name."""
    return dict(_declared)
