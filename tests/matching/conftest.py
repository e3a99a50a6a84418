import pytest

import matching


@pytest.fixture(params=matching.info()["available"])
def engine_name(request):
    """Every engine installed here answers every test of the face."""
    return request.param


@pytest.fixture
def engine(engine_name):
    """An engine with instrument 1 open: tick 1, lot 1, no collar."""
    made = matching.Engine(engine_name)
    made.open_instrument(1)
    return made
