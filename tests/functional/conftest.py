"""The town that drawn requests are sent to."""

import pytest

from apps.common.errors import Unavailable
from apps.trading import client as inbox
from apps.trading.services import placing
from tests.town import founded


@pytest.fixture(scope="module")
def town(django_db_setup, django_db_blocker):
    """A town for a whole module; each request in it is to be `undone()`."""
    with django_db_blocker.unblock(), founded() as town:
        yield town


@pytest.fixture
def unhindered(settings, valkey, monkeypatch):
    """No limit of a minute stands in the way, and nobody waits for a sequencer, since none runs.

    Whoever waits for one gives their database connection back, and with it a town would be lost.
    """
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, "1000000/minute")
    settings.ALLOWED_HOSTS = ["*"]
    monkeypatch.setattr(placing, "_ask_several", _no_answer)


def _no_answer(asked, at):
    for instrument, messages in asked.items():
        inbox.send(instrument, messages)
    raise Unavailable("The market didn't answer in time.")
