"""Every process of a venue killed while people trade: how long each is missed, and if all is sound after."""

import json
import os
import time

from launcher import environment
from launcher.paths import locate


def run(*, quiet: bool, scale: float) -> int:
    """Start a venue of its own, kill, compare, print one JSON object last; return 1 where it isn't sound."""
    for name in environment.read(locate(os.environ).env):  # those of a venue that already runs
        os.environ.pop(name, None)
    import requests

    from tests.functional.launcher import kills
    from tests.scenarios.people import Refused

    def say(text: str) -> None:
        if not quiet:
            print(text, flush=True)

    victims = kills.VICTIMS if scale == 1 else kills.VICTIMS[:2]
    began = time.monotonic()
    with kills.venue() as system:
        started = round(time.monotonic() - began, 1)
        try:
            result = {"sound": True, **kills.play(system, victims, say)}
        except (AssertionError, Refused, requests.RequestException) as failure:
            result = {"sound": False, "failure": f"{type(failure).__name__}: {failure}"}
    print(json.dumps({"bench": "kills", "start_seconds": started, **result}))
    return 0 if result["sound"] else 1
