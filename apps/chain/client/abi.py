"""The binary form of calls: a function is named by its signature, such as `mint(address,uint256)`."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from eth_abi.abi import decode as _decode
from eth_abi.abi import encode as _encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

ZERO = "0x" + "0" * 40


def call_data(signature: str, *arguments: Any) -> bytes:
    """Encode a call."""
    return selector(signature) + encode(_arguments_of(signature), arguments)


def encode(types: Sequence[str], arguments: Sequence[Any]) -> bytes:
    """Encode values of these types, as a constructor takes them."""
    return bytes(_encode(list(types), list(arguments)))


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Decode values of these types; an address comes out checksummed."""
    return tuple(_plain(kind, value) for kind, value in zip(types, _decode(list(types), data), strict=True))


@cache
def selector(signature: str) -> bytes:
    """Return the first four bytes of a signature's hash."""
    return bytes(keccak(text=signature)[:4])


def hashed(data: bytes) -> bytes:
    """Return the Keccak-256 of some bytes."""
    return bytes(keccak(data))


@cache
def topic(text: str) -> int:
    """Return the hash of a text as a number: the topic of a claim."""
    return int.from_bytes(keccak(text=text), "big")


@cache
def key_of(address: str) -> bytes:
    """Return an address as ONCHAINID writes a key down."""
    return bytes(keccak(encode(["address"], [address])))


@cache
def _arguments_of(signature: str) -> tuple[str, ...]:
    """Return the types between a signature's outer parentheses; a tuple stays whole."""
    inner = signature[signature.index("(") + 1 : -1]
    types, depth, current = [], 0, ""
    for character in inner:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            types.append(current)
            current = ""
        else:
            current += character
    return tuple([*types, current] if current else types)


def _plain(kind: str, value: Any) -> Any:
    return to_checksum_address(value) if kind == "address" else value
