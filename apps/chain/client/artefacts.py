"""What is deployed: our artefacts from contracts/abi, the suite's as they come from their npm packages.

The suite's packages are installed by `npm ci`; elsewhere CHAIN_ARTEFACTS names the folder that holds
@tokenysolutions/t-rex and @onchain-id/solidity. Only deploying the platform needs them. Each artefact is
compared with contracts/trex.lock.json before it is used, and what stands on the chain with it afterwards.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings


class ArtefactRefused(Exception):
    """An artefact is missing or is not the pinned one."""


def creation_code(name: str) -> bytes:
    """Return the code that deploys a contract, without its arguments. Raises ArtefactRefused."""
    return _hex(_artefact(name)["bytecode"])


def is_deployed(name: str, code: bytes) -> bool:
    """Tell whether deployed code is an artefact's, apart from its immutables. Raises ArtefactRefused."""
    blank = bytearray(code)
    for start, length in _artefact(name)["immutables"]:
        blank[start : start + length] = bytes(length)
    return bytes(blank) == _hex(_artefact(name)["deployedBytecode"])


@cache
def _artefact(name: str) -> dict[str, Any]:
    pin = _read(settings.CONTRACTS_DIR / "trex.lock.json")["contracts"].get(name)
    if pin is None:
        return _read(settings.CONTRACTS_DIR / "abi" / f"{name}.json")
    made = _read(Path(settings.CHAIN_ARTEFACTS) / pin["package"] / pin["artifact"])
    for field, wanted in (("bytecode", pin["creation"]), ("deployedBytecode", pin["runtime"])):
        if hashlib.sha256(_hex(made[field])).hexdigest() != wanted:
            raise ArtefactRefused(f"The installed {field} of {name} is not the pinned one.")
    return made | {"immutables": pin["immutables"]}


@cache
def _read(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise ArtefactRefused(f"There is no {file}. Run npm ci, or set CHAIN_ARTEFACTS.") from None
    return content


def _hex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
