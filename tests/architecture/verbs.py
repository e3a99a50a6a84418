"""The verbs of the apps' `services` rooms, read from their source."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.architecture.source import APPS, Definition, dotted, name, room, rooms, tree

OUTER, INNER = "opens_transaction", "needs_transaction"

_WRITING_SQL = re.compile(r"^\s*(INSERT|UPDATE|DELETE|MERGE|LOCK)\b|\bFOR (NO KEY )?UPDATE\b", re.IGNORECASE)
_WRITES = {
    "abulk_create",
    "acreate",
    "asave",
    "bulk_create",
    "bulk_update",
    "create",
    "get_or_create",
    "save",
    "select_for_update",
    "update_or_create",
}


@dataclass(frozen=True, slots=True)
class Verb:
    """A public function of a `services` room."""

    app: str
    path: Path
    node: Definition

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def address(self) -> str:
        """How settings name it."""
        return f"apps.{self.app}.services.{self.name}"

    @property
    def where(self) -> tuple[str, int]:
        return name(self.path), self.node.lineno

    @property
    def marks(self) -> set[str]:
        """Which of the two transaction decorators it wears."""
        return marks_of(self.node)


@cache
def verbs() -> tuple[Verb, ...]:
    """Return every public verb of every app; a package's verbs are those that its `__init__` exports."""
    return tuple(
        Verb(room(path)[0], path, node)
        for path in rooms("services")
        for node in tree(path).body
        if isinstance(node, Definition) and _is_public(node.name, _exported(path))
    )


def calls(module: ast.Module, function: Definition) -> Iterator[tuple[str, set[str], int]]:
    """Go over the verbs that a function calls, by itself or through undecorated functions of its file.

    Yields the verb, the decorators it wears, and the line.
    """
    local = _functions_of(module)
    modules, imported = _services_imported(module)
    for part in _reach(module, function):
        for call in (node for node in ast.walk(part) if isinstance(node, ast.Call)):
            base, _, called = dotted(call.func).rpartition(".")
            if not base and called in local:
                yield called, marks_of(local[called]), call.lineno
            elif not base and called in imported:
                yield imported[called][1], _marks().get(imported[called], set()), call.lineno
            elif base in modules:
                yield f"{modules[base]}.{called}", _marks().get((modules[base], called), set()), call.lineno


def writes(module: ast.Module, function: Definition) -> list[tuple[str, int]]:
    """Find what writes or locks in a function or in the undecorated functions of its file that it calls.

    Writing is a call of the ORM that writes, SQL that does, or a reference to a constant holding such SQL.
    """
    constants = _writing_constants(module)
    return [found for part in _reach(module, function) for found in _own_writes(part, constants)]


def marks_of(function: Definition) -> set[str]:
    """Return which of the two transaction decorators a function wears."""
    return {dotted(mark).rpartition(".")[2] for mark in function.decorator_list} & {OUTER, INNER}


@cache
def _marks() -> dict[tuple[str, str], set[str]]:
    """Return the decorators of every function without underscore in a services room, by app and name."""
    return {
        (room(path)[0], node.name): marks_of(node)
        for path in rooms("services")
        for node in _functions_of(tree(path)).values()
        if not node.name.startswith("_")
    }


def last_function(module: ast.Module) -> Definition:
    """Return the function that stands last in a file."""
    return list(_functions_of(module).values())[-1]


def _functions_of(module: ast.Module) -> dict[str, Definition]:
    return {node.name: node for node in module.body if isinstance(node, Definition)}


def _reach(module: ast.Module, function: Definition) -> list[Definition]:
    """Return the function and, from there on, the undecorated functions of its file that are named in it."""
    local = _functions_of(module)
    reached, todo = [], [function]
    while todo:
        node = todo.pop()
        if node in reached:
            continue
        reached.append(node)
        named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        todo += [local[each] for each in named & local.keys() if not marks_of(local[each])]
    return reached


def _own_writes(function: Definition, constants: set[str]) -> Iterator[tuple[str, int]]:
    docstring = ast.get_docstring(function, clean=False)
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(attr=method)) if _is_write(method, node):
                yield f".{method}()", node.lineno
            case ast.Constant(value=str(value)) if value != docstring and _WRITING_SQL.search(value):
                yield value.split(maxsplit=1)[0], node.lineno
            case ast.Name(id=identifier) if identifier in constants:
                yield identifier, node.lineno


def _is_write(method: str, call: ast.Call) -> bool:
    if method == "update":  # a dict's and a hash's take an argument without a name, a query's never does
        return bool(call.keywords) and not call.args
    if method == "delete":
        return not call.args and not call.keywords
    return method in _WRITES


def _writing_constants(module: ast.Module) -> set[str]:
    return {
        target.id
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        for part in ast.walk(node.value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _WRITING_SQL.search(part.value)
    }


def _is_public(function: str, exported: set[str] | None) -> bool:
    return not function.startswith("_") and (exported is None or function in exported)


def _exported(path: Path) -> set[str] | None:
    """Return what the package of a file exports, None for a room that is one file."""
    package = APPS / room(path)[0] / "services" / "__init__.py"
    if not package.is_file():
        return None
    names = set()
    for node in tree(package).body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, Definition):
            names.add(node.name)
    return names


def _services_imported(module: ast.Module) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Return the names under which a file knows apps' services modules, and single verbs of them."""
    modules, single = {}, {}
    for node in (node for node in ast.walk(module) if isinstance(node, ast.ImportFrom)):
        for alias in node.names:
            match f"{node.module}.{alias.name}".split("."):
                case ["apps", app, "services"]:
                    modules[alias.asname or alias.name] = app
                case ["apps", app, "services", *_, verb]:
                    single[alias.asname or alias.name] = (app, verb)
    return modules, single
