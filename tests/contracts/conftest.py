"""One private chain for the session, everything deployed on it once; each test leaves it as it was."""

from collections.abc import Iterator

import pytest

from tests.contracts.anvil import Anvil
from tests.contracts.chain import Chain
from tests.contracts.world import World, build


@pytest.fixture(scope="session")
def built_world(tmp_path_factory):
    """The platform, deployed."""
    with Anvil(tmp_path_factory.mktemp("anvil") / "anvil.log") as anvil:
        yield build(Chain(anvil.url))


@pytest.fixture
def world(built_world: World) -> Iterator[World]:
    """The platform as it was deployed, whatever the test before did."""
    with built_world.chain.undone():
        yield built_world
