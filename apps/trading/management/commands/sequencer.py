"""Match orders and record what happens; ends on SIGTERM or SIGINT after the batch in hand."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.trading.sequencer import Sequencer
from apps.trading.sequencer.process import BATCH


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # a deployment checks once; a restart after a crash has no time for it

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--most", type=int, default=0, help="instruments to take at most (0: all)")
        parser.add_argument("--batch", type=int, default=BATCH, help="commands in one batch at most")

    def handle(self, *args: Any, most: int, batch: int, **options: Any) -> None:
        """Run until told to end. What another one sequences is taken over once its lease runs out."""
        sequencer = Sequencer(batch_size=batch, most=most)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sequencer.stop())
        sequencer.run()
