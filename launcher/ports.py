"""Ports on the loopback interface: the usual ones when free, others when not."""

import random
import socket
from collections.abc import Collection
from pathlib import Path

from launcher.errors import LaunchError
from launcher.files import read_json, write_json

WEB, POSTGRES, VALKEY, CHAIN = "web", "postgres", "valkey", "chain"
USUAL = {WEB: 8000, POSTGRES: 25431, VALKEY: 25432, CHAIN: 25433}
LOOPBACK = "127.0.0.1"

# Below the range that the kernel hands to outgoing connections (32768 and up): a client that keeps
# dialling a dead service on such a port can be given that very port as its own and connect to itself,
# and then the service cannot come back.
OTHERS = range(20000, 32000)


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen on the port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose(wanted: Collection[int], *, avoid: Collection[int] = (), host: str = LOOPBACK) -> int:
    """Return the first free port of those wanted, else any free one.

    Raises LaunchError when none can be found.
    """
    spares = random.sample(OTHERS, 200)
    for port in (*wanted, *spares):
        if port not in avoid and is_free(port, host):
            return port
    raise LaunchError(f"found no free port on {host}.", fix="check HOST, or stop what listens there.")


def remembered(file: Path) -> dict[str, int]:
    """Return the ports of the last run, by name."""
    value = read_json(file)
    if not isinstance(value, dict):
        return {}
    return {str(name): port for name, port in value.items() if isinstance(port, int)}


def remember(file: Path, ports: dict[str, int]) -> None:
    """Write the ports in use, for the other commands and the tests."""
    write_json(file, ports)
