"""Encryption of personal data, keyed digests, and blind indexes.

Layout of a sealed value: one byte of format (1), 12 bytes of nonce, then AES-256-GCM ciphertext with its
tag. The associated data name the field and row ("accounts.Person.email:<uuid>"), so that a value copied
to another row or column doesn't open.
"""

import hashlib
import hmac
import secrets
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

KEY_BYTES = 32
_FORMAT = b"\x01"
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """The value was changed, moved to another place, or sealed under another key."""


def new_key() -> bytes:
    """Make a random 256-bit data key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, value: bytes, *, place: str) -> bytes:
    """Encrypt `value` for one place (field and row)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, value, place.encode())


def unseal(key: bytes, sealed: bytes, *, place: str) -> bytes:
    """Decrypt what `seal` made for the same place. Raises CannotOpen."""
    if sealed[:1] != _FORMAT:
        raise CannotOpen("unknown format")
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, place.encode())
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("the value doesn't open here") from error


def wrap(data_key: bytes, *, place: str) -> bytes:
    """Encrypt a data key under the newest master key; the result names that key in its first two bytes."""
    newest = max(settings.FIELD_KEYS)
    return newest.to_bytes(2, "big") + seal(settings.FIELD_KEYS[newest], data_key, place=place)


def unwrap(wrapped: bytes, *, place: str) -> bytes:
    """Decrypt a data key with the master key it names. Raises CannotOpen."""
    master = settings.FIELD_KEYS.get(int.from_bytes(wrapped[:2], "big"))
    if master is None:
        raise CannotOpen("the master key of this value is not configured")
    return unseal(master, wrapped[2:], place=place)


def digest(purpose: str, value: str) -> str:
    """Return a keyed digest of 64 hex digits: equal values of one purpose meet, and none can be guessed."""
    return hmac.new(_derived(purpose), value.encode(), hashlib.sha256).hexdigest()


def secret_digest(value: str) -> str:
    """Return the SHA-256 of a random secret of at least 128 bits; no key is needed for those."""
    return hashlib.sha256(value.encode()).hexdigest()


@cache
def _derived(purpose: str) -> bytes:
    return hmac.new(settings.INDEX_KEY, purpose.encode(), hashlib.sha256).digest()
