"""Procfile lines: the same that production runs."""

import subprocess

import pytest

from launcher import procfile
from launcher.errors import LaunchError
from launcher.paths import CHECKOUT
from launcher.procfile import Entry, parse, resolve
from launcher.programs import FRONT, WORK

pytestmark = pytest.mark.spec("OPS-2")


def argv(command, **environ):
    return resolve(Entry("web", command), environ).argv


def test_entries_keep_their_order_and_comments_are_left_out():
    entries = parse("# first\nweb: serve\n\n  worker :  work --hard  \n")
    assert entries == [Entry("web", "serve"), Entry("worker", "work --hard")]


@pytest.mark.parametrize("line", ["web", "web:", ": serve", "we b: serve", "web serve"])
def test_a_line_that_is_no_entry_is_named_by_its_number(line):
    with pytest.raises(LaunchError, match="line 2"):
        parse(f"ok: fine\n{line}")


def test_a_name_used_twice_is_refused():
    with pytest.raises(LaunchError, match="line 2 uses the name web again"):
        parse("web: a\nweb: b")


@pytest.mark.parametrize(
    ("command", "environ", "expected"),
    [
        ("serve -p $PORT", {"PORT": "1"}, ("serve", "-p", "1")),
        ("serve -p ${PORT}", {"PORT": "1"}, ("serve", "-p", "1")),
        ("serve -p ${PORT:-8000}", {}, ("serve", "-p", "8000")),
        ("serve -p ${PORT:-8000}", {"PORT": ""}, ("serve", "-p", "8000")),
        ("serve -p ${PORT:-8000}", {"PORT": "1"}, ("serve", "-p", "1")),
        ("serve ${HOST:-}:1", {}, ("serve", ":1")),
        ("serve $STATE/file", {"STATE": "/with space"}, ("serve", "/with space/file")),
        ('serve "a b" c', {}, ("serve", "a b", "c")),
    ],
)
def test_variables_are_the_shells(command, environ, expected):
    assert resolve(Entry("web", command), environ).argv == expected


def test_an_unset_variable_is_an_error_and_not_an_empty_word():
    with pytest.raises(LaunchError, match=r"\$STATE is not set"):
        argv("serve $STATE/file")


def test_leading_assignments_become_variables():
    command = resolve(Entry("web", "A=1 B=$X serve C=2"), {"X": "y"})
    assert command.env == {"A": "1", "B": "y"}
    assert command.argv == ("serve", "C=2")


@pytest.mark.parametrize(
    "command", ["a | b", "a && b", "a; b", "a > f", "a $(b)", "a `b`", "ls *.py", "echo '$X'"]
)
def test_only_what_needs_a_shell_gets_one(command):
    assert argv(command) == ("/bin/sh", "-c", command)


def test_bad_quotes_and_no_command_are_refused():
    with pytest.raises(LaunchError, match="quotation"):
        argv('serve "a')
    with pytest.raises(LaunchError, match="no command"):
        argv("A=1")


def test_the_shell_agrees_with_our_expansion(tmp_path):
    text = 'printf %s, "${A:-d}" $B "${C}x" ${D:-/tmp}/f'
    environ = {"A": "", "B": "b", "C": "c", "PATH": "/usr/bin:/bin"}
    shell = subprocess.run(["/bin/sh", "-c", text], env=environ, capture_output=True, text=True, check=True)
    assert ",".join(argv(text, **environ)[2:]) + "," == shell.stdout


def test_an_unknown_program_is_named():
    with pytest.raises(LaunchError, match="no program surely-not-there"):
        procfile.programs([Entry("x", "surely-not-there")], lambda name: {"PATH": "/usr/bin:/bin"})


def test_the_web_is_stopped_before_the_workers():
    entries = [Entry("web", "sleep 1"), Entry("job", "sleep 1")]
    programs = procfile.programs(entries, lambda name: {"PATH": "/usr/bin:/bin"})
    assert [program.wave for program in programs] == [FRONT, WORK]


def test_each_line_has_an_environment_of_its_own():
    entries = [Entry("web", "sleep $SECONDS"), Entry("job", "sleep $SECONDS")]
    seconds = {"web": "1", "job": "2"}
    env = {"PATH": "/usr/bin:/bin"}
    web, job = procfile.programs(entries, lambda name: env | {"SECONDS": seconds[name]})
    assert (web.argv[1], web.env["SECONDS"]) == ("1", "1")
    assert (job.argv[1], job.env["SECONDS"]) == ("2", "2")


def test_our_procfile_runs_without_shells_and_without_variables():
    entries = procfile.load(CHECKOUT / "Procfile")
    assert entries[0].name == "web"
    assert not any(entry.needs_shell() for entry in entries)
    assert all(resolve(entry, {}).argv for entry in entries)
