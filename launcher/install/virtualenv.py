"""Make .venv. Run by alef.sh with whatever Python it found: `python -m launcher.install.virtualenv`."""

import importlib.util
import subprocess
import sys
import venv

from launcher.console import RED, paint, say, step
from launcher.errors import LaunchError
from launcher.locks import hold
from launcher.paths import CHECKOUT, VENV

LOCK = CHECKOUT / ".venv.lock"


def make() -> None:
    """Make the virtual environment, or make it again when its Python no longer runs.

    Raises LaunchError when this Python cannot, which on Debian is a package left out.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    incapable = LaunchError(
        f"Python {version} at {sys.executable} cannot make virtual environments.",
        fix=f"apt install python3-venv  (or python{version}-venv)",
    )
    if importlib.util.find_spec("ensurepip") is None:
        raise incapable
    try:
        with hold(LOCK, "venv", wait=True):
            _make_unless_done()
            LOCK.unlink()
    except subprocess.CalledProcessError as error:
        raise incapable from error
    except OSError as error:
        raise LaunchError(
            f"cannot make {VENV}: {error.strerror or error}.",
            fix=f"make {CHECKOUT} writable for you, or remove a .venv that is someone else's.",
        ) from error


def _make_unless_done() -> None:
    if (VENV / "bin" / "python").exists() and (VENV / "bin" / "pip").exists():
        return
    with step("Virtual environment"):
        # pip is installed last, so its presence says that the environment is whole.
        venv.EnvBuilder(clear=VENV.exists(), with_pip=True, symlinks=True).create(VENV)


if __name__ == "__main__":
    try:
        make()
    except LaunchError as failure:
        say(f"{paint('alef:', RED, sys.stderr)} {failure.what}\n  Fix: {failure.fix}", sys.stderr)
        sys.exit(failure.exit_code)
