"""Build the C++ fuzzer and run it."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.matching.fuzz import inputs

HERE = Path(__file__).parent
CORE = HERE.parents[2] / "matching" / "core"
FLAGS = ["-std=c++17", "-O1", "-g", "-Wall", "-Wextra", f"-I{CORE}"]
CHECKED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FOUND = 77  # the exit code of a broken rule; the sanitizers have others


class CannotBuildError(Exception):
    """No compiler, no sources, or a compiler without the sanitizers."""


def missing():
    """Say what stands in the way of a build, or None."""
    if not (CORE / "engine.hpp").exists():
        return f"the C++ engine is not in {CORE}"
    return None if shutil.which("g++") else "g++ is not installed"


def build(folder, *, small=False):
    """Compile the fuzzer into a folder; return the program.

    `small`: with the engine's limits so small that what is rare happens all the time.

    Raises:
        CannotBuildError: it does not compile here.
    """
    if missing():
        raise CannotBuildError(missing())
    traced, plain, program = folder / "fuzz.o", folder / "blocks.o", folder / f"fuzz{'-small' * small}"
    limits = ["-DALEF_SMALL_LIMITS"] if small else []
    _compile(
        [*FLAGS, *limits, *CHECKED, "-fsanitize-coverage=trace-pc", "-c", HERE / "fuzz.cpp", "-o", traced]
    )
    _compile(["-std=c++17", "-O2", "-c", HERE / "blocks.cpp", "-o", plain])
    _compile([*CHECKED, traced, plain, "-o", program])
    return program


def _compile(arguments):
    done = subprocess.run(["g++", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotBuildError(done.stderr.strip()[-2000:])


def run(program, seconds, seed, folder):
    """Fuzz for some seconds; return what it counted, and the reproducing file of a finding, if any."""
    told = subprocess.run(
        [program, str(seconds), str(seed), str(folder)], capture_output=True, text=True, check=False
    )
    if told.returncode == 0:
        return {**json.loads(told.stdout), "finding": None}
    files = sorted(folder.glob("finding-*.bin"), key=lambda file: file.stat().st_mtime)
    said = told.stderr.strip()[-4000:]
    if not files:
        return {"seed": seed, "finding": "none was written down", "said": said}
    smaller = inputs.shrink(inputs.read(files[-1].read_bytes()), lambda one: _fails(program, one), tries=150)
    file = files[-1].with_suffix(".small.bin")
    file.write_bytes(inputs.write(smaller))
    return {"seed": seed, "finding": str(file), "commands": len(smaller.commands), "said": said}


def run_file(program, file):
    """Run one reproducing file; return the exit code and what was said."""
    with tempfile.TemporaryDirectory() as scratch:
        told = subprocess.run([program, "run", file, scratch], capture_output=True, text=True, check=False)
    return told.returncode, told.stderr.strip()


def expect(program, file, events):
    """Say what is wrong if a stream's file is not answered by the events in another file; else nothing."""
    told = subprocess.run([program, "expect", file, events], capture_output=True, text=True, check=False)
    return told.stderr.strip() if told.returncode else ""


def _fails(program, one):
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(inputs.write(one))
        file.flush()
        return run_file(program, file.name)[0] != 0
