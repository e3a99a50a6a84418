"""reset: delete STATE, after a question."""

import os
import shutil
import sys

from launcher.arguments import Arguments
from launcher.console import say
from launcher.errors import LaunchError
from launcher.paths import State, locate


def run(arguments: list[str]) -> int:
    """Delete everything that ran; refuse while it runs. Exit 1 when the answer is no."""
    parser = Arguments("reset", "Delete the database, the chain, the secrets and the logs.")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(arguments)
    state = locate(os.environ)
    if not state.path.exists():
        say(f"There is nothing at {state.path}.")
        return 0
    if not state.is_ours():
        raise LaunchError(
            f"{state.path} was not made by ./alef.sh, so it is not deleted.",
            fix="check STATE, or delete the folder yourself.",
        )
    with state.held_for("reset"):
        if not (options.yes or _agrees(state)):
            say("Nothing was deleted.")
            return 1
        _delete(state)
    say(f"Deleted {state.path}.")
    return 0


def _agrees(state: State) -> bool:
    if not sys.stdin.isatty():
        raise LaunchError(
            "reset asks first, and there is nobody to ask.", fix="./alef.sh reset --yes", exit_code=2
        )
    answer = input(f"Delete {state.path} with its database, chain, keys and logs? [y/N] ")
    return answer.strip().lower() in {"y", "yes"}


def _delete(state: State) -> None:
    # The lock goes last, so that nobody starts in a half deleted folder.
    for item in state.path.iterdir():
        if item == state.lock:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()
    state.lock.unlink()
    state.path.rmdir()
