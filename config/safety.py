"""What production refuses to start with (OPS-3): plain connections beyond this machine, weak secrets."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
TLS_SCHEMES = {"rediss", "https", "wss", "amqps"}
TLS_MODES = {"require", "verify-ca", "verify-full"}
MIN_SECRET = 50


def findings(values: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each unsafe setting: SECRET_KEY, ALLOWED_HOSTS, and every service's URL."""
    return [*_secrets(values), *_urls(values)]


def _secrets(values: Mapping[str, Any]) -> Iterator[str]:
    if len(values["SECRET_KEY"]) < MIN_SECRET:
        yield f"SECRET_KEY is shorter than {MIN_SECRET} characters."
    if not values["ALLOWED_HOSTS"] or "*" in values["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS must name the hosts that this venue answers to."


def _urls(values: Mapping[str, Any]) -> Iterator[str]:
    urls: Iterable[str] = [values[name] for name in ("DATABASE_URL", "REDIS_URL", "BASE_URL")]
    for url in (*urls, *values["CHAIN_RPC_URLS"]):
        parts = urlsplit(url)
        encrypted = parts.scheme in TLS_SCHEMES or parse_qs(parts.query).get("sslmode", [""])[-1] in TLS_MODES
        if parts.hostname not in LOOPBACK and not encrypted:
            yield f"The connection to {parts.hostname} is not encrypted ({parts.scheme})."
