"""lint: every check of the code, one verdict a line, then the findings of those that failed."""

import os
import subprocess
import time
from dataclasses import dataclass

from launcher.arguments import Arguments
from launcher.console import BOLD, DIM, GREEN, RED, paint, say
from launcher.install import packages
from launcher.paths import CHECKOUT, VENV

SETTINGS = "config.settings.test"


@dataclass(frozen=True)
class Check:
    """One tool: what it looks at, and how it is called."""

    name: str
    about: str
    argv: tuple[str, ...]


def run(arguments: list[str]) -> int:
    """Run all checks, then return 1 if any found something."""
    Arguments("lint", "Check style, types, imports and templates.").parse_args(arguments)
    packages.ensure(packages.LOCAL)
    findings = {check.name: found for check in checks() if (found := _run(check)) is not None}
    for name, text in findings.items():
        say(f"\n{paint(name, BOLD)}\n{text.strip()}")
    if findings:
        say(f"\n{len(findings)} failed: {', '.join(findings)}")
    return 1 if findings else 0


def checks() -> list[Check]:
    """Return the checks; their settings are in pyproject.toml."""
    templates = tuple(name for name in ("templates",) if (CHECKOUT / name).is_dir())
    found = [
        Check("ruff check", "mistakes and style", ("ruff", "check", ".")),
        Check("ruff format", "layout", ("ruff", "format", "--check", ".")),
        Check("mypy", "types", ("mypy",)),
        Check("lint-imports", "who may import whom", ("lint-imports", "--no-cache")),
    ]
    if templates:
        found.append(Check("djlint", "templates", ("djlint", "--lint", "--quiet", *templates)))
    return found


def _run(check: Check) -> str | None:
    """Run a check and print its verdict; return what it printed if it failed."""
    program, *rest = check.argv
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS}
    began = time.monotonic()
    done = subprocess.run(
        [VENV / "bin" / program, *rest],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
        env=env,
    )
    passed = done.returncode == 0
    verdict = paint("ok  ", GREEN) if passed else paint("FAIL", RED)
    seconds = paint(f"{time.monotonic() - began:.1f} s", DIM)
    say(f"{verdict}  {check.name:<14}{check.about:<22}{seconds}")
    return None if passed else done.stdout
