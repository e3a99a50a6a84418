"""Rebuild books from their journals and compare them with what was recorded; fails on a difference."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.trading import recording, selectors


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("symbols", nargs="*", help="instruments to replay; none means all")
        parser.add_argument("--to", type=int, default=0, help="the sequence number to stop at (0: the last)")

    def handle(self, *args: Any, symbols: list[str], to: int, **options: Any) -> None:
        """Print one line for each instrument, and exit with 1 if any differs."""
        failed = False
        for instrument in selectors.instruments():
            if symbols and instrument.symbol not in symbols:
                continue
            found = recording.replay(instrument.number, to=to)
            counted = f"{found.sequence} commands, {found.checked} checkpoints"
            print(f"{instrument.symbol}: {counted}, {found.state_hash}")
            for finding in found.findings:
                print(f"  {finding}")
            failed = failed or bool(found.findings)
        if failed:
            sys.exit(1)
