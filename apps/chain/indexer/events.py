"""Logs as their contracts' interfaces explain them.

Every interface that we deploy is known at once, so a log is told by its signature and the number of its
indexed arguments, whichever contract it comes from. What nothing explains is kept as it is: a log that
can't be read must not stop those after it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from apps.chain.indexer.interfaces import EVENTS
from apps.chain.types import Event, Log

HASHED = re.compile(r"string|bytes|.*[\])]")  # of such an argument, an indexed one is only its hash
LIST = re.compile(r"(?P<inner>.*)\[\d*\]")


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    kind: str
    indexed: bool


@dataclass(frozen=True, slots=True)
class Declaration:
    """An event as its interface declares it: `Transfer(address indexed from, …)`."""

    name: str
    arguments: Sequence[Argument]

    @property
    def key(self) -> tuple[str, int]:
        """Return what a log is told by: its first topic, and how many more it has."""
        signature = f"{self.name}({','.join(each.kind for each in self.arguments)})"
        return "0x" + keccak(text=signature).hex(), sum(each.indexed for each in self.arguments)


def read(log: Log) -> Event:
    """Return a log with its name and arguments, or bare if no interface of ours explains it."""
    address = to_checksum_address(log.address)
    found = declarations().get((log.topics[0], len(log.topics) - 1)) if log.topics else None
    if found is not None:
        try:
            return Event(log, address, found.name, _arguments(found.arguments, log))
        except (DecodingError, ValueError, OverflowError):  # bad UTF-8 is a ValueError
            pass
    return Event(log, address, "", {"topics": list(log.topics), "data": log.data})


@cache
def declarations() -> dict[tuple[str, int], Declaration]:
    """Return what is declared in `interfaces`, by what a log is told by."""
    lines = [line for line in EVENTS.replace("\n   ", "").splitlines() if line and not line.startswith("#")]
    return {found.key: found for found in map(declaration, lines)}


def declaration(line: str) -> Declaration:
    """Read one line of `interfaces`."""
    name, _, rest = line.removesuffix(")").partition("(")
    words = [part.split() for part in rest.split(", ") if part]
    return Declaration(name, [Argument(part[-1], part[0], "indexed" in part[1:-1]) for part in words])


def _arguments(declared: Sequence[Argument], log: Log) -> Mapping[str, Any]:
    topics = iter(log.topics[1:])
    values = iter(decode([each.kind for each in declared if not each.indexed], _raw(log.data)))
    return {
        each.name: _topic(each.kind, next(topics)) if each.indexed else _plain(each.kind, next(values))
        for each in declared
    }


def _topic(kind: str, topic: str) -> Any:
    return topic if HASHED.fullmatch(kind) else _plain(kind, decode([kind], _raw(topic))[0])


def _plain(kind: str, value: Any) -> Any:
    match value:
        case int():
            return value if kind == "bool" else str(value)
        case bytes():
            return "0x" + value.hex()
        case str():
            # PostgreSQL keeps no NUL in text.
            return to_checksum_address(value) if kind == "address" else value.replace("\x00", "\ufffd")
    listed = LIST.fullmatch(kind)
    kinds = [listed["inner"]] * len(value) if listed else kind[1:-1].split(",")
    return [_plain(each, part) for each, part in zip(kinds, value, strict=True)]


def _raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
