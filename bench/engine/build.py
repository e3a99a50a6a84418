"""What must be made before engines can be measured: flows on files, the driver, the packages of others.

All of it lies in `STATE`, under names that hold a digest of what it was made from, and is made once.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np

from bench.engine import features, flows
from bench.engine.flows import Flow
from matching import COMMAND

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
CORE = ROOT / "matching" / "core"
PACKAGES = ROOT / "requirements" / "bench.txt"
FLAGS = ("-std=c++17", "-O3", "-Wall", "-Wextra")
COMPILERS = ("g++", "clang++", "c++")
GENERATOR = ("numbers.py", "market.py", "flows.py", "features.py")


class Missing(Exception):
    """Something can't be measured here, and why."""


def place() -> Path:
    """Return the folder for what is made, and make it."""
    folder = Path(os.environ.get("STATE") or ROOT / ".state") / "bench" / "engine"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def flow(name: str, kind: str, commands: int, make: Callable[[], Flow]) -> tuple[Flow, Path]:
    """Return a flow and its file of COMMAND records, from the folder or made now."""
    stem = place() / f"{kind}-{commands}-{_digest(HERE / part for part in GENERATOR)}"
    records, facts = stem.with_suffix(".commands"), stem.with_suffix(".json")
    if facts.exists() and records.exists():
        known = json.loads(facts.read_text())
        return Flow(name, np.fromfile(records, COMMAND), known["setup"], known), records
    made = make()
    for old in place().glob(f"{kind}-{commands}-*"):  # of a generator that was another; a flow is 80 MB
        old.unlink(missing_ok=True)
    made.commands.tofile(records)
    facts.write_text(json.dumps(made.facts))
    return made, records


def standard(name: str, commands: int, scale: float) -> tuple[Flow, Path]:
    """Return one of the flows that have a recipe, or of those with all order types or wild prices."""
    special = {
        "features": features.features,
        "wild-price": features.wild_price,
        "wild-prices": features.wild_prices,
    }
    if name in special:
        return flow(name, name, commands, lambda: special[name](commands))
    kind = f"{name}-x{round(scale * 100)}"
    return flow(name, kind, commands, lambda: flows.make(name, commands, scale))


def compiler() -> str:
    """Return the C++ compiler: $CXX or the first that is there. Raises Missing."""
    for name in (os.environ.get("CXX", ""), *COMPILERS):
        if name and (found := shutil.which(name)):
            return found
    raise Missing("no C++ compiler on PATH (g++ or clang++; apt install g++)")


def version(program: str) -> str:
    """Return the first line of what a program says of its version."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return told.stdout.splitlines()[0] if told.stdout else "unknown"


def driver(core: Path = CORE) -> Path:
    """Return the driver, compiled with the core's headers. Raises Missing."""
    if not (core / "engine.hpp").exists():
        raise Missing("there is no matching/core/engine.hpp in this checkout")
    program = compiler()
    sources = [HERE / "driver.cpp", HERE / "driver.hpp", *sorted(core.glob("*.hpp"))]
    key = hashlib.sha256(f"{program} {version(program)} {FLAGS} {_digest(sources)}".encode()).hexdigest()[:16]
    made = place() / f"driver-{key}"
    if not made.exists():
        part = made.with_suffix(f".{os.getpid()}")
        command = [program, *FLAGS, "-I", str(core.parent.parent), "-o", str(part), str(HERE / "driver.cpp")]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode:
            raise Missing(f"the driver doesn't compile: {_first_error(told.stderr)}")
        part.replace(made)
    return made


@cache
def compiled() -> None:
    """Build the compiled engine for Python where it is older than its sources. Raises Missing."""
    builder = ROOT / "matching" / "build.py"
    if builder.exists():
        subprocess.run([sys.executable, str(builder)], capture_output=True, check=False, timeout=900)
    ask = "import json, matching; print(json.dumps(matching.info()))"  # of a new process: this one has looked
    told = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    answer = json.loads(told.stdout)
    if "compiled" not in answer["available"]:
        raise Missing(f"the compiled engine isn't here: {answer['compiled_missing']}")


def packages() -> Path:
    """Return a folder with the Python packages of others, installed as their lock says. Raises Missing."""
    folder = place() / f"packages-{_digest([PACKAGES])}-{sys.version_info.major}.{sys.version_info.minor}"
    if folder.exists():
        return folder
    part = folder.with_suffix(f".{os.getpid()}")
    command = [
        *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"),
        *("--require-hashes", "--no-deps", "--only-binary", ":all:", "--root-user-action", "ignore"),
        *("--target", str(part), "-r", str(PACKAGES)),
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if told.returncode:
        shutil.rmtree(part, ignore_errors=True)
        raise Missing(f"pip can't install requirements/bench.txt: {_first_error(told.stderr)}")
    part.replace(folder)
    return folder


def _first_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    return lines[0] if lines else "it says nothing"


def _digest(files: Iterable[Path]) -> str:
    content = hashlib.sha256()
    for path in files:
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]
