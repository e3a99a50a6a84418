"""The entry point behind alef.sh: `python -m launcher COMMAND [arguments]`."""

import os
import sys

from launcher import commands
from launcher.console import RED, paint, say
from launcher.errors import LaunchError

ALIASES = {"-h": "help", "--help": "help"}
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; a failure is two lines that end with its fix."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    try:
        return commands.find(ALIASES.get(name, name)).run(rest)
    except LaunchError as failure:
        say(f"{paint('alef:', RED, sys.stderr)} {failure.what}", sys.stderr)
        say(f"  Fix: {failure.fix}", sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        say()
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
