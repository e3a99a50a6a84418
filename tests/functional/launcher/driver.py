"""Run the launcher's `up` without installing: on a Procfile of the tests, or without arguments on ours.

python -m tests.functional.launcher.driver [PROCFILE [PREPARE-ARGUMENT ...]]
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from launcher.commands import up
from launcher.console import say
from launcher.errors import LaunchError
from launcher.paths import locate
from launcher.tasks import Task


def main(*arguments: str) -> int:
    plan = up.Plan(state=locate(os.environ))
    if arguments:
        tasks = (Task(name="prepare", argv=arguments[1:]),) if arguments[1:] else ()
        plan = replace(plan, procfile=Path(arguments[0]), prepare=tasks, story=(), company=())
    plan.state.create()
    try:
        with plan.state.held_for("up"):
            return up.serve(plan)
    except LaunchError as failure:
        say(f"alef: {failure.what}\n  Fix: {failure.fix}")
        return failure.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
