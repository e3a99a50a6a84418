"""Read final blocks of the chain into the database; ends on SIGTERM or SIGINT."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from apps.chain.indexer import Indexer


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # a deployment checks once; a restart after a crash has no time for it

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to end. A second indexer stands by until the first one is gone."""
        indexer = Indexer()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: indexer.stop())
        indexer.run()
