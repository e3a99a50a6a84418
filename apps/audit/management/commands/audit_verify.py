"""Check the whole audit record: every link's hash, the order, gaps, and events left without a link.

Exits with 1 on a finding, naming the first and how many there are. Reads in constant memory.
"""

import json
import time
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.audit import rules, selectors
from apps.audit.types import Finding, Verdict
from apps.common.clock import now

PATIENCE = timedelta(seconds=10)  # how old an event may be before its link is missed
SECOND_LOOK = 2  # seconds; a transaction that was open for long has only just been committed
SHOWN = 20


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            type=anchor,
            metavar="SEQUENCE:HASH",
            help="a link that was kept elsewhere; only such a link shows that the end was cut off",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Walk the chain, look for events without a link, and print the verdict."""
        began = time.monotonic()
        verdict = verify(dict(options["anchor"]))
        if options["json"]:
            verdict_as_json = asdict(verdict) | {"seconds": round(time.monotonic() - began, 3)}
            print(json.dumps(verdict_as_json))
        else:
            _tell(verdict)
        if verdict.count:
            raise SystemExit(1)


def verify(anchors: dict[int, str]) -> Verdict:
    """Return what the whole record looks like."""
    verdict = Verdict()
    for finding in rules.findings(_counted(selectors.links(), verdict), anchors=anchors):
        _note(verdict, finding)
    for event_id in _forgotten():
        _note(verdict, Finding("unsealed", "older than 10 seconds and in no link", event_id=event_id))
    return verdict


def anchor(text: str) -> tuple[int, str]:
    """Read SEQUENCE:HASH."""
    sequence, _, link_hash = text.partition(":")
    if not (sequence.isascii() and sequence.isdigit() and len(link_hash) == 64):
        raise ArgumentTypeError("write an anchor as SEQUENCE:HASH, the hash as 64 hex digits")
    return int(sequence), link_hash.lower()


def _counted(links: Any, verdict: Verdict) -> Any:
    for link in links:
        verdict.links += 1
        verdict.last_sequence, verdict.last_hash = link.sequence, link.hash
        yield link


def _forgotten() -> list[int]:
    before = now() - PATIENCE
    suspects = selectors.unsealed(before=before)
    if not suspects:
        return []
    time.sleep(SECOND_LOOK)
    return selectors.unsealed(before=before, among=suspects)


def _note(verdict: Verdict, finding: Finding) -> None:
    verdict.count += 1
    if len(verdict.findings) < SHOWN:
        verdict.findings.append(finding)


def _tell(verdict: Verdict) -> None:
    if not verdict.count:
        print(f"audit: {verdict.links} links, nothing wrong; the last is {verdict.last_sequence}:", end="")
        print(verdict.last_hash)
        return
    print(f"audit: {verdict.count} findings in {verdict.links} links; the first of them:")
    for finding in verdict.findings:
        where = f"link {finding.sequence}" if finding.sequence else f"event {finding.event_id}"
        print(f"  {finding.kind} at {where}: {finding.detail}")
