"""Processes are killed while orders come in: what was acknowledged is there, once, and nobody acts."""

import os

import pytest

from tests.functional.launcher import kills

# Those whose death is the hardest; `./alef.sh bench kills` kills every one.
USUAL = ("sequencer", "chain", "postgres", "valkey")


@pytest.mark.spec("MAT-6", "OPS-2")
def test_processes_are_killed_under_orders_and_all_comes_back_by_itself():
    victims = os.environ.get("KILLS", ",".join(USUAL)).split(",")
    with kills.venue() as system:
        kills.play(system, victims, print)
