"""Where STATE lies, which ports are taken, and which commands exist."""

import os
import socket
import stat
from pathlib import Path

import pytest

from launcher import commands, paths, ports
from launcher.commands import test as test_command
from launcher.commands.up import logins
from launcher.embedded import check_given, choose_ports
from launcher.environment import Needs
from launcher.errors import LaunchError
from launcher.paths import CHECKOUT, State, locate

pytestmark = pytest.mark.spec("OPS-1")
ALL = Needs(postgres=True, valkey=True, chain=True)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes someone else")


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_wanted_port_is_taken_when_it_is_free(taken):
    assert not ports.is_free(taken)
    free = ports.choose([taken])
    assert free != taken
    assert ports.is_free(free)
    assert ports.choose([taken, free]) == free
    assert ports.choose([free], avoid=[free]) != free


def test_other_ports_are_never_among_those_of_outgoing_connections():
    outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(ports.OTHERS) < outgoing
    assert max(ports.USUAL.values()) < outgoing


def test_an_address_that_is_not_ours_is_an_error():
    with pytest.raises(LaunchError, match=r"no free port on 192\.0\.2\.1"):
        ports.choose([8000], host="192.0.2.1")


def test_services_keep_their_last_ports_and_all_differ(taken):
    wanted = {"web": taken, "postgres": taken}
    free = ports.choose([])
    chosen = choose_ports(ALL, wanted=wanted, last={"postgres": free, "web": 1}, web_host="127.0.0.1")
    assert chosen["postgres"] == free
    assert len(set(chosen.values())) == 4
    assert taken not in chosen.values()
    some = Needs(postgres=False, valkey=True, chain=False)
    assert set(choose_ports(some, wanted={}, last={}, web_host=None)) == {"valkey"}


def test_ports_are_remembered_for_the_other_commands(tmp_path):
    file = tmp_path / "ports.json"
    assert ports.remembered(file) == {}
    ports.remember(file, {"web": 8000})
    assert ports.remembered(file) == {"web": 8000}


def test_a_given_service_that_does_not_answer_is_named(taken):
    check_given({"REDIS_URL": f"redis://127.0.0.1:{taken}/0", "DATABASE_URL": "postgresql:///socket"})
    dead = ports.choose([])
    with pytest.raises(LaunchError, match=f"CHAIN_RPC_URLS names 127.0.0.1:{dead}"):
        check_given({"CHAIN_RPC_URLS": f"http://127.0.0.1:{taken},http://127.0.0.1:{dead}"})


def test_the_environment_names_the_state_and_tests_have_their_own(tmp_path):
    tmp = Path("/tmp/alef-of-a-test")  # noqa: S108 - a name only
    assert locate({"STATE": str(tmp)}) == State(tmp)
    assert locate({"STATE": str(tmp)}, suffix="-test") == State(tmp.with_name(f"{tmp.name}-test"))


def test_the_state_lies_in_a_checkout_that_may_be_entered(monkeypatch):
    monkeypatch.setattr(paths, "can_enter", lambda user, folder: True)
    assert locate({}) == State(CHECKOUT / ".state")
    assert locate({}, suffix="-test") == State(CHECKOUT / ".state-test")


@as_root
def test_roots_private_checkout_gets_a_temporary_state(tmp_path, monkeypatch):
    private = tmp_path / "Private Checkout"
    private.mkdir(mode=0o700)
    monkeypatch.setattr(paths, "CHECKOUT", private)
    found = locate({})
    assert found == locate({})
    assert found.path.parent in {Path("/var/tmp"), Path("/tmp")}  # noqa: S108 - where it must be
    assert found.path.name.startswith("alef-root-")
    assert "private-checkout" in found.path.name
    assert locate({}, suffix="-test").path.name == f"{found.path.name}-test"
    with pytest.raises(LaunchError, match="cannot enter"):
        locate({"STATE": str(private / "state")})


@as_root
def test_who_may_enter_is_tried_and_not_guessed(tmp_path):
    assert paths.can_enter(paths.nobody(), Path("/usr/bin"))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not paths.can_enter(paths.nobody(), closed)
    assert not paths.can_enter(paths.nobody(), closed / "not" / "there")


@as_root
def test_a_state_of_another_user_is_refused(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, paths.nobody().uid, -1)
    with pytest.raises(LaunchError, match="belongs to user id"):
        State(folder).create()


def test_only_what_is_built_is_listed():
    listed = {command.name for command in commands.available()}
    assert {"up", "down", "test", "ps", "logs", "lint", "reset", "help"} <= listed
    for name, foreign in commands.FOREIGN.items():
        assert (name in listed) == any(CHECKOUT.glob(foreign.needs))
    with pytest.raises(LaunchError, match="no command nonsense") as refused:
        commands.find("nonsense")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("name", commands.OWN)
def test_every_command_of_ours_has_its_module(name):
    source = CHECKOUT / "launcher" / "commands" / f"{name}.py"
    assert "def run(arguments: list[str]) -> int:" in source.read_text()


def test_alef_sh_can_be_executed():
    assert (CHECKOUT / "alef.sh").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], True),
        (["-k", "life"], True),
        (["tests"], True),
        (["tests/e2e"], True),
        (["tests/unit"], False),
        (["tests/unit/launcher/test_places.py::test_only_what_is_built_is_listed"], False),
    ],
)
def test_a_browser_is_wanted_only_by_browser_tests(arguments, wanted):
    assert test_command.wants_browser(arguments) is wanted


def test_pytest_runs_in_parallel_unless_told_otherwise():
    assert test_command.command(["-x"])[3:] == ["-n", "auto", "-x"]
    for arguments in (["-n", "2"], ["-n0"], ["--pdb"], ["--numprocesses=3"], ["-p", "no:xdist"]):
        assert test_command.command(arguments)[3:] == arguments


def test_demo_logins_are_shown_when_the_demo_wrote_them(tmp_path):
    state = State(tmp_path)
    assert logins(state) == []
    state.logins.write_text('[{"role": "admin", "email": "a@x", "password": "p"}, 5]')
    assert logins(state) == [("admin", "a@x", "p")]
