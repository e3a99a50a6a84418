"""down: stop a running `up` and wait until everything it started has ended."""

import os
import signal
import time

from launcher.arguments import Arguments
from launcher.console import say, step
from launcher.errors import LaunchError
from launcher.locks import Holder, holder_of
from launcher.paths import locate

PATIENCE = 30.0
AFTER_HURRY = 15.0


def run(arguments: list[str]) -> int:
    """Stop what runs on STATE; nothing running is no error."""
    Arguments("down", "Stop what `up` started, from another terminal.").parse_args(arguments)
    holder = holder_of(locate(os.environ).lock)
    if holder is None:
        say("Nothing runs here.")
        return 0
    with step(f"Stopping ./alef.sh {holder.purpose}, pid {holder.process.pid}"):
        # The second signal tells the supervisor to hurry.
        if not (_ask(holder, PATIENCE) or _ask(holder, AFTER_HURRY)):
            raise LaunchError(
                f"pid {holder.process.pid} does not stop.",
                fix=f"kill -9 {holder.process.pid}: the data survives it.",
            )
    return 0


def _ask(holder: Holder, seconds: float) -> bool:
    """Send SIGTERM and wait; say whether the process ended."""
    try:
        os.kill(holder.process.pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    except PermissionError as error:
        raise LaunchError(
            f"pid {holder.process.pid} belongs to another user.", fix="run ./alef.sh down as that user."
        ) from error
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not holder.process.is_running():
            return True
        time.sleep(0.05)
    return False
