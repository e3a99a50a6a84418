"""Settings of the relay processes that the tests start: the worker's own database, the tests' handlers."""

from config.settings.test import *  # noqa: F403  # all but what follows is as in the tests

OUTBOX_SUBSCRIPTIONS = "tests.integration.outbox.handlers.SUBSCRIPTIONS"
OUTBOX_BACKOFF_CAP = 1
