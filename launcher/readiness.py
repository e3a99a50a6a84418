"""Ask the web process whether everything behind it is live."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

NO_ANSWER = "web"


@dataclass(frozen=True)
class Readiness:
    """The answer of /readyz: ready, or the names of what is missing."""

    is_ready: bool
    missing: tuple[str, ...] = ()
    answered: bool = True


def ask(host: str, port: int, *, path: str = "/readyz") -> Readiness:
    """Ask once. 200 is ready; anything else names what is missing, and no answer at all misses the web."""
    link = http.client.HTTPConnection(host, port, timeout=2)
    try:
        link.request("GET", path, headers={"Host": f"localhost:{port}", "Accept": "application/json"})
        answer = link.getresponse()
        body = answer.read(65536)
    except (OSError, http.client.HTTPException):
        return Readiness(is_ready=False, missing=(NO_ANSWER,), answered=False)
    finally:
        link.close()
    if answer.status == 200:
        return Readiness(is_ready=True)
    return Readiness(is_ready=False, missing=_missing_in(body) or (f"/readyz answers {answer.status}",))


def _missing_in(body: bytes) -> tuple[str, ...]:
    """Read the names from {"missing": [...]} or from {"checks": {name: "ok" or what is wrong}}."""
    try:
        value: Any = json.loads(body)
    except ValueError:
        return ()
    if not isinstance(value, dict):
        return ()
    if isinstance(value.get("missing"), list):
        return tuple(str(name) for name in value["missing"])
    checks = value.get("checks", value)
    if not isinstance(checks, dict):
        return ()
    return tuple(str(name) for name, state in checks.items() if state in (False, None) or state == "missing")
