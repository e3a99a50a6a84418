"""Amounts: integers of the smallest unit inside, strict decimal text at the edges, never float.

Every edge (JSON, form, CSV) reads amounts with `parse`, because `Decimal` and DRF's fields accept
full-width digits, underscores, exponents and NaN, and none of those is an amount of money.
"""

import re
from collections.abc import Sequence
from decimal import Decimal

from apps.common.errors import Invalid

INT64_MAX = 2**63 - 1
MAX_DECIMALS = 18

_AMOUNT = re.compile(r"(-?)([0-9]{1,19})(?:\.([0-9]{1,18}))?", re.ASCII)


class InvalidAmount(Invalid):
    """The text isn't an amount of this asset."""

    code = "invalid_amount"


class AmountTooLarge(Invalid):
    """The amount doesn't fit 64 bits."""

    code = "amount_too_large"


def parse(text: object, *, decimals: int, negative: bool = False) -> int:
    """Read decimal text such as "12.50" as an integer of the smallest unit (1250 for 2 decimals).

    Only ASCII digits and one point; no sign but '-' where `negative` allows it, no exponent, no
    separators, no more fraction digits than the asset has.

    Raises InvalidAmount, AmountTooLarge.
    """
    found = _AMOUNT.fullmatch(text) if isinstance(text, str) else None
    if found is None or (found[1] and not negative):
        raise InvalidAmount("Write the amount as plain digits, for example 1250.00.")
    fraction = found[3] or ""
    if len(fraction) > decimals:
        raise InvalidAmount(f"This amount may have at most {decimals} digits after the point.")
    units = checked(int(found[2] + fraction.ljust(decimals, "0")))
    return -units if found[1] else units


def checked(units: int) -> int:
    """Return `units` if a signed 64-bit column can hold it. Raises AmountTooLarge."""
    if -INT64_MAX <= units <= INT64_MAX:
        return units
    raise AmountTooLarge("The amount is too large.")


def text(units: int, *, decimals: int) -> str:
    """Write an integer of the smallest unit as decimal text with all its digits: 1250 → "12.50"."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def decimal(units: int, *, decimals: int) -> Decimal:
    """Return the exact Decimal of an integer of the smallest unit."""
    return Decimal(units).scaleb(-decimals)


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divide, rounding half to even. `denominator` is positive."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


def basis_points(units: int, bps: int) -> int:
    """Return `bps` ten-thousandths of an amount, rounded half to even."""
    return divide_half_even(units * bps, 10_000)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` (>= 0) in proportion to `weights` by the largest remainder; the parts sum to it.

    Ties go to the earlier weight, so that the result never depends on anything but the arguments.
    Raises ValueError for weights that are negative or sum to zero.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("split needs a non-negative total and weights that sum to more than zero")
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
