"""Fuzz from the command line: `python -m tests.matching.fuzz --minutes 10 --seed 1`."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import matching
from tests.matching.fuzz import against, harness, inputs


def main(arguments=None):
    """Run what is asked for; 0: nothing was found, 1: something was, 2: it cannot run here."""
    options = _options(arguments)
    folder = Path(options.keep or tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    missing = matching.info()["compiled_missing"] if options.against else harness.missing()
    if missing:
        sys.stderr.write(f"{missing}\n")
        return 2
    try:
        if options.replay:
            return _replay(options.replay, folder, both=bool(options.against))
        return 1 if _fuzz(options, folder)["finding"] else 0
    except harness.CannotBuildError as error:
        sys.stderr.write(f"the fuzzer cannot be built: {error}\n")
        return 2


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.matching.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other inputs (default: 1)")
    parser.add_argument(
        "--against", choices=["reference"], help="compare the compiled engine with the reference"
    )
    parser.add_argument("--keep", metavar="FOLDER", help="where findings go (default: a new folder)")
    parser.add_argument("--replay", metavar="FILE", help="run one reproducing file")
    return parser.parse_args(arguments)


def _fuzz(options, folder):
    seconds = options.minutes * 60
    if options.against:
        told = against.run(seconds, options.seed, folder)
        sys.stdout.write(json.dumps(told) + "\n")
        return told
    told = {}
    for small in (True, False):
        told = harness.run(harness.build(folder, small=small), seconds / 2, options.seed + small, folder)
        sys.stdout.write(json.dumps({**told, "small_limits": small}) + "\n")
        if told["finding"]:
            break
    return told


def _replay(file, folder, *, both):
    if both:
        given = inputs.read(Path(file).read_bytes())
        found = [against.differs(given, cut) for cut in range(len(given.commands) + 1)]
        said = next(filter(None, found), None)
    else:
        found = [harness.run_file(harness.build(folder, small=small), file) for small in (True, False)]
        said = next((told for code, told in found if code), None)
    sys.stdout.write(f"{said or 'nothing found'}\n")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
