"""The walk, on a venue of the tests."""

import pytest

from tests.scenarios import walk
from tests.scenarios.life import Wrong


@pytest.mark.spec("BIZ-1", "TOK-3", "TOK-4", "OFR-1", "OFR-2", "PAY-1", "CON-3", "API-5")
def test_the_walk_is_played_twice_on_the_same_venue(venue, capsys):
    for _ in range(2):
        walk.play(venue.url, venue.environment["CHAIN_RPC_URLS"])
    assert capsys.readouterr().out.count("The audit chain verifies") == 2


def test_the_walk_says_what_to_start_when_nothing_runs(tmp_path):
    with pytest.raises(Wrong, match="start it with"):
        walk.place({"STATE": str(tmp_path)})
