from enum import StrEnum

import pytest

from apps.common.errors import Conflict
from apps.common.ids import new_id
from apps.common.transitions import advance


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


TABLE = {Light.RED: frozenset({Light.GREEN}), Light.GREEN: frozenset()}


def test_ids_are_version_7_and_grow_with_time():
    made = [new_id() for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == 1000
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)


def test_a_transition_outside_the_table_is_refused_with_the_allowed_ones():
    assert advance(TABLE, Light.RED, Light.GREEN) is Light.GREEN
    with pytest.raises(Conflict) as refusal:
        advance(TABLE, Light.GREEN, Light.RED)
    assert refusal.value.code == "invalid_transition"
    assert refusal.value.data == {"state": "green", "requested": "red", "allowed": []}
