"""Bring up what a run needs on this machine: ports, secrets, services, and the variables that name them."""

import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from launcher import environment, keys, ports
from launcher.console import step
from launcher.environment import DATABASE_URLS, Needs
from launcher.errors import LaunchError
from launcher.paths import State
from launcher.programs import Program
from launcher.services import postgres
from launcher.services.chain import Chain
from launcher.services.valkey import Valkey
from launcher.supervisor import Supervisor

DEFAULT_PORTS = {
    "postgresql": 5432,
    "postgres": 5432,
    "redis": 6379,
    "rediss": 6379,
    "http": 80,
    "https": 443,
}
PATIENCE = 5.0


@dataclass(frozen=True)
class Ground:
    """What the processes stand on: the ports in use and the project's variables."""

    ports: dict[str, int]
    variables: dict[str, str]


def choose_ports(
    needs: Needs, *, wanted: Mapping[str, int], last: Mapping[str, int], web_host: str | None
) -> dict[str, int]:
    """Choose a port for each embedded service, and for the web when `web_host` is given.

    A service prefers its port of last time, then its usual one; the web always its wanted one.
    """
    chosen: dict[str, int] = {}
    services = {ports.POSTGRES: needs.postgres, ports.VALKEY: needs.valkey, ports.CHAIN: needs.chain}
    if web_host is not None:
        chosen[ports.WEB] = ports.choose([wanted[ports.WEB]], host=web_host)
    for name in (name for name, embedded in services.items() if embedded):
        preferred = [port for port in (last.get(name), wanted.get(name)) if port]
        chosen[name] = ports.choose(preferred, avoid=chosen.values())
    return chosen


def start(
    supervisor: Supervisor, state: State, *, chosen: dict[str, int], settings: str, environ: Mapping[str, str]
) -> Ground:
    """Start the embedded services on their ports and wait until each answers a question.

    Raises LaunchError when one does not come up, or when one given by URL does not answer.
    """
    secrets = keys.load_or_make(state.secrets)
    variables = environment.compose(environ, state=state, secrets=secrets, chosen=chosen, settings=settings)
    check_given(environ)
    for program in _programs(state, chosen, secrets):
        with step(program.title):
            supervisor.wait_ready(supervisor.add(program))
    ports.remember(state.ports, chosen)
    environment.write(state.env, variables)
    return Ground(ports=chosen, variables=variables)


def check_given(environ: Mapping[str, str]) -> None:
    """Raise LaunchError when a service given by URL does not take a connection."""
    for name in (*DATABASE_URLS, "REDIS_URL", "CHAIN_RPC_URLS"):
        for url in filter(None, environ.get(name, "").split(",")):
            parts = urlsplit(url.strip())
            if parts.hostname and not _answers(parts):
                raise LaunchError(
                    f"{name} names {parts.hostname}:{_port(parts)}, which does not answer.",
                    fix=f"start it, correct {name}, or unset it to use the embedded service.",
                )


def require_linux() -> None:
    """Raise LaunchError on other systems: the embedded programs and the supervision are Linux's."""
    if sys.platform != "linux":
        raise LaunchError(
            f"./alef.sh needs Linux, and this is {sys.platform}.", fix="use a container or WSL 2."
        )


def remove_data(state: State) -> None:
    """Delete the data of all embedded services, and keep what is only dear to make again."""
    for name in ("postgres", "postgres.new", "valkey", "mail"):
        shutil.rmtree(state.path / name, ignore_errors=True)
    for file in (*state.path.glob("anvil*.json"), *state.logs.glob("*.log*")):
        file.unlink()
    (state.path / "mail").mkdir(mode=0o700)


def _programs(state: State, chosen: Mapping[str, int], secrets: Mapping[str, str]) -> list[Program]:
    programs: list[Program] = []
    if ports.POSTGRES in chosen:
        cluster = postgres.cluster_in(state, port=chosen[ports.POSTGRES], password=secrets[keys.ADMIN])
        programs.append(postgres.Postgres(cluster))
    if ports.VALKEY in chosen:
        programs.append(Valkey(state, port=chosen[ports.VALKEY], password=secrets[keys.VALKEY]))
    if ports.CHAIN in chosen:
        programs.append(Chain(state, port=chosen[ports.CHAIN]))
    return programs


def _answers(parts: SplitResult) -> bool:
    try:
        with socket.create_connection((parts.hostname or "", _port(parts)), timeout=PATIENCE):
            return True
    except OSError:
        return False


def _port(parts: SplitResult) -> int:
    return parts.port or DEFAULT_PORTS.get(parts.scheme, 443)
