"""Keys in files: one Web3 keystore (version 3, scrypt) for each duty, and one for the custody seed.

All lie under one password of at least 32 random characters. scrypt makes guessing a weak password dear;
32 random bytes can't be guessed at any price, so its cost is kept low and a start takes no second.

The custody seed is 32 random bytes (BIP-32). The address with index i is m/44'/60'/0'/0/i.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apps.chain.signer.backend import Signed
from apps.chain.types import Duty
from apps.common.crypto import new_key

SCRYPT_N = 2**14
MIN_PASSWORD = 32
CUSTODY = "custody"
CUSTODY_PATH = "m/44'/60'/0'/0/{index}"
MNEMONIC = "test " * 11 + "junk"  # Anvil's published development mnemonic: its accounts are funded there


class KeysMissing(Exception):
    """A key file is not there, or the password doesn't open it."""


class KeyRefused(Exception):
    """The password is too weak, or what was given is no key, or there is one already."""


class Keystore:
    """The keys of a folder, opened once and kept in this process's memory."""

    def __init__(self, folder: str, password: str) -> None:
        """Open every key. Raises KeysMissing."""
        from eth_account import Account

        self._keys = {duty: Account.from_key(_read(Path(folder), duty, password)) for duty in Duty}
        self._seed = _read(Path(folder), CUSTODY, password)

    def address(self, duty: Duty) -> str:
        """Return a duty's address."""
        return str(self._keys[duty].address)

    def sign_transaction(self, duty: Duty, fields: Mapping[str, Any]) -> Signed:
        """Sign a transaction."""
        signed = self._keys[duty].sign_transaction(dict(fields))
        return Signed(bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex())

    def sign_message(self, duty: Duty, digest: bytes) -> bytes:
        """Sign 32 bytes as a personal message."""
        from eth_account.messages import encode_defunct

        return bytes(self._keys[duty].sign_message(encode_defunct(digest)).signature)

    def custody_address(self, index: int) -> str:
        """Return the custodial address with this index."""
        return _address(_child(self._seed, index))


def make_keys(folder: Path, password: str, *, development: bool = False) -> dict[str, str]:
    """Make every key that is not there yet; return name → address of the new ones (the seed's is empty).

    `development` takes Anvil's published accounts for the duties; the custody seed is random all the same.

    Raises KeyRefused.
    """
    made = {}
    for number, duty in enumerate(Duty):
        if not _file(folder, duty).exists():
            key = _child(_development_seed(), number) if development else new_key()
            made[str(duty)] = _store(folder, duty, key, password)
    if not _file(folder, CUSTODY).exists():
        _store(folder, CUSTODY, new_key(), password)
        made[CUSTODY] = ""
    return made


def import_key(folder: Path, password: str, duty: Duty, text: str) -> str:
    """Store a key given as 64 hex digits; return its address.

    Raises KeyRefused, also where the duty has a key already.
    """
    try:
        key = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise KeyRefused("A key is 64 hex digits.")
    if _file(folder, duty).exists():
        raise KeyRefused(f"There is a key for {duty} already, and none is ever overwritten.")
    return _store(folder, duty, key, password)


def _store(folder: Path, name: str, key: bytes, password: str) -> str:
    from eth_keyfile.keyfile import create_keyfile_json

    if len(password) < MIN_PASSWORD:
        raise KeyRefused(f"KEYSTORE_PASSWORD must be at least {MIN_PASSWORD} random characters.")
    address = "" if name == CUSTODY else _address(key)
    content = create_keyfile_json(key, password.encode(), kdf="scrypt", iterations=SCRYPT_N)
    if name == CUSTODY:
        content.pop("address", None)  # a seed has none
    _write_new(_file(folder, name), json.dumps(content))
    return address


def _write_new(file: Path, content: str) -> None:
    """Write a file whole or not at all, and never over another one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as output:
            output.write(content)
            output.flush()
            os.fsync(output.fileno())
        os.link(part, file)
    finally:
        part.unlink()


def _read(folder: Path, name: str, password: str) -> bytes:
    from eth_keyfile.keyfile import decode_keyfile_json

    file = _file(folder, name)
    try:
        content = json.loads(file.read_text(encoding="ascii"))
    except FileNotFoundError:
        raise KeysMissing(f"There is no key {file}. Run: manage.py chain_keys") from None
    try:
        return bytes(decode_keyfile_json(content, password.encode()))
    except ValueError:
        raise KeysMissing(f"KEYSTORE_PASSWORD doesn't open {file}.") from None


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _child(seed: bytes, index: int) -> bytes:
    from eth_account.hdaccount.deterministic import HDPath

    return bytes(HDPath(CUSTODY_PATH.format(index=index)).derive(seed))


def _development_seed() -> bytes:
    from eth_account.hdaccount.mnemonic import Mnemonic

    return bytes(Mnemonic.to_seed(MNEMONIC))


def _address(key: bytes) -> str:
    from eth_account import Account

    return str(Account.from_key(key).address)
