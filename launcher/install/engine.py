"""The compiled engine, built in its place; without it the readable reference does the same, slower."""

import subprocess
import sys

from launcher.console import YELLOW, paint, say, step
from launcher.paths import CHECKOUT

# A process of its own: the engine is a package that knows nothing of us, and we import nothing of it.
BUILD = (sys.executable, "-P", str(CHECKOUT / "matching" / "build.py"))


def ensure() -> None:
    """Build the engine unless it is current. Where that cannot be, say why in a line and go on."""
    if subprocess.call([*BUILD, "--check"]) == 0:
        return
    with step("Engine"):
        done = subprocess.run(BUILD, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().rpartition("\n")[2]
        say(paint(f"  {last}", YELLOW))
