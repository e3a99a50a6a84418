"""Fixtures that every test may use."""

from datetime import UTC, datetime

import pytest
from django.test import TransactionTestCase

from apps.common import connections
from apps.common.types import Actor
from tests import database
from tests.chain import anvil, bare_anvil, bare_chain, chain, keystore, platform_rows
from tests.venue import running

__all__ = ["anvil", "bare_anvil", "bare_chain", "chain", "keystore", "platform_rows"]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Build the template before any worker wants a clone of it."""
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        database.build_template()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put browser tests behind the functional ones: a browser leaves a running loop in its worker's thread,
    and in such a thread Django refuses the database."""
    browser = [item for item in items if "/tests/e2e/" in item.path.as_posix()]
    others = [item for item in items if "/tests/e2e/" not in item.path.as_posix()]
    places = [number for number, item in enumerate(others) if "/tests/functional/" in item.path.as_posix()]
    behind = max(places, default=len(others) - 1) + 1
    items[:] = [*others[:behind], *browser, *others[behind:]]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    """Clone the template for this worker, and let transactional tests empty the clone as a superuser."""
    with django_db_blocker.unblock():
        database.clone()
    TransactionTestCase._fixture_teardown = lambda self: database.empty()  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():
        database.drop()


@pytest.fixture(scope="session")
def venue(django_db_setup, django_db_blocker, tmp_path_factory):
    """A whole venue, running: every line of the Procfile, with the demo's people."""
    with django_db_blocker.unblock(), running(tmp_path_factory.mktemp("venue")) as venue:
        yield venue


@pytest.fixture
def at() -> datetime:
    """An instant."""
    return datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def system() -> Actor:
    return Actor.system("tests")


@pytest.fixture
def valkey():
    """This worker's own Valkey database, empty."""
    client = connections.valkey()
    client.flushdb()
    yield client
    client.flushdb()
