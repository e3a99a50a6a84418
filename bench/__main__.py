"""Run a benchmark by its name; the last line it prints is one JSON object."""

import argparse
import importlib
import signal
import sys

NAMES = {
    "orders": "durable orders a second through the sequencer and over HTTP, and how long answers take",
    "engine": "the matching engine's speed and memory, beside other engines; needs nothing that runs",
    "kills": "each process of a venue killed while people trade, and whether everything is right afterwards",
    "replay": "five hours of a real exchange's orders through the sequencer, compared with what they must do",
}


def main(arguments: list[str]) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "name", choices=NAMES, help="; ".join(f"{name}: {what}" for name, what in NAMES.items())
    )
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, for a first look")
    parser.add_argument("--rounds", type=int, help="of engine: how often each engine takes its turn")
    options = parser.parse_args(arguments)
    if options.rounds is not None and (options.name != "engine" or options.rounds < 1):
        parser.error("--rounds goes with engine, and is 1 or more")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C does: by way of every `finally`
    module = importlib.import_module(f"bench.{options.name}")
    more = {"rounds": options.rounds} if options.rounds else {}
    return int(module.run(quiet=options.json, scale=0.1 if options.quick else 1.0, **more))


sys.exit(main(sys.argv[1:]))
