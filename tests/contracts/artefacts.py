"""What we deploy: our own artefacts from contracts/abi, the suite's as they are from its npm packages."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
LOCK = CONTRACTS / "trex.lock.json"


@cache
def lock() -> dict[str, Any]:
    """Return the pinned packages and bytecode hashes of the suite."""
    return read(LOCK)


@cache
def package(name: str) -> Path:
    """Return where an npm package is installed."""
    for modules in (ROOT / "node_modules", CONTRACTS / "node_modules"):
        if (modules / name / "package.json").exists():
            return modules / name
    raise FileNotFoundError(f"{name} is not installed. Fix: npm ci --ignore-scripts")


@cache
def ours(name: str) -> dict[str, Any]:
    """Return one of our artefacts."""
    return read(CONTRACTS / "abi" / f"{name}.json")


@cache
def suite(name: str) -> dict[str, Any]:
    """Return an artefact of the suite, after its bytecode is found to be the pinned one.

    Raises:
        ValueError: the installed artefact is not the pinned one.
    """
    pin = lock()["contracts"][name]
    artefact = read(package(pin["package"]) / pin["artifact"])
    for field, wanted in (("bytecode", pin["creation"]), ("deployedBytecode", pin["runtime"])):
        if sha256(artefact[field]) != wanted:
            raise ValueError(f"{name}: the installed {field} is not the pinned one")
    return artefact


def artefact(name: str) -> dict[str, Any]:
    """Return an artefact of the suite or of ours; the suite's names are pinned, so they come first."""
    return suite(name) if name in lock()["contracts"] else ours(name)


def read(path: Path) -> dict[str, Any]:
    """Return a JSON file's object."""
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def sha256(code: str | bytes) -> str:
    """Return the hash of bytecode, given as bytes or as hex."""
    raw = bytes.fromhex(code.removeprefix("0x")) if isinstance(code, str) else code
    return hashlib.sha256(raw).hexdigest()


def without(code: bytes, ranges: list[list[int]]) -> bytes:
    """Return deployed code with its immutables blanked, as the artefact has them."""
    blank = bytearray(code)
    for start, length in ranges:
        blank[start : start + length] = bytes(length)
    return bytes(blank)
