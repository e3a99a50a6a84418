#!/usr/bin/env python3
"""Check an exported audit chain. Needs Python 3.9 or later and nothing else; format.md says what is checked.

    python3 verify.py audit.jsonl [--anchor SEQUENCE:HASH] [--after SEQUENCE:HASH]

Exits with 0 if all is well, 1 on a finding, 2 if the file can't be read as an export.
"""

import argparse
import hashlib
import json
import sys

FORMAT = "alef-audit-1"
GENESIS = "0" * 64
SHOWN = 20


def link_hash(link):
    """Return the hash that a line should have."""
    material = {
        "format": FORMAT,
        "sequence": link["sequence"],
        "previous_hash": link["previous_hash"],
        "sealed_at": link["sealed_at"],
        "event": link["event"],
    }
    text = json.dumps(material, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def check_link(link, expected, previous):
    """Yield what is wrong with one link, given the number and the hash that it should follow."""
    number = link["sequence"]
    if number != expected:
        yield f"link {number}: expected link {expected} here; links are missing, doubled or out of order"
    elif link["previous_hash"] != previous:
        yield f"link {number}: does not follow the link before it"
    if link["event"] is None:
        yield f"link {number}: its event {link['event_id']} was removed"
    elif link["event"]["id"] != link["event_id"]:
        yield f"link {number}: holds another event than it names"
    elif link_hash(link) != link["hash"]:
        yield f"link {number}: the link or its event {link['event_id']} was changed"


def check(lines, anchors, after=(0, GENESIS)):
    """Yield what is wrong with an export; `after` is the link before its first line."""
    expected, previous = after[0] + 1, after[1]
    missing = dict(anchors)
    for line in lines:
        link = json.loads(line)
        yield from check_link(link, expected, previous)
        if missing.pop(link["sequence"], link["hash"]) != link["hash"]:
            yield f"link {link['sequence']}: not the hash that was kept elsewhere"
        expected, previous = link["sequence"] + 1, link["hash"]
    for number in sorted(missing):
        yield f"link {number}: was kept elsewhere and is missing here; the end was cut off"


def anchor(text):
    """Read SEQUENCE:HASH."""
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise argparse.ArgumentTypeError("write SEQUENCE:HASH")
    return int(number), digest.lower()


def main(arguments=None):
    """Check the file named on the command line and say what was found."""
    parser = argparse.ArgumentParser(description="Check an exported audit chain.")
    parser.add_argument("export", type=argparse.FileType("r", encoding="utf-8"), help="JSON lines, or - ")
    parser.add_argument("--anchor", action="append", default=[], type=anchor, metavar="SEQUENCE:HASH")
    parser.add_argument("--after", type=anchor, default=(0, GENESIS), metavar="SEQUENCE:HASH")
    options = parser.parse_args(arguments)
    count = 0
    try:
        with options.export as lines:
            for finding in check(lines, dict(options.anchor), options.after):
                count += 1
                if count <= SHOWN:
                    sys.stdout.write(finding + "\n")
    except (ValueError, KeyError, TypeError) as error:
        sys.stdout.write(f"this is not an export of an audit chain: {error!r}\n")
        return 2
    sys.stdout.write(f"{count} findings\n" if count else "the chain is whole\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
