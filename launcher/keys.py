"""Secrets of an installation: made once, kept in STATE/secrets.json, readable by the owner only."""

import secrets
from pathlib import Path

from launcher.errors import LaunchError
from launcher.files import read_json, write_json

ADMIN, OWNER, APP, READONLY, VALKEY = (
    "DATABASE_ADMIN_PASSWORD",
    "DATABASE_OWNER_PASSWORD",
    "DATABASE_APP_PASSWORD",
    "DATABASE_READONLY_PASSWORD",
    "REDIS_PASSWORD",
)
APPLICATION = ("SECRET_KEY", "FIELD_KEYS", "INDEX_KEY", "JWT_KEYS")
KEYSTORE = "KEYSTORE_PASSWORD"


def load_or_make(file: Path) -> dict[str, str]:
    """Return the secrets, making those that are missing. Keyed values read "1:" and 32 bytes in hex.

    Raises LaunchError when the file is there but not readable: new keys would lock up the old data.
    """
    kept = read_json(file)
    if kept is None and file.exists():
        raise LaunchError(
            f"{file} is damaged, and without it the data cannot be read.",
            fix="restore the file, or start over with ./alef.sh reset",
        )
    found = {str(name): str(value) for name, value in (kept or {}).items()}
    complete = {**_fresh(), **found}
    if complete != found:
        write_json(file, complete, mode=0o600)
    return complete


def _fresh() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": f"1:{secrets.token_hex(32)}",
        "INDEX_KEY": secrets.token_hex(32),
        "JWT_KEYS": f"1:{secrets.token_hex(32)}",
        KEYSTORE: secrets.token_hex(32),
        **{name: secrets.token_hex(24) for name in (ADMIN, OWNER, APP, READONLY, VALKEY)},
    }
