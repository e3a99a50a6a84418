"""Check what is given to the questions and settings of the face, the same for every engine."""

import operator
from typing import NamedTuple

from matching import checks
from matching.records import HIGHEST

HIGHEST_INSTRUMENT = 2**32 - 1


class Opening(NamedTuple):
    """The settings of an instrument that is to be opened."""

    instrument: int
    tick: int
    lot: int
    lowest: int
    highest: int


def opening(instrument: int, tick: int, lot: int, collar: tuple[int, int] | None) -> Opening:
    """Return the settings as plain integers.

    Raises:
        TypeError: a number is not an integer.
        ValueError: a number is out of range, or the collar is upside down.
    """
    lowest, highest = collar or (0, 0)
    settings = Opening(
        instrument=within("instrument", instrument, 0, HIGHEST_INSTRUMENT),
        tick=within("tick", tick, 1, HIGHEST),
        lot=within("lot", lot, 1, HIGHEST),
        lowest=within("the collar's lowest price", lowest, 0, HIGHEST),
        highest=within("the collar's highest price", highest, 0, HIGHEST),
    )
    if checks.collar(settings.lowest, settings.highest):
        raise ValueError(f"the collar is upside down: {lowest} to {highest}")
    return settings


def levels(number: int, room: int | None) -> int:
    """Return how many levels a side are asked for; `room` is how many `out` holds, if it is given.

    Raises:
        TypeError: not an integer.
        ValueError: negative, or more than there is room for.
    """
    wanted = operator.index(number)
    if wanted < 0:
        raise ValueError("a number of levels is not negative")
    if room is not None and room < wanted:
        raise ValueError(f"out holds {room} levels a side, not {wanted}")
    return min(wanted, HIGHEST)


def reference_price(reference: int, tick: int) -> int:
    """Return the price that an auction is to stay near to; 0 for the last price.

    Raises:
        TypeError: not an integer.
        ValueError: negative, too high, or not a multiple of the tick.
    """
    price = within("the reference", reference, 0, HIGHEST)
    if price % tick:
        raise ValueError(f"the reference {price} is not a multiple of the tick {tick}")
    return price


def within(what: str, number: int, lowest: int, highest: int) -> int:
    """Return a number that lies between two, both inclusive.

    Raises:
        TypeError: not an integer.
        ValueError: outside.
    """
    value = operator.index(number)
    if not lowest <= value <= highest:
        raise ValueError(f"{what} is {value}, but must be {lowest} to {highest}")
    return value
