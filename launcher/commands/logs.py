"""logs: the last lines of one log or of all, and the new ones as they come."""

import os
from pathlib import Path

from launcher import logfiles
from launcher.arguments import Arguments
from launcher.console import BOLD, DIM, paint, say
from launcher.errors import LaunchError
from launcher.files import tail
from launcher.paths import locate


def run(arguments: list[str]) -> int:
    """Print the end of the logs, and follow them with -f until Ctrl-C."""
    parser = Arguments("logs", "Show the logs of one process, or of all.")
    parser.add_argument("process", nargs="?", help="a name as in ./alef.sh ps")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with new lines")
    parser.add_argument("-n", "--lines", type=int, default=None, help="how many lines (50, or 10 of each)")
    options = parser.parse_args(arguments)
    logs = _choose(locate(os.environ).logs, options.process)
    count = options.lines if options.lines is not None else (50 if options.process else 10)
    for name, path in logs.items():
        if len(logs) > 1:
            say(paint(f"── {name}", BOLD))
        for line in tail(path, count) if count > 0 else []:
            say(line)
    if options.follow:
        _follow(logs)
    return 0


def _choose(folder: Path, process: str | None) -> dict[str, Path]:
    logs = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if process is None:
        if not logs:
            raise LaunchError(f"there are no logs in {folder}.", fix="./alef.sh up makes some.")
        return logs
    if process not in logs:
        known = ", ".join(logs) or "none yet"
        raise LaunchError(f"there is no log of {process}.", fix=f"choose one of: {known}.", exit_code=2)
    return {process: logs[process]}


def _follow(logs: dict[str, Path]) -> None:
    width = max(map(len, logs))
    try:
        for name, line in logfiles.follow(logs):
            say(f"{paint(name.ljust(width), DIM)}  {line}" if len(logs) > 1 else line)
    except KeyboardInterrupt:
        say()
