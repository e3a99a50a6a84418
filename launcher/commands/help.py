"""help: the commands that are built, and the variables that matter."""

from launcher import commands
from launcher.console import BOLD, paint, say

VARIABLES = {
    "PORT, HOST": "where the web listens (8000 on 127.0.0.1)",
    "STATE": "the folder of everything that runs (.state)",
    "DATABASE_URL, DATABASE_OWNER_URL": "your PostgreSQL instead of the embedded one;",
    "DATABASE_ADMIN_URL": "  with a superuser its roles are made too",
    "REDIS_URL": "your Valkey or Redis",
    "CHAIN_RPC_URLS": "your chain, comma separated",
    "CHROMIUM_PATH": "the browser of the browser tests",
}


def run(arguments: list[str]) -> int:
    """Print the help."""
    say(f"{paint('Alef', BOLD)}: ./alef.sh COMMAND [arguments]\n")
    _print({command.name: command.summary for command in commands.available()}, width=8)
    say("\nVariables:\n")
    _print(VARIABLES, width=34)
    return 0


def _print(lines: dict[str, str], *, width: int) -> None:
    for name, text in lines.items():
        say(f"  {paint(name.ljust(width), BOLD)}{text}")
