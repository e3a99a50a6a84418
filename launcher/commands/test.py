"""test: pytest with services of its own, on free ports, in a folder of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from launcher import embedded, environment
from launcher.console import YELLOW, paint, say
from launcher.errors import LaunchError
from launcher.install import browser, engine, node, packages
from launcher.paths import CHECKOUT, State, locate
from launcher.processes import spawn
from launcher.supervisor import StopRequested, Supervisor

SETTINGS = "config.settings.test"
BROWSER_TESTS = CHECKOUT / "tests" / "e2e"
MOST_AT_ONCE = 9
DAY = 86400.0
AFTER_INTERRUPT = 20.0
# Arguments that say how many workers pytest has, or that only work with none.
WORKERS = ("-n", "--numprocesses", "--pdb", "--trace", "no:xdist", "-s", "--capture=no")


def run(arguments: list[str]) -> int:
    """Run pytest with the arguments; return its exit code, its summary being the last line."""
    embedded.require_linux()
    needs = environment.needs(os.environ)
    packages.ensure(packages.LOCAL)
    engine.ensure()
    if needs.chain:
        node.ensure()
    chromium = _browser(os.environ) if wants_browser(arguments) else None
    with _own_state(os.environ) as state:
        embedded.remove_data(state)
        state.env.unlink(missing_ok=True)
        with Supervisor(state, "test") as supervisor:
            try:
                return _run(supervisor, state, arguments, chromium)
            except StopRequested:
                return int(signal.SIGINT) + 128


def wants_browser(arguments: list[str]) -> bool:
    """Say whether the paths among the arguments, or their absence, may select a browser test."""
    paths = [CHECKOUT / word.split("::")[0] for word in arguments if not word.startswith("-")]
    paths = [path for path in paths if path.exists()]
    return not paths or any(
        path == BROWSER_TESTS or path in BROWSER_TESTS.parents or BROWSER_TESTS in path.parents
        for path in paths
    )


def command(arguments: list[str]) -> list[str]:
    """Return the command line of pytest: in parallel, unless the arguments say otherwise."""
    chosen = any(
        word == flag or word.startswith((f"{flag}=", "-n")) for word in arguments for flag in WORKERS
    )
    parallel = [] if chosen else ["-n", "auto"]
    return [sys.executable, "-m", "pytest", *parallel, *arguments]


def _run(supervisor: Supervisor, state: State, arguments: list[str], chromium: str | None) -> int:
    needs = environment.needs(os.environ)
    chosen = embedded.choose_ports(needs, wanted={}, last={}, web_host=None)
    ground = embedded.start(supervisor, state, chosen=chosen, settings=SETTINGS, environ=_without_settings())
    env = environment.for_children(os.environ, ground.variables)
    if chromium:
        env["CHROMIUM_PATH"] = chromium
    # On our terminal: Ctrl-C reaches pytest too, and --pdb can read.
    process = spawn(command(arguments), cwd=CHECKOUT, env=env, output=None)
    try:
        supervisor.until(lambda: process.poll() is not None, seconds=DAY)
    except StopRequested:
        _wait_for_summary(process)
    if process.poll() is None:
        process.kill()
    return process.wait()


def _wait_for_summary(process: subprocess.Popen[bytes]) -> None:
    """Let pytest end by itself after Ctrl-C; one that only we were told about is told."""
    if process.poll() is None and not sys.stdin.isatty():
        process.send_signal(signal.SIGINT)
    try:
        process.wait(AFTER_INTERRUPT)
    except subprocess.TimeoutExpired:
        process.kill()


def _without_settings() -> dict[str, str]:
    # A shell set up for `manage.py` must not turn the tests against its settings.
    return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def _browser(environ: Mapping[str, str]) -> str | None:
    """Find or install Chromium. Without one the browser tests do not run, which CI does not accept."""
    if not BROWSER_TESTS.exists():
        return None
    try:
        chromium, fix = browser.ensure(environ), "apt install chromium, or set CHROMIUM_PATH."
    except LaunchError as failure:
        if environ.get("CHROMIUM_PATH"):
            raise
        chromium, fix = None, f"{failure.what} {failure.fix}"
    if chromium is None:
        what = "browser tests will not run: there is no Chromium."
        if environ.get("CI") == "true":
            raise LaunchError(what, fix=fix)
        say(paint(f"  {what}\n  Fix: {fix}", YELLOW))
    return chromium


@contextmanager
def _own_state(environ: Mapping[str, str]) -> Iterator[State]:
    """Hold the first free of a few folders, so that several runs may go on at once."""
    for number in range(1, MOST_AT_ONCE + 1):
        state = locate(environ, suffix="-test" if number == 1 else f"-test-{number}")
        state.create()
        try:
            held = state.held_for("test")
            held.__enter__()
        except LaunchError:
            if number == MOST_AT_ONCE:
                raise
            continue
        try:
            yield state
        finally:
            held.__exit__(None, None, None)
        return
