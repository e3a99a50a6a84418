"""What apps don't do: read the clock in a verb, print, use floats for money, send signals, override save."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import (
    Finding,
    dotted,
    functions,
    imported,
    name,
    python_files,
    report,
    room,
    rooms,
    tree,
)

# Where the world comes in: these read the clock and hand the time on as `at`.
INTERFACES = {"admin", "api", "authentication", "backends", "consumers", "indexer", "management"} | {
    "middleware",
    "relay",
    "sender",
    "sequencer",
    "tasks",
    "views",
}
CLOCKS = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|timezone\.now|clock\.now)$")
LOCAL = ("timezone.localdate", "timezone.localtime")  # they read the clock when given nothing
SQL_CLOCK = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp)\(\)|\bCURRENT_(DATE|TIME)"
)
EXACT_ROOMS = ("money", "postings", "rules")

Found = list[tuple[int, str]]


def reads_clock(module: ast.Module) -> Found:
    """Find where a module reads a clock: ours, Python's, Django's or the database's."""
    docstrings = {id(docstring) for docstring in _docstrings(module)}
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and CLOCKS.search(dotted(node)):
            found.append((node.lineno, dotted(node)))
        elif isinstance(node, ast.Call) and dotted(node.func).endswith(LOCAL) and not node.args:
            found.append((node.lineno, dotted(node.func)))
        elif isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            found.append((node.value.lineno, node.arg))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found += [(node.lineno, f"{match[0]} in SQL") for match in SQL_CLOCK.finditer(node.value)]
    return found + [(line, what) for what, line in imported(module) if what == "apps.common.clock.now"]


def prints(module: ast.Module) -> Found:
    """Find calls of print."""
    return [
        (node.lineno, "print")
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and dotted(node.func) == "print"
    ]


def uses_floats(module: ast.Module) -> Found:
    """Find floats: written, named, or made by a division."""
    found = []
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=float(value)):
                found.append((node.lineno, f"the float {value}"))
            case ast.Name(id="float"):
                found.append((node.lineno, "float"))
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                found.append((node.lineno, "a division that makes a float; use money.divide_*"))
    return found


def uses_signals(module: ast.Module) -> Found:
    """Find imports of Django's signals."""
    return [
        (line, what)
        for what, line in imported(module)
        if what.startswith("django.dispatch") or (what.startswith("django.") and "signals" in what.split("."))
    ]


def overrides_save(module: ast.Module) -> Found:
    """Find methods named save or delete."""
    methods = {id(part) for node in ast.walk(module) if isinstance(node, ast.ClassDef) for part in node.body}
    return [
        (function.lineno, f"def {function.name}")
        for function in functions(module)
        if function.name in {"save", "delete", "asave", "adelete"} and id(function) in methods
    ]


def _docstrings(module: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                yield node.value


def _everywhere(rule, paths) -> list[Finding]:
    return [Finding(name(path), line, what) for path in paths for line, what in rule(tree(path))]


def test_only_interfaces_read_the_clock():
    inside = [
        path
        for path in python_files("apps")
        if room(path)[1] not in INTERFACES and name(path) != "apps/common/clock.py"
    ]
    report(_everywhere(reads_clock, inside), "Only interfaces read the clock; a verb takes the time as `at`.")


def test_apps_do_not_print():
    paths = [path for path in python_files("apps") if room(path)[1] != "management"]
    report(_everywhere(prints, paths), "An app logs; only a command prints.")


def test_amounts_are_never_floats():
    ledger = [p for p in python_files("apps") if room(p)[0] == "ledger" and room(p)[1] != "management"]
    engine = [p for p in python_files("matching") if p.name != "build.py"]  # whose slashes join paths
    paths = {*ledger, *rooms(*EXACT_ROOMS), *engine}
    report(_everywhere(uses_floats, paths), "Amounts are integers; no float is near them.")


def test_apps_send_no_signals():
    report(_everywhere(uses_signals, python_files("apps")), "What happened is published to the outbox.")


def test_no_model_or_form_overrides_save():
    report(
        _everywhere(overrides_save, python_files("apps")), "A change is a verb, not a side effect of save()."
    )


@pytest.mark.parametrize(
    ("rule", "wrong", "right"),
    [
        (reads_clock, "at = clock.now()", "at = clock.later()"),
        (reads_clock, "from datetime import datetime\nat = datetime.now(UTC)", "datetime.fromisoformat('x')"),
        (reads_clock, "x = DateTimeField(auto_now=True)", "x = DateTimeField()"),
        (reads_clock, "x = DateTimeField(default=timezone.now)", '"""Says now() in its docstring."""'),
        (reads_clock, "rows('SELECT now()')", "rows('SELECT nowhere')"),
        (reads_clock, "timezone.localtime()", "timezone.localtime(at)"),
        (prints, "print(1)", "log.info('print')"),
        (uses_floats, "x = 1.0", "x = 1"),
        (uses_floats, "x = a / b", "x = a // b"),
        (uses_floats, "def f(x: float): pass", "def f(x: int): pass"),
        (uses_signals, "from django.db.models.signals import post_save", "import signal"),
        (uses_signals, "from django.dispatch import receiver", "from django.db.models import F"),
        (uses_signals, "from django.db.models import signals", "psycopg.connect('')"),
        (overrides_save, "class A:\n    def save(self): pass", "def save(): pass"),
    ],
)
def test_the_rules_see_what_they_forbid(rule, wrong, right):
    assert rule(ast.parse(wrong))
    assert not rule(ast.parse(right))
