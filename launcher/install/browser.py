"""Chromium for the browser tests: the one named, the one installed, or the one apt brings."""

import os
import shutil
from collections.abc import Mapping

from launcher.console import step
from launcher.errors import LaunchError
from launcher.install.packages import run_logged
from launcher.paths import VENV

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT_PACKAGES = ("chromium", "fonts-noto-core")
LOG = VENV / "apt.log"


def find(environ: Mapping[str, str]) -> str | None:
    """Return Chromium's program: CHROMIUM_PATH, else the first known name on PATH.

    Raises LaunchError when CHROMIUM_PATH names nothing that runs.
    """
    if named := environ.get("CHROMIUM_PATH"):
        if not os.access(named, os.X_OK):
            raise LaunchError(f"CHROMIUM_PATH is {named}, which does not run.", fix="correct or unset it.")
        return named
    return next(filter(None, map(shutil.which, NAMES)), None)


def ensure(environ: Mapping[str, str]) -> str | None:
    """Return Chromium's program, installing it where we are root and apt is there; None if there is none."""
    found = find(environ)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with step("Chromium"):
            _apt_install()
        found = find(environ)
    return found


def _apt_install() -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *APT_PACKAGES]
    for command in (["apt-get", "update"], install):
        run_logged(
            command,
            what=f"`{' '.join(command)}`",
            fix="install Chromium yourself and set CHROMIUM_PATH.",
            env=env,
            log=LOG,
        )
