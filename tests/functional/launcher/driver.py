"""Run the launcher's `up` on a Procfile of the tests, without installing and without Django.

python -m tests.functional.launcher.driver PROCFILE [PREPARE-ARGUMENT ...]
"""

import os
import sys
from pathlib import Path

from launcher.commands import up
from launcher.console import say
from launcher.errors import LaunchError
from launcher.paths import locate
from launcher.tasks import Task


def main(procfile: str, *prepare: str) -> int:
    tasks = (Task(name="prepare", argv=prepare),) if prepare else ()
    plan = up.Plan(state=locate(os.environ), procfile=Path(procfile), prepare=tasks)
    plan.state.create()
    try:
        with plan.state.held_for("up"):
            return up.serve(plan)
    except LaunchError as failure:
        say(f"alef: {failure.what}\n  Fix: {failure.fix}")
        return failure.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
