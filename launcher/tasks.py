"""Commands that run once under the supervisor and must succeed."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from launcher import logfiles
from launcher.console import step
from launcher.errors import LaunchError
from launcher.files import tail
from launcher.paths import CHECKOUT, State
from launcher.processes import spawn
from launcher.supervisor import StopRequested, Supervisor

LONGEST = 900.0
AFTER_STOP = 5.0


@dataclass(frozen=True)
class Task:
    """One command: its name for the terminal and the log, and its arguments.

    `refusals` are exit codes with which it says in its last line what is wrong, each with its fix.
    """

    name: str
    argv: tuple[str, ...]
    refusals: Mapping[int, str] = field(default_factory=dict)


def run(supervisor: Supervisor, task: Task, *, state: State, env: Mapping[str, str]) -> None:
    """Run a command to its end, its output in STATE/log, while the services are kept alive.

    Raises LaunchError with the end of the output when it fails or takes longer than 15 minutes, and with
    its last line and its exit code when it refuses.
    """
    log = state.log(task.name)
    log.unlink(missing_ok=True)
    output = logfiles.open_for_child(log)
    try:
        process = spawn(task.argv, env=env, cwd=CHECKOUT, output=output)
    finally:
        os.close(output)
    with step(task.name.capitalize()):
        try:
            done = supervisor.until(lambda: process.poll() is not None, seconds=LONGEST)
        except StopRequested:
            _end(process)
            raise
        if not done:
            _end(process)
        if done and process.returncode in task.refusals:
            what = tail(log)[-1].removeprefix("CommandError: ")
            raise LaunchError(what, fix=task.refusals[process.returncode], exit_code=process.returncode)
        if process.returncode != 0:
            shown = "".join(f"\n    {line}" for line in tail(log))
            how = f"exit {process.returncode}" if done else "took too long"
            raise LaunchError(f"`{' '.join(task.argv)}` failed ({how}).{shown}", fix=f"read {log}")


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(AFTER_STOP)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
