"""Read a Procfile: `name: command` lines, with the shell's $NAME, ${NAME} and ${NAME:-default}."""

import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.errors import LaunchError
from launcher.programs import FRONT, WORK, Program

WEB = "web"
LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+)\s*:\s*(?P<command>\S.*)")
ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)", re.DOTALL)
VARIABLE = re.compile(
    r"\$(?:(?P<bare>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})"
)
# What only a shell can do; a single quote would stop it from reading the variable inside.
SHELL_ONLY = re.compile(r"[|&;<>()`*?\n]|\$\(|'[^']*\$")


@dataclass(frozen=True)
class Entry:
    """One line of the Procfile."""

    name: str
    command: str

    def needs_shell(self) -> bool:
        """Say whether the command uses pipes, lists, globs or the like."""
        return SHELL_ONLY.search(self.command) is not None


@dataclass(frozen=True)
class Command:
    """What to execute, and the variables that the line sets in front of it."""

    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> list[Entry]:
    """Return the entries in their order.

    Raises LaunchError with the line's number for a line that is no entry, or a name used twice.
    """
    entries: list[Entry] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise LaunchError(
                f"Procfile line {number} is not `name: command`: {line}", fix="correct the line."
            )
        if any(entry.name == match["name"] for entry in entries):
            raise LaunchError(
                f"Procfile line {number} uses the name {match['name']} again.", fix="rename it."
            )
        entries.append(Entry(name=match["name"], command=match["command"]))
    return entries


def load(path: Path) -> list[Entry]:
    """Read and parse a Procfile."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LaunchError(f"cannot read {path}: {error.strerror}.", fix="restore it from git.") from error


def resolve(entry: Entry, environ: Mapping[str, str]) -> Command:
    """Return what to execute for an entry.

    Raises LaunchError for a variable that is neither set nor given a default, and for bad quoting.
    """
    if entry.needs_shell():
        return Command(argv=("/bin/sh", "-c", entry.command))
    try:
        words = shlex.split(entry.command)
    except ValueError as error:
        raise LaunchError(f"Procfile {entry.name}: {error}.", fix="close the quotes.") from error
    # Split first: a value with spaces stays one word.
    words = [expand(word, environ, entry.name) for word in words]
    env: dict[str, str] = {}
    while words and (match := ASSIGNMENT.fullmatch(words[0])):
        env[match["name"]] = match["value"]
        words.pop(0)
    if not words:
        raise LaunchError(f"Procfile {entry.name}: no command.", fix="add one.")
    return Command(argv=tuple(words), env=env)


def expand(word: str, environ: Mapping[str, str], name: str) -> str:
    """Replace the variables in one word."""

    def value(match: re.Match[str]) -> str:
        variable = match["bare"] or match["name"]
        found = environ.get(variable) or match["default"]
        if found is None:
            raise LaunchError(
                f"Procfile {name}: ${variable} is not set.", fix=f"set {variable}, or write a default."
            )
        return found

    return VARIABLE.sub(value, word)


def programs(entries: Sequence[Entry], env_of: Callable[[str], Mapping[str, str]]) -> list[Program]:
    """Return the programs of a Procfile, each executed without a shell where that is possible.

    `env_of` gives the environment of a line by its name. Raises LaunchError for a command that is not
    installed.
    """
    return [_program(entry, env_of(entry.name)) for entry in entries]


def _program(entry: Entry, env: Mapping[str, str]) -> Program:
    command = resolve(entry, env)
    return Program(
        name=entry.name,
        argv=(_executable(command.argv[0], entry.name, env), *command.argv[1:]),
        env={**env, **command.env},
        wave=FRONT if entry.name == WEB else WORK,
        signals_group=entry.needs_shell(),
    )


def _executable(name: str, entry: str, env: Mapping[str, str]) -> str:
    found = shutil.which(name, path=env["PATH"])
    if found is None:
        raise LaunchError(f"Procfile {entry}: there is no program {name}.", fix="remove .venv and run again.")
    return found
