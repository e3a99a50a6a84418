"""Every file has a role from a closed list, and keeps to what that role may do."""

import ast
import re
import sys
import tomllib
from functools import cache
from typing import Any

from django.apps import apps as registry
from django.db.models import ForeignObject, ManyToManyField

from tests.architecture.source import (
    ROOT,
    Finding,
    imported,
    name,
    python_files,
    report,
    room,
    rooms,
    tree,
)

DRAWERS = {"util", "utils", "helper", "helpers", "manager", "managers", "misc", "tools", "stuff"}
WITHOUT_FOREIGN_KEYS = {"audit", "chain", "ledger", "outbox"}
PURE_ROOMS = ("rules", "postings", "states", "types")
PURE_COMMON = {"errors", "ids", "money", "transitions", "types"}
COMMON_ONLY = {
    "clock",
    "connections",
    "crypto",
    "db",
    "errors",
    "fields",
    "heartbeat",
    "http",
    "idempotency",
    "ids",
    "laws",
    "limits",
    "money",
    "pagination",
    "seat",
    "transitions",
    "uploads",
}
IMPURE_STANDARD = {"asyncio", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket"} | {
    "sqlite3",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}


@cache
def floors() -> dict[str, int]:
    """Return each app's floor, counted from the roof, as pyproject.toml draws them."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c.get("containers") == ["apps"])
    return {app: number for number, layer in enumerate(layers) for app in re.findall(r"\w+", layer)}


def our_relations() -> list[tuple[str, str, Any]]:
    """Return (app, target's app, field) of every relation that our models store."""
    ours = [config for config in registry.get_app_configs() if config.name.startswith("apps.")]
    return [
        (config.label, field.remote_field.model._meta.app_label, field)
        for config in ours
        for model in config.get_models()
        for field in (*model._meta.local_fields, *model._meta.local_many_to_many)
        if isinstance(field, ForeignObject | ManyToManyField)
    ]


def impure_imports(module: ast.AST) -> list[tuple[str, int]]:
    """Find imports of anything but the pure standard library, common's pure modules and pure rooms."""
    return [(imports, line) for imports, line in imported(module) if not _is_pure(imports)]


def _is_pure(imports: str) -> bool:
    match imports.split("."):
        case ["apps", "common", *rest]:
            return bool(rest) and rest[0] in PURE_COMMON
        case ["apps", _, inner, *_]:
            return inner in PURE_ROOMS
        case [top, *_]:
            return top in sys.stdlib_module_names - IMPURE_STANDARD
    return False


def test_no_drawer_for_odds_and_ends():
    folders = ("apps", "bench", "config", "launcher", "matching", "tests")
    findings = [
        Finding(name(path), 1, "says nothing about what is in it")
        for path in python_files(*folders)
        if DRAWERS & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]
    report(findings, "A file is named after what it holds.")


def test_commons_small_tools_stay_in_common():
    findings = [
        Finding(name(path), 1, f"is a room of common, not of {room(path)[0]}")
        for path in rooms(*COMMON_ONLY)
        if room(path)[0] != "common"
    ]
    report(findings, "The rooms of an app are a closed list.")


def test_pure_rooms_import_nothing_that_acts():
    findings = [
        Finding(name(path), line, f"imports {imports}")
        for path in rooms(*PURE_ROOMS)
        for imports, line in impure_imports(tree(path))
    ]
    report(
        findings, "Rules, postings, states and types are pure: no framework, clock, chance, disk or network."
    )


def test_the_purity_rule_sees_what_acts():
    sample = ast.parse(
        "import django.db\nimport time\nfrom random import choice\nfrom apps.ledger.models import Account\n"
        "from apps.common import clock\nimport dataclasses\nfrom apps.common import money\n"
        "from apps.ledger.types import Hold\nfrom apps.common.errors import Invalid\n"
    )
    assert [line for _, line in impure_imports(sample)] == [1, 2, 3, 4, 5]


def test_relations_cannot_be_followed_backwards():
    findings = [
        Finding(f"apps/{app}/models", 1, f'{field} needs related_name="+"')
        for app, _, field in our_relations()
        if not field.remote_field.hidden
    ]
    report(findings, "A model is read by the selectors of its own app, never through a reverse relation.")


def test_foreign_keys_point_down():
    floor = floors()
    findings = [
        Finding(f"apps/{app}/models", 1, f"{field} points to {target}, which isn't below {app}")
        for app, target, field in our_relations()
        if app != target and (app in WITHOUT_FOREIGN_KEYS or floor[target] <= floor[app])
    ]
    report(
        findings, "A foreign key points to a lower floor; ledger, chain, audit and outbox have none at all."
    )


def test_every_installed_app_stands_on_a_floor():
    ours = {config.label for config in registry.get_app_configs() if config.name.startswith("apps.")}
    assert ours <= floors().keys()
    assert our_relations(), "no relation was found at all: this file looks in the wrong place"
