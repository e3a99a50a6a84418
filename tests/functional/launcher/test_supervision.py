"""The launcher with its real services: what is killed comes back, and nothing outlives it."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis

from launcher.paths import can_enter, nobody
from launcher.ports import LOOPBACK
from launcher.services.chain import ask_chain_id
from tests.functional.launcher.system import (
    DUMMY,
    SERVICES,
    System,
    eventually,
    is_gone,
    quick_place,
)

pytestmark = pytest.mark.spec("OPS-1", "OPS-2")
PROCESSES = {*SERVICES, "web", "worker"}


@pytest.fixture(scope="module")
def folder():
    """A folder that any user may pass, as PostgreSQL under root needs; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="alef-launcher-", dir=quick_place()) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def system(folder):
    place = folder / "shared"
    place.mkdir()
    system = System(place).start().wait_ready()
    yield system
    system.close()


@pytest.fixture
def fresh(folder):
    """A system that the test may end, on services that are ready to start again."""
    systems = []

    def make(name="own", **options):
        place = folder / name
        place.mkdir(exist_ok=True)
        systems.append(System(place, **options))
        return systems[-1]

    yield make
    for system in systems:
        system.close()


def sql(system, statement, *values):
    url = system.variables_in_use()["DATABASE_ADMIN_URL"]
    with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        return connection.execute(statement, values or None)


def answers(system, name):
    """Ask a service a real question."""
    variables = system.variables_in_use()
    try:
        if name == "postgres":
            return sql(system, "SELECT 1").fetchone() == (1,)
        if name == "valkey":
            return redis.Redis.from_url(variables["REDIS_URL"], socket_timeout=2).ping()
        port = int(variables["CHAIN_RPC_URLS"].rpartition(":")[2])
        return ask_chain_id(LOOPBACK, port) == 31337
    except (psycopg.Error, redis.RedisError, OSError):
        return False


def test_every_service_answers_and_is_listed_by_its_real_pid(system):
    listed = system.listed()
    assert set(listed) == PROCESSES
    real = {process.pid: process for process in system.descendants()}
    assert {row["pid"] for row in listed.values()} <= set(real)
    assert "bin/postgres" in " ".join(real[listed["postgres"]["pid"]].cmdline())
    assert all(answers(system, name) for name in SERVICES)


def test_secrets_are_for_their_owner_only(system):
    for name in ("secrets.json", "env", "valkey/valkey.conf"):
        assert (system.state / name).stat().st_mode & 0o077 == 0
    commands = " ".join(" ".join(process.cmdline()) for process in system.descendants())
    for value in system.variables_in_use()["REDIS_URL"], system.variables_in_use()["DATABASE_ADMIN_URL"]:
        password = re.search(r":([0-9a-f]{48})@", value)[1]
        assert password not in commands


def test_a_wrong_password_is_refused(system):
    wrong = re.sub(r":[0-9a-f]{48}@", ":wrong@", system.variables_in_use()["DATABASE_ADMIN_URL"])
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(wrong, connect_timeout=2)
    port = urlsplit(system.variables_in_use()["REDIS_URL"]).port
    with socket.create_connection((LOOPBACK, port), timeout=2) as link:
        link.sendall(b"PING\r\n")
        assert link.recv(100).startswith(b"-NOAUTH")


def test_durability_is_left_on(system):
    settings = [
        sql(system, f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit", "TimeZone")
    ]
    assert settings == ["on", "on", "UTC"]


def test_a_second_up_names_the_first(system):
    second = System(system.folder, variables={"PORT": "20090"})
    command = [second.python, "-m", "tests.functional.launcher.driver", str(system.folder / "Procfile")]
    refused = subprocess.run(
        command, check=False, env=second.environ(), capture_output=True, text=True, timeout=20
    )
    assert refused.returncode == 1
    assert f"pid {system.up.pid}" in refused.stdout
    assert "./alef.sh down" in refused.stdout


def test_reset_refuses_while_it_runs(system):
    refused = system.run("reset", "--yes")
    assert refused.returncode == 1
    assert "already runs" in refused.stderr
    assert (system.state / "postgres").exists()


@pytest.mark.parametrize("name", ["postgres", "valkey", "anvil", "worker", "web"])
def test_what_is_killed_comes_back_with_its_data(system, name):
    sql(system, "CREATE TABLE IF NOT EXISTS kept (name text)")
    sql(system, "INSERT INTO kept VALUES (%s)", name)
    valkey = redis.Redis.from_url(system.variables_in_use()["REDIS_URL"])
    valkey.set("kept", name)
    if name == "valkey":
        time.sleep(1.1)  # it syncs its file once a second
    before = system.listed()
    os.kill(before[name]["pid"], signal.SIGKILL)

    after = eventually(
        lambda: (row := system.listed().get(name)) and row["pid"] != before[name]["pid"] and row,
        what=f"{name} did not come back",
    )
    assert after["restarts"] == before[name]["restarts"] + 1
    if name in SERVICES:
        eventually(lambda: answers(system, name), 30, f"{name} does not answer")
        eventually(lambda: f"{name} is back (pid" in system.said(), what="nothing was said")
    assert f"{name} died (SIGKILL)" in system.said()
    others = {other: row["pid"] for other, row in system.listed().items() if other != name}
    assert others == {other: row["pid"] for other, row in before.items() if other != name}
    assert sql(system, "SELECT count(*) FROM kept WHERE name = %s", name).fetchone() == (1,)
    assert redis.Redis.from_url(system.variables_in_use()["REDIS_URL"]).get("kept") == name.encode()


def test_a_computing_backend_does_not_hold_up_the_restart(system):
    def compute():
        with pytest.raises(psycopg.OperationalError):
            sql(system, "SELECT count(*) FROM generate_series(1, 4000000000::bigint)")

    with ThreadPoolExecutor() as pool:
        lost = pool.submit(compute)
        busy = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%_series%' AND pid <> pg_backend_pid()"
        (backend,) = eventually(lambda: sql(system, busy).fetchone())
        orphan = psutil.Process(backend)
        try:
            eventually(lambda: orphan.cpu_times().user > 0.1)
            os.kill(system.listed()["postgres"]["pid"], signal.SIGKILL)
            eventually(lambda: answers(system, "postgres"), 15, "PostgreSQL did not come back")
            assert is_gone(orphan)
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                orphan.kill()
        lost.result(5)


def test_ps_does_not_list_a_dead_process_before_its_restart(system):
    before = system.listed()["worker"]
    os.kill(system.up.pid, signal.SIGSTOP)
    try:
        os.kill(before["pid"], signal.SIGKILL)
        eventually(lambda: "worker" not in system.listed(), 3)
    finally:
        os.kill(system.up.pid, signal.SIGCONT)
    eventually(lambda: "worker" in system.listed())


def test_logs_are_shown_by_name(system):
    shown = system.run("logs", "postgres", "-n", "200")
    assert "ready to accept connections" in shown.stdout
    unknown = system.run("logs", "nothing")
    assert unknown.returncode == 2
    assert "postgres" in unknown.stderr


def test_ctrl_c_stops_in_order_and_a_second_start_keeps_the_data(fresh):
    system = fresh().start().wait_ready()
    sql(system, "CREATE TABLE kept (name text)")
    place = urlsplit(system.variables_in_use()["DATABASE_URL"]).netloc
    eventually((system.state / "worker.listens").exists)
    family = system.descendants()
    assert system.stop(signal.SIGINT) == 0
    assert all(is_gone(process) for process in family)
    assert (system.state / "diary").read_text().split() == ["web", "worker"]
    assert "database system is shut down" in (system.state / "log" / "postgres.log").read_text()
    assert system.run("ps").returncode == 1

    began = time.monotonic()
    system.start().wait_ready()
    assert time.monotonic() - began < 10
    assert urlsplit(system.variables_in_use()["DATABASE_URL"]).netloc == place
    assert sql(system, "SELECT count(*) FROM kept").fetchone() == (0,)
    down = system.run("down")
    assert down.returncode == 0
    assert system.up.wait(5) == 0
    assert system.run("down").returncode == 0

    assert system.run("reset").returncode == 2
    assert system.run("reset", "--yes").returncode == 0
    assert not system.state.exists()


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_recovers(fresh):
    system = fresh().start().wait_ready()
    sql(system, "CREATE TABLE IF NOT EXISTS survived (name text)")
    open_connection = psycopg.connect(system.variables_in_use()["DATABASE_ADMIN_URL"])
    family = system.descendants()
    assert len(family) > len(PROCESSES)
    system.stop(signal.SIGKILL)
    # At once, while the last PostgreSQL may still be on its way down.
    system.start().wait_ready()
    eventually(lambda: all(is_gone(process) for process in family), what="some lived on")
    assert sql(system, "SELECT count(*) FROM survived").fetchone() == (0,)
    open_connection.close()

    # What a crash may leave: a pid file that names a stranger, and half of the chain's state.
    eventually((system.state / "anvil.1.json").exists)
    system.stop(signal.SIGTERM)
    stranger = system.state / "postgres" / "postmaster.pid"
    stranger.write_text(f"{os.getpid()}\n")
    if os.geteuid() == 0:
        shutil.chown(stranger, "nobody")
    chain = (system.state / "anvil.json").read_text()
    (system.state / "anvil.json").write_text(chain[: len(chain) // 2])
    system.start().wait_ready()
    assert "goes back a few seconds" in system.said()
    assert all(answers(system, name) for name in SERVICES)


def test_a_stubborn_process_is_hurried_by_a_second_ctrl_c(fresh):
    system = fresh().start("web: python {dummy} web --stubborn\n").wait_ready()
    family = system.descendants()
    began = time.monotonic()
    system.up.send_signal(signal.SIGINT)
    eventually(lambda: "Stopping" in system.said())
    eventually((system.state / "diary").exists)
    assert system.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 7  # it would have had 8
    assert all(is_gone(process) for process in family)


def test_a_process_that_cannot_live_is_retried_ever_more_slowly(fresh):
    system = fresh().start("web: python {dummy} web\nbroken: python -c 'raise SystemExit(3)'\n")
    eventually(lambda: system.said().count("broken died (exit 3)") >= 4, 20)
    pauses = [float(text) for text in re.findall(r"broken died .* starts again in ([\d.]+) s", system.said())]
    assert pauses[:4] == [0.2, 0.4, 0.8, 1.6]


def test_a_failed_preparation_stops_everything_and_says_where_to_look(fresh):
    script = "import sys; print('no such column'); sys.exit(7)"
    system = fresh().start(prepare=[sys.executable, "-c", script])
    assert system.up.wait(30) == 1
    assert "exit 7" in system.said()
    assert "no such column" in system.said()
    assert re.search(r"Fix: read .*prepare\.log", system.said())
    assert system.run("ps").returncode == 1


def test_a_taken_web_port_gives_another_one(fresh):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((LOOPBACK, 20085))
        taken.listen()
        system = fresh(variables={"PORT": "20085"}).start().wait_ready()
        assert "Port 20085 is taken" in system.said()
        assert '"web": 20085' not in (system.state / "ports.json").read_text()


def test_an_ordinary_user_runs_it_too(fresh):
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    if os.geteuid() != 0:
        pytest.skip("all other tests here already run as an ordinary user")
    if python is None or not can_enter(nobody(), DUMMY.parent):
        pytest.skip("the user nobody cannot reach a Python and this checkout")
    system = fresh("nobodys", python=python, user="nobody", variables={"HOME": "/nonexistent"})
    shutil.chown(system.folder, "nobody")
    system.start().wait_ready()
    owners = {psutil.Process(row["pid"]).username() for row in system.listed().values()}
    assert owners == {"nobody"}
    assert all(answers(system, name) for name in SERVICES)
    family = system.descendants()
    system.stop(signal.SIGKILL)
    eventually(lambda: all(is_gone(process) for process in family), what="some lived on")
