"""Check the whole ledger in one snapshot: entries, balances, holds, and the laws in the database.

Exits with 1 on a finding, naming each kind with how many there are and a few examples.
"""

import json
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.ledger import selectors
from apps.ledger.types import Verification


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check and print what was found."""
        began = time.monotonic()
        verification = selectors.verify()
        seconds = round(time.monotonic() - began, 3)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(verification) | {"seconds": seconds}))
        else:
            self.stdout.write(_report(verification, seconds))
        if verification.findings:
            raise SystemExit(1)


def _report(verification: Verification, seconds: float) -> str:
    of = verification
    size = f"{of.entries} entries, {of.postings} postings, {of.accounts} accounts, {of.holds} holds"
    if not of.findings:
        return f"ledger: {size}, nothing wrong ({seconds} s)"
    lines = [f"ledger: {size}; {len(of.findings)} kinds of findings ({seconds} s)"]
    for each in of.findings:
        lines.append(f"  {each.code} ({each.count}): {each.sentence}")
        lines += [f"    {example}" for example in each.examples]
    return "\n".join(lines)
