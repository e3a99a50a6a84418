"""Take messages of the outbox to their handlers, and seal the audit record; ends on SIGTERM or SIGINT."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from apps.outbox.relay import Relay


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # a deployment checks once; a restart after a crash has no time for it

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to end. A second relay stands by until the first one is gone."""
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        relay.run()
