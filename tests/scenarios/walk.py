"""The whole life of a security against the running system, over HTTP, WebSocket and JSON-RPC only.

`./alef.sh walk` prints each step with its time and ends with 0 only if everything agrees: ledger sums are
zero, holders on chain equal holders in the ledger, every trade is settled by a transaction, the audit chain
verifies, and the buyer's WebSocket saw the fill. It can be played again and again on the same data.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import requests

from launcher.files import read_json
from launcher.paths import State
from tests.scenarios import agreement, founding, trading
from tests.scenarios.life import Life, Wrong
from tests.scenarios.people import Chain, NotInTime, Refused

STEPS = (*founding.STEPS, *trading.STEPS, *agreement.STEPS)


def play(url: str, rpc: str) -> None:
    """Play the walk. Raises Wrong, Refused, NotInTime."""
    life = Life(url, Chain(rpc))
    try:
        for title, act in STEPS:
            began = time.monotonic()
            said = act(life)
            print(f"  {time.monotonic() - began:6.2f} s  {title}  · {said}", flush=True)
    finally:
        if life.listener:
            life.listener.close()


def place(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the addresses of the running system's web and chain. Raises Wrong when nothing runs."""
    ports = read_json(State(Path(environ["STATE"])).ports) if environ.get("STATE") else None
    rpc = environ.get("CHAIN_RPC_URLS", "").partition(",")[0]
    if not isinstance(ports, dict) or "web" not in ports or not rpc:
        raise Wrong("no running system was found; start it with ./alef.sh up, then ./alef.sh walk")
    host = environ.get("HOST") or "127.0.0.1"
    return f"http://{host}:{ports['web']}", rpc


def main() -> int:
    """Play the walk against the running system and return the exit code."""
    began = time.monotonic()
    try:
        play(*place(os.environ))
    except (Wrong, Refused, NotInTime, requests.RequestException) as failure:
        print(f"\n  The walk failed: {failure}", file=sys.stderr)
        return 1
    print(f"\n  All of it agrees. {time.monotonic() - began:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
