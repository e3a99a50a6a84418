"""Whose page opens a connection: a browser always says, and lets any page open one (unlike a fetch)."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_PORTS = {"http": "80", "https": "443"}


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """Return a header's value, empty for one that isn't there."""
    return next((value.decode("latin1") for key, value in headers if key == name), "")


def is_own(origin: str, host: str) -> bool:
    """Tell whether a page of this origin is one of ours: served under the same host, or trusted by name."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
        named, port = parts.hostname or "", str(parts.port or _PORTS.get(parts.scheme, ""))
    except ValueError:
        return False
    domain, asked = split_domain_port(host)
    secure = settings.SECURE_COOKIES  # then no page of ours comes without TLS
    if parts.scheme not in ({"https"} if secure else _PORTS):
        return False
    return (
        validate_host(domain, settings.ALLOWED_HOSTS)
        and split_domain_port(named if ":" not in named else f"[{named}]")[0] == domain
        and port == (asked or _PORTS[parts.scheme])
    )
