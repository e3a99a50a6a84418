"""The commands, one small module each. A command of another package is listed once that package has it."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass

from launcher import environment
from launcher.errors import LaunchError
from launcher.install import engine, packages
from launcher.paths import CHECKOUT, locate


@dataclass(frozen=True)
class Command:
    """A word after ./alef.sh: what it does, and how it is run."""

    name: str
    summary: str
    run: Callable[[list[str]], int]


def available() -> list[Command]:
    """Return the commands that are built, in the order of the help."""
    own = [Command(name, summary, _module_runner(name)) for name, summary in OWN.items()]
    foreign = [
        Command(name, item.summary, item.run)
        for name, item in FOREIGN.items()
        if any(CHECKOUT.glob(item.needs))
    ]
    order = list(ORDER)
    return sorted([*own, *foreign], key=lambda command: order.index(command.name))


@dataclass(frozen=True)
class Foreign:
    """A command that lives outside the launcher: run with the variables of the running system."""

    summary: str
    needs: str  # a glob in the checkout: the command exists when this does
    argv: tuple[str, ...]

    def run(self, arguments: list[str]) -> int:
        """Run it and return its exit code."""
        with redirect_stdout(sys.stderr):  # what the command prints may be for a program to read
            packages.ensure(packages.EMBEDDED)
            engine.ensure()
        state = locate(os.environ)
        variables = {**environment.read(state.env), **os.environ, "STATE": str(state.path)}
        return subprocess.call([*self.argv, *arguments], cwd=CHECKOUT, env=variables)


ORDER = ("up", "down", "test", "walk", "demo", "bench", "ps", "logs", "lint", "reset", "help")
OWN = {
    "up": "start everything and stay in the foreground; Ctrl-C stops it",
    "down": "stop what `up` started, from another terminal",
    "test": "run the tests with services of their own; arguments go to pytest",
    "ps": "list the running processes (--json)",
    "logs": "show the logs: logs [process] [-f] [-n lines]",
    "lint": "check style, types, imports and templates",
    "reset": "delete the data and start over (--yes)",
    "help": "show this",
}
FOREIGN = {
    "walk": Foreign(
        "play the whole life of a security against the running system",
        needs="tests/scenarios/walk.py",
        argv=(sys.executable, "-m", "tests.scenarios.walk"),
    ),
    "demo": Foreign(
        "make a market with companies, investors and traders",
        needs="apps/*/management/commands/demo.py",
        argv=(sys.executable, "manage.py", "demo"),
    ),
    "bench": Foreign(
        "run a benchmark: bench NAME [--json]",
        needs="bench/__main__.py",
        argv=(sys.executable, "-m", "bench"),
    ),
}


def find(name: str) -> Command:
    """Return a command by its name. Raises LaunchError when there is none."""
    for command in available():
        if command.name == name:
            return command
    raise LaunchError(f"there is no command {name}.", fix="./alef.sh help lists them.", exit_code=2)


def _module_runner(name: str) -> Callable[[list[str]], int]:
    def run(arguments: list[str]) -> int:
        module = importlib.import_module(f"launcher.commands.{name}")
        result: int = module.run(arguments)
        return result

    return run
