"""What no line of a log may hold, whoever writes it."""

import re
from collections.abc import MutableMapping
from typing import Any

_QUERY = re.compile(r"(/[^\s?]*)\?\S*")
_LINK = re.compile(r"(/verify/[^/\s]+/)[^\s\"]+")


def discreet(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of a line what names people or opens doors, as a processor of structlog.

    Query strings hold addresses that staff look for, links in mails end with a secret, and the name of a
    browser helps to tell one person from another.
    """
    line.pop("user_agent", None)
    for name in ("event", "request"):
        if isinstance(line.get(name), str):
            line[name] = _LINK.sub(r"\1…", _QUERY.sub(r"\1", line[name]))
    return line
