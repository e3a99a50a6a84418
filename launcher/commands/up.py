"""up: install, start the services, prepare the database, run the Procfile, and stay until told to stop."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from launcher import embedded, environment, ports, procfile, readiness, tasks
from launcher.arguments import Arguments
from launcher.console import BOLD, DIM, GREEN, YELLOW, notice, paint, say, step
from launcher.embedded import Ground
from launcher.errors import LaunchError
from launcher.files import read_json
from launcher.install import engine, node, packages
from launcher.paths import CHECKOUT, State, locate
from launcher.procfile import Entry
from launcher.programs import FRONT, Program
from launcher.readiness import Readiness
from launcher.supervisor import StopRequested, Supervisor
from launcher.tasks import Task

SETTINGS = "config.settings.local"
CHAIN_IS_BEHIND = 3
START_OVER = (
    "point CHAIN_RPC_URLS to the chain that was used before, or put its files back (anvil*.json in STATE); "
    "or start over, with nothing kept: ./alef.sh reset"
)
PREPARE = (
    Task(
        name="database",
        argv=("python", "manage.py", "prepare", "--demo"),
        refusals={CHAIN_IS_BEHIND: START_OVER},
    ),
)
# With everything running: the demo's companies and investors do what is left of their story.
STORY = (Task(name="market", argv=("python", "manage.py", "demo_market")),)
# Then it goes on: investors of the demo who trade now and then, so that its market is alive.
COMPANY = (Entry(name="demo", command="python manage.py demo_flow"),)
# What /readyz misses until the chain process has deployed the platform, which it does once.
CONTRACTS = "contracts"
WEB_FIRST = 8.0
REPORTS, REPORT_EVERY = 6, 10.0
ASK_EVERY = 0.15
Place = tuple[str, int]
EVERYWHERE = {"0.0.0.0": ports.LOOPBACK, "::": "::1"}  # noqa: S104 - compared with, never listened on


@dataclass(frozen=True)
class Plan:
    """What one `up` runs. The tests of the launcher give their own."""

    state: State
    procfile: Path = CHECKOUT / "Procfile"
    prepare: tuple[Task, ...] = PREPARE
    story: tuple[Task, ...] = STORY
    company: tuple[Entry, ...] = COMPANY
    settings: str = SETTINGS
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def run(arguments: list[str]) -> int:
    """Start everything; return 0 after an ordered stop."""
    Arguments("up", "Start everything and stay in the foreground. Ctrl-C stops it.").parse_args(arguments)
    embedded.require_linux()
    plan = Plan(state=locate(os.environ))
    needs = environment.needs(plan.environ)
    plan.state.create()
    say(paint("Alef", BOLD))
    with plan.state.held_for("up"):
        packages.ensure(packages.EMBEDDED)
        engine.ensure()
        if needs.chain:
            node.ensure()
        return serve(plan)


def serve(plan: Plan) -> int:
    """Run a plan until told to stop. The caller holds STATE."""
    entries = procfile.load(plan.procfile)
    with Supervisor(plan.state, "up") as supervisor:
        try:
            ground = _start_services(supervisor, plan)
            env = environment.for_children(plan.environ, ground.variables)
            for task in plan.prepare:
                tasks.run(supervisor, task, state=plan.state, env=env)
            programs = procfile.programs(entries, lambda name: environment.for_process(name, env))
            _start_processes(supervisor, programs, _place(ground))
            _wait_until_ready(supervisor, _place(ground))
            for task in plan.story:
                _tell(supervisor, task, state=plan.state, env=environment.for_process(task.name, env))
            for program in procfile.programs(plan.company, lambda name: environment.for_process(name, env)):
                supervisor.add(program)
            say(_banner(_url(_place(ground)), logins(plan.state)))
            supervisor.run()
        except StopRequested:
            say(f"\n  {paint('Stopping. A second Ctrl-C hurries.', DIM)}")
    say("  Stopped. The data is kept.")
    return 0


def _start_services(supervisor: Supervisor, plan: Plan) -> Ground:
    environ = plan.environ
    wanted = {**ports.USUAL, ports.WEB: _wanted_port(environ)}
    chosen = embedded.choose_ports(
        environment.needs(environ),
        wanted=wanted,
        last=ports.remembered(plan.state.ports),
        web_host=environ.get("HOST") or ports.LOOPBACK,
    )
    if chosen[ports.WEB] != wanted[ports.WEB]:
        say(paint(f"  Port {wanted[ports.WEB]} is taken; the web listens on {chosen[ports.WEB]}.", YELLOW))
    return embedded.start(supervisor, plan.state, chosen=chosen, settings=plan.settings, environ=environ)


def _start_processes(supervisor: Supervisor, programs: list[Program], place: Place) -> None:
    """Start the web, then the rest: on a small machine the first page need not wait for all of them."""
    front = [program for program in programs if program.wave == FRONT]
    for program in front:
        supervisor.add(program)
    if front:
        with step("Web"):
            supervisor.until(lambda: readiness.ask(*place).answered, seconds=WEB_FIRST, check=ASK_EVERY)
    for program in programs:
        if program.wave != FRONT:
            supervisor.add(program)


def _wanted_port(environ: Mapping[str, str]) -> int:
    text = environ.get("PORT") or str(ports.USUAL[ports.WEB])
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise LaunchError(f"PORT is {text!r}.", fix="set it to a number from 1 to 65535, or unset it.")
    return int(text)


def _place(ground: Ground) -> Place:
    host = ground.variables["HOST"]
    return EVERYWHERE.get(host, host), ground.ports[ports.WEB]


def _wait_until_ready(supervisor: Supervisor, place: Place) -> None:
    answer = _wait(supervisor, place, "Everything else", but=CONTRACTS)
    if CONTRACTS in answer.missing:
        answer = _wait(supervisor, place, "Platform contracts")
    if not answer.is_ready:
        say(paint(f"  Not ready after {REPORTS * REPORT_EVERY:.0f} s, and still trying.", YELLOW))
        say("  Fix: ./alef.sh logs shows why; Ctrl-C stops everything.")
        supervisor.until(lambda: readiness.ask(*place).is_ready, seconds=math.inf, check=1.0)


def _tell(supervisor: Supervisor, task: Task, *, state: State, env: Mapping[str, str]) -> None:
    """Run a part of the demo's story; the system is whole without it, so a failure is only said."""
    try:
        tasks.run(supervisor, task, state=state, env=env)
    except LaunchError as failure:
        say(paint(f"  {failure.what}\n  Fix: {failure.fix}", YELLOW))


def _wait(supervisor: Supervisor, place: Place, name: str, *, but: str = "") -> Readiness:
    """Wait for a while until nothing is missing, `but` this; return the last answer."""
    answer = Readiness(is_ready=False)

    def is_ready() -> bool:
        nonlocal answer
        answer = readiness.ask(*place)
        return answer.is_ready or (bool(answer.missing) and set(answer.missing) == {but})

    with step(name):
        for _ in range(REPORTS):
            if supervisor.until(is_ready, seconds=REPORT_EVERY, check=ASK_EVERY):
                break
            notice(f"waits for {', '.join(answer.missing)}")
    return answer


def logins(state: State) -> list[tuple[str, str, str]]:
    """Return (role, e-mail, password) of the demo's people, as the demo wrote them."""
    value = read_json(state.logins)
    if not isinstance(value, list):
        return []
    return [
        (str(item.get("role", "")), str(item.get("email", "")), str(item.get("password", "")))
        for item in value
        if isinstance(item, dict)
    ]


def _banner(address: str, people: list[tuple[str, str, str]]) -> str:
    lines = ["", f"  {paint('Alef is ready', GREEN)}  {paint(address, BOLD)}", ""]
    widths = [max((len(person[column]) for person in people), default=0) for column in range(3)]
    lines.extend(
        "  " + "  ".join(text.ljust(width) for text, width in zip(person, widths, strict=True)).rstrip()
        for person in people
    )
    if people:
        lines.append("")
    lines.append(f"  {paint('Ctrl-C stops everything.', DIM)}")
    return "\n".join(lines)


def _url(place: Place) -> str:
    host, port = place
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
