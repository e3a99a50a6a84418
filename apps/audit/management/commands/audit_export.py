"""Write the chain as JSON lines that `docs/audit/verify.py` can check without this system."""

import json
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.audit import selectors


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--first", type=int, default=1, help="sequence of the first link")
        parser.add_argument("--last", type=int, help="sequence of the last link; without it, all there are")
        parser.add_argument("--output", type=Path, help="a file to write; without it, the standard output")

    def handle(self, *args: Any, first: int, last: int | None, output: Path | None, **options: Any) -> None:
        """Write one link with its event a line, in order."""
        with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as out:
            for link in selectors.links(first=first, last=last):
                out.write(json.dumps(asdict(link), separators=(",", ":")) + "\n")
