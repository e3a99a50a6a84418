"""The repository as these tests read it: its files, their syntax trees, and the apps and rooms they form."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ROOT / "apps"

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that breaks a rule, and where."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def report(findings: list[Finding], rule: str) -> None:
    """Fail with the rule and one line for each finding, if there are any."""
    if findings:
        lines = "\n".join(f"  {finding}" for finding in sorted(findings))
        raise AssertionError(f"{rule}\n{lines}")


@cache
def files() -> tuple[Path, ...]:
    """Return the files of the repository: those that git knows or would add, in order."""
    names = _listed_by_git()
    if names is None:
        found = (path for path in ROOT.rglob("*") if not _MADE.search(name(path)))
    else:
        found = (ROOT / name for name in names)
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Return the Python files under some top-level folders, without migrations."""
    roots = tuple(f"{folder}/" for folder in folders)
    found = (path for path in files() if path.suffix == ".py" and name(path).startswith(roots))
    return tuple(path for path in found if "migrations" not in path.parts)


def name(path: Path) -> str:
    """Return a path as it is written in the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    """Return the text of a file; an empty one for a file that isn't text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse(text(path), filename=name(path))


def functions(module: ast.AST) -> Iterator[Definition]:
    """Go over every function and method, at any depth."""
    return (node for node in ast.walk(module) if isinstance(node, Definition))


def imported(module: ast.AST) -> Iterator[tuple[str, int]]:
    """Go over the dotted names that a module imports, each as far down as it is written, with its line."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` for a chain of names, an empty text for anything else."""
    match node:
        case ast.Name(id=identifier):
            return identifier
        case ast.Attribute(value=value, attr=attribute):
            base = dotted(value)
            return f"{base}.{attribute}" if base else ""
    return ""


def room(path: Path) -> tuple[str, str]:
    """Return the app and the room that a file of `apps/` belongs to; the room of `__init__.py` is empty."""
    parts = path.relative_to(APPS).with_suffix("").parts
    inner = parts[1] if len(parts) > 1 else ""
    return parts[0], "" if inner == "__init__" else inner


@cache
def rooms(*names: str) -> tuple[Path, ...]:
    """Return the files of the rooms with these names, in every app."""
    return tuple(path for path in python_files("apps") if room(path)[1] in names)


def matches(pattern: re.Pattern[str], path: Path) -> Iterator[tuple[int, str]]:
    """Go over the lines of a file in which a pattern is found: line number and what was found."""
    for number, line in enumerate(text(path).splitlines(), start=1):
        if found := pattern.search(line):
            yield number, found[0]


_MADE = re.compile(
    r"(^|/)(\.git|\.venv|\.state[^/]*|\.hypothesis|node_modules|__pycache__|[^/]*_cache|artifacts|build)/"
)


def _listed_by_git() -> list[str] | None:
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return [part for part in listed.stdout.split("\0") if part]
