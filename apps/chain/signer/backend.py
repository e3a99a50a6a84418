"""What every kind of signer can do, and which kind is configured."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.chain.types import Duty

BACKENDS = {"keystore": "apps.chain.signer.keystore.Keystore"}


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction as it is sent, and its hash."""

    raw: bytes
    tx_hash: str


class Signer(Protocol):
    """Holds a key for each duty and the seed of all custodial addresses; none of them leaves it."""

    def address(self, duty: Duty) -> str:
        """Return a duty's address."""

    def sign_transaction(self, duty: Duty, fields: Mapping[str, Any]) -> Signed:
        """Sign a transaction, given by the fields' names in JSON-RPC; chainId is among them."""

    def sign_message(self, duty: Duty, digest: bytes) -> bytes:
        """Sign 32 bytes as a personal message (EIP-191); return the 65 bytes r, s, v."""

    def custody_address(self, index: int) -> str:
        """Return the custodial address with this index."""


def signer() -> Signer:
    """Return the configured signer, opened. Raises KeysMissing and what its backend raises."""
    return _open(settings.SIGNER_BACKEND, str(settings.KEYSTORE_DIR), settings.KEYSTORE_PASSWORD)


@cache
def _open(backend: str, folder: str, password: str) -> Signer:
    made: Signer = import_string(BACKENDS.get(backend, backend))(folder, password)
    return made
