from pathlib import Path

import pytest

from matching import Engine
from tests.matching import drawn

BOOKS = sorted((Path(__file__).parent / "books").glob("*.txt"))
SCENARIOS = [
    pytest.param(scenario, id=f"{path.stem}: {scenario.title}", marks=pytest.mark.spec(*scenario.specs))
    for path in BOOKS
    for scenario in drawn.read(path.read_text(encoding="ascii"))
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_drawn_book(scenario, engine_name):
    assert scenario.command, "a scenario without a command shows nothing"
    events, after = drawn.play(scenario, Engine(engine_name))
    assert events == scenario.events
    assert after == scenario.after
