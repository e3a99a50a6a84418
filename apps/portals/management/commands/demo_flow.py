"""Keep the demo's market moving: an order every few seconds; ends on SIGTERM or SIGINT."""

import random
import signal
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from apps.common.errors import DomainError
from apps.portals.management import secondary
from apps.portals.management.commands.demo_market import OASW

PAUSE = 4.0  # seconds between two orders, on average


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()  # it is started beside processes that were checked

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pause", type=float, default=PAUSE, help="seconds between two orders")

    def handle(self, *args: Any, pause: float, **options: Any) -> None:
        """Place orders until told to end; a refusal is a part of a market's life."""
        if not settings.DEVELOPMENT:
            raise CommandError("The demo's people trade in development only.")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(0))
        dice = random.Random()  # noqa: S311  # nobody's money
        while True:
            time.sleep(dice.uniform(0.3, 1.7) * pause)
            try:
                if secondary.is_open(OASW):
                    secondary.keep_moving(OASW, dice)
            except (DomainError, DatabaseError) as trouble:
                print(f"{type(trouble).__name__}: {trouble}")
            finally:
                connection.close()
