"""Why a contract refused, in words: custom errors by our ABIs and the suite's, sentences, panics."""

import json
import re
from functools import cache
from typing import Any

from django.conf import settings
from eth_abi.exceptions import DecodingError

from apps.chain.client.abi import decode, selector

MAX = 400  # characters
_HEX = re.compile(r"0x([0-9a-fA-F]{2})*")
_PANICS = {
    0x01: "an assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x21: "unknown value of an enum",
    0x32: "index out of bounds",
}


def revert_data(error: Any) -> bytes | None:
    """Return what a contract answered when it refused, None if an RPC error says nothing of a refusal.

    Nodes disagree on where they put it: `data` may be hex, text with hex in it, or a nested object.
    """
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    if isinstance(data, str) and (found := _HEX.search(data)):
        return bytes.fromhex(found[0][2:])
    message = str(error.get("message", ""))
    return b"" if error.get("code") == 3 or "revert" in message else None


def decoded(data: bytes) -> str:
    """Return a refusal as text: `TokenPaused(0x…)`, the sentence of an Error, or what a panic means."""
    name, types = _errors().get(data[:4], ("", ()))
    if not name:
        return (
            f"refused with {data[:4].hex()}, which no ABI of ours knows" if data else "refused without reason"
        )
    try:
        values = decode(types, data[4:])
    except DecodingError:
        return f"{name} with arguments that can't be read"
    if name == "Error":
        return clean(str(values[0]))
    if name == "Panic":
        return _PANICS.get(values[0], f"panic {values[0]:#x}")
    return clean(f"{name}({', '.join(map(_text, values))})")


def _text(value: Any) -> str:
    """Write one argument; a bytes32 that holds a short word, as our modules' reasons do, as that word."""
    if not isinstance(value, bytes):
        return str(value)
    word = value.rstrip(b"\0")
    is_word = len(value) == 32 and word.isascii() and word.decode("ascii").isidentifier()
    return word.decode("ascii") if is_word else "0x" + value.hex()


def clean(text: str) -> str:
    """Drop what can't be stored or shown; a contract or a node may say anything."""
    return "".join(character for character in text if character.isprintable())[:MAX]


@cache
def _errors() -> dict[bytes, tuple[str, tuple[str, ...]]]:
    """Return selector → name and types. The suite refuses with sentences and has no errors of its own."""
    known = {"Error(string)": ("Error", ("string",)), "Panic(uint256)": ("Panic", ("uint256",))}
    for file in sorted((settings.CONTRACTS_DIR / "abi").glob("*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8"))["abi"]:
            if entry["type"] == "error":
                types = tuple(argument["type"] for argument in entry["inputs"])
                known[f"{entry['name']}({','.join(types)})"] = (entry["name"], types)
    return {selector(signature): named for signature, named in known.items()}
