"""Identity, back-off, locks, lists and stale pids: what keeps the supervisor honest."""

import json
import os
import subprocess
import sys
import time

import pytest

from launcher import files, locks, logfiles, roster
from launcher.backoff import Backoff
from launcher.errors import LaunchError
from launcher.paths import CHECKOUT, State
from launcher.processes import PROC, Identity, command_line, identify, identity_from
from launcher.programs import NotYetError
from launcher.roster import Row
from launcher.services.postgres import check_version, clear_stale_pid

pytestmark = pytest.mark.spec("OPS-2")


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["/bin/sleep", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_process_is_itself_until_it_ends(sleeper):
    identity = identify(sleeper.pid)
    assert identity.is_running()
    assert identity_from(json.loads(json.dumps(identity.as_json()))) == identity
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not identity.is_running()  # a zombie is not running
    sleeper.wait()
    assert identify(sleeper.pid) is None


def test_a_reused_pid_is_another_process(sleeper):
    identity = identify(sleeper.pid)
    assert not Identity(identity.pid, identity.start - 1, identity.boot).is_running()
    assert not Identity(identity.pid, identity.start, "an earlier boot").is_running()


def test_a_strange_command_name_does_not_confuse(tmp_path):
    program = tmp_path / "a ) S 1 ("
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([program, "60"])
    try:
        assert identify(process.pid).start >= identify(os.getpid()).start
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("value", [None, {}, [], {"pid": "x", "start": 1, "boot": ""}, {"pid": 1}])
def test_no_identity_in_nonsense(value):
    assert identity_from(value) is None


def test_the_list_leaves_out_who_is_gone(tmp_path, sleeper):
    file = tmp_path / "processes.json"
    here = identify(sleeper.pid)
    reused = Identity(here.pid, here.start - 5, here.boot)
    row = Row("worker", "process", here, 1_700_000_000.0, 2)
    roster.write(file, [row, Row("web", "process", reused, 0.0, 0)])
    assert roster.running(file) == [row]
    assert roster.running(tmp_path / "missing") == []
    file.write_text("half")
    assert roster.running(file) == []


def test_pauses_double_to_a_limit_and_start_over_after_a_calm_life():
    backoff = Backoff(first=0.2, longest=10, calm_after=30)
    assert [backoff.pause_after(1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert backoff.pause_after(29.9) == 10
    assert backoff.pause_after(30) == 0.2
    assert backoff.pause_after(0) == 0.4


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path):
    lock = tmp_path / "lock"
    script = (
        "import sys, time; from pathlib import Path; from launcher import locks\n"
        "with locks.hold(Path(sys.argv[1]), 'up'): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, lock], cwd=CHECKOUT, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(locks.LockedError) as refused, locks.hold(lock, "reset"):
            pass
        assert refused.value.holder.process.pid == holder.pid
        assert refused.value.holder.purpose == "up"
        assert abs(refused.value.holder.since - time.time()) < 60
        assert locks.holder_of(lock) == refused.value.holder
    finally:
        holder.kill()
        holder.wait()
    assert locks.holder_of(lock) is None
    with locks.hold(lock, "reset"):
        assert locks.holder_of(lock).purpose == "reset"
    assert locks.holder_of(lock) is None


def test_a_removed_lock_file_locks_nobody_out(tmp_path):
    lock = tmp_path / "lock"
    with locks.hold(lock, "reset"):
        lock.unlink()
        with locks.hold(lock, "up"):
            assert locks.holder_of(lock).purpose == "up"


def test_waiting_for_a_lock_ends_when_it_is_free(tmp_path):
    lock = tmp_path / "lock"
    script = (
        "import sys, time; from pathlib import Path; from launcher import locks\n"
        "with locks.hold(Path(sys.argv[1]), 'a'): print('held', flush=True); time.sleep(0.3)"
    )
    holder = subprocess.Popen([sys.executable, "-c", script, lock], cwd=CHECKOUT, stdout=subprocess.PIPE)
    holder.stdout.readline()
    with locks.hold(lock, "b", wait=True):
        assert locks.holder_of(lock).process.pid == os.getpid()
    holder.communicate()


def pid_file(folder, text):
    (folder / "postmaster.pid").write_text(text)
    return folder / "postmaster.pid"


NEVER = (PROC / "sys/kernel/pid_max").read_text().strip()


def test_a_pid_file_of_a_dead_server_names_nobody_any_more(tmp_path, sleeper):
    clear_stale_pid(tmp_path)
    for pid in ("0", "-1", NEVER, str(sleeper.pid), str(os.getpid())):
        file = pid_file(tmp_path, f"{pid}\n/data\n123\n5432\n")
        clear_stale_pid(tmp_path)
        assert file.read_text() == f"{NEVER}\n/data\n123\n5432\n"


@pytest.mark.parametrize("text", ["", "\n", "nonsense\n/data\n"])
def test_a_pid_file_without_a_pid_is_removed(tmp_path, text):
    file = pid_file(tmp_path, text)
    clear_stale_pid(tmp_path)
    assert not file.exists()


def test_a_zombie_holds_nothing(tmp_path, sleeper):
    file = pid_file(tmp_path, f"{sleeper.pid}\n")
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    clear_stale_pid(tmp_path)
    assert file.read_text() == f"{NEVER}\n"


def test_a_living_server_is_waited_for(tmp_path):
    server = subprocess.Popen(["/bin/sh", "-c", "sleep 60; :", str(tmp_path)], start_new_session=True)
    while not command_line(server.pid):  # the kernel shows it a moment after the program has begun
        time.sleep(0.01)
    file = pid_file(tmp_path, f"{server.pid}\n")
    try:
        with pytest.raises(NotYetError, match=str(server.pid)):
            clear_stale_pid(tmp_path)
        assert file.exists()
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def test_data_of_another_version_is_not_touched(tmp_path):
    (tmp_path / "PG_VERSION").write_text("17\n")
    with pytest.raises(LaunchError, match="made by PostgreSQL 17"):
        check_version(tmp_path)


def test_a_reader_never_sees_half_a_file(tmp_path):
    file = tmp_path / "file"
    files.write_atomic(file, "old")
    with pytest.raises(UnicodeEncodeError):
        files.write_atomic(file, "\ud800")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_log_is_cut_while_its_writer_goes_on(tmp_path):
    log = tmp_path / "web.log"
    writer = logfiles.open_for_child(log)
    try:
        for generation in ("first", "second", "third"):
            os.write(writer, generation.encode() * 10)
            assert logfiles.rotate(log, largest=40)
        os.write(writer, b"now")
        assert not logfiles.rotate(log, largest=40)
    finally:
        os.close(writer)
    assert log.read_text() == "now"
    assert (tmp_path / "web.log.1").read_text() == "third" * 10
    assert (tmp_path / "web.log.2").read_text() == "second" * 10
    assert len(list(tmp_path.iterdir())) == 3


def test_following_sees_new_lines_through_a_cut(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("old\n")
    lines = logfiles.follow({"web": log, "late": tmp_path / "late.log"}, pause=0.01)
    (tmp_path / "late.log").write_text("hello\n")
    assert next(lines) == ("late", "hello")
    with log.open("a") as file:
        file.write("one\ntwo\nthr")
    assert [next(lines), next(lines)] == [("web", "one"), ("web", "two")]
    log.write_text("cut\n")
    assert next(lines)[1].endswith("cut")


def test_a_folder_of_someone_elses_files_is_not_taken(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(LaunchError, match="did not make"):
        State(tmp_path).create()
    new = State(tmp_path / "new")
    new.create()
    new.create()
    assert new.is_ours()
    assert new.path.stat().st_mode & 0o066 == 0
