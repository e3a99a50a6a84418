"""One way to move along a life cycle: `advance` reads the literal table of the app's `states.py`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from apps.common.errors import Conflict

State = TypeVar("State", bound=StrEnum)


def advance(table: Mapping[State, frozenset[State]], state: State, to: State) -> State:
    """Return `to` if the table allows it from `state`.

    Raises Conflict `invalid_transition`, whose data name the allowed states.
    """
    allowed = table.get(state, frozenset())
    if to in allowed:
        return to
    names = sorted(allowed)
    raise Conflict(
        f"{state} can't become {to}; from here it can become {', '.join(names) or 'nothing else'}.",
        code="invalid_transition",
        state=str(state),
        requested=str(to),
        allowed=names,
    )
