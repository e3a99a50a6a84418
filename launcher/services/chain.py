"""A development chain: the Anvil program itself, not its node wrapper, which orphans it when killed."""

import http.client
import json
import os
import platform
import shutil
import signal
from pathlib import Path

from launcher.console import YELLOW, notice, paint
from launcher.errors import LaunchError
from launcher.files import read_json
from launcher.paths import CHECKOUT, State
from launcher.ports import LOOPBACK
from launcher.programs import GROUND, Program

CHAIN_ID = 31337
COPIES = 2


class Chain(Program):
    """Anvil with its state in one JSON file, written every second.

    It rewrites the file in place, so a kill in that moment leaves half of it. Copies are kept: after
    such a kill the chain starts from the newest whole one.
    """

    def __init__(self, state: State, *, port: int) -> None:
        self._port = port
        self._file = state.path / "anvil.json"
        self._copied_size = -1
        super().__init__(
            name="anvil",  # `chain` is the process that sends to it
            title="Chain",
            argv=(
                *(str(find_anvil()), "--host", LOOPBACK, "--port", str(port), "--chain-id", str(CHAIN_ID)),
                *("--state", str(self._file), "--state-interval", "1", "--quiet"),
            ),
            # It keeps temporary files below HOME, which a service account may lack.
            env={"PATH": os.defpath, "HOME": str(state.path), "TZ": "UTC"},
            cwd=Path("/"),
            wave=GROUND,
            # It writes its state once more, in milliseconds.
            orphan_signal=signal.SIGTERM,
            longest_pause=2.0,
        )

    def before_start(self) -> None:
        """Put a whole state file in place of a broken one."""
        if self._file.exists() and read_json(self._file) is None:
            self._heal()

    def is_ready(self) -> bool:
        """Say whether the chain answers with its own id."""
        return ask_chain_id(LOOPBACK, self._port) == CHAIN_ID

    def tend(self) -> None:
        """Copy the state when it changed; blocks are appended, so a change shows in the size."""
        try:
            size = self._file.stat().st_size
        except OSError:
            return
        if size in (0, self._copied_size):
            return
        newest, older = self._copies()
        partial = newest.with_suffix(".partial")
        shutil.copyfile(self._file, partial)
        if newest.exists():
            newest.replace(older)
        partial.replace(newest)
        self._copied_size = size

    def _copies(self) -> list[Path]:
        return [self._file.with_name(f"anvil.{number}.json") for number in range(1, COPIES + 1)]

    def _heal(self) -> None:
        broken = self._file.with_name("anvil.broken.json")
        self._file.replace(broken)
        for copy in self._copies():
            if copy.exists() and read_json(copy) is not None:
                shutil.copyfile(copy, self._file)
                notice(paint("the chain's state was cut off by a kill; it goes back a few seconds", YELLOW))
                return
        notice(paint("the chain's state was cut off by a kill and it starts empty; ./alef.sh reset", YELLOW))


def find_anvil() -> Path:
    """Return Anvil's program. Raises LaunchError when it is not installed or not made for this machine."""
    program = anvil_package() / "bin" / "anvil"
    if not os.access(program, os.X_OK):
        raise LaunchError(f"{program} is missing.", fix="run npm install, or set CHAIN_RPC_URLS.")
    return program


def anvil_package() -> Path:
    """Return the folder of the npm package with Anvil's program for this machine."""
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine()
    )
    if machine is None or platform.system() != "Linux":
        raise LaunchError(
            f"there is no Anvil for {platform.system()} {platform.machine()}.",
            fix="set CHAIN_RPC_URLS to a development chain.",
        )
    return CHECKOUT / "node_modules" / "@foundry-rs" / f"anvil-linux-{machine}"


def ask_chain_id(host: str, port: int) -> int | None:
    """Return what eth_chainId answers, or None when nothing sensible does."""
    link = http.client.HTTPConnection(host, port, timeout=2)
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
    try:
        link.request("POST", "/", body, {"Content-Type": "application/json"})
        return int(json.loads(link.getresponse().read())["result"], 16)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        link.close()
