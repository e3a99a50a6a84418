"""alef.sh itself: from anywhere, with whatever Python there is, and with none."""

import os
import shutil
import subprocess
import sys

import pytest

from launcher.paths import CHECKOUT

pytestmark = pytest.mark.spec("OPS-1")
PYTHON = sys._base_executable  # type: ignore[attr-defined]
TOOLS = ("sh", "dirname", "readlink")


@pytest.fixture
def bare(tmp_path):
    """A checkout without .venv, and a PATH with the shell's tools but no Python."""
    checkout, path = tmp_path / "check out", tmp_path / "bin"
    checkout.mkdir()
    path.mkdir()
    shutil.copy(CHECKOUT / "alef.sh", checkout)
    shutil.copytree(CHECKOUT / "launcher", checkout / "launcher")
    for tool in TOOLS:
        (path / tool).symlink_to(shutil.which(tool))
    return checkout, path


def script(path, name, text):
    (path / name).write_text(f"#!/bin/sh\n{text}\n")
    (path / name).chmod(0o755)


def command(checkout, path, *arguments):
    return {
        "args": [checkout / "alef.sh", *arguments],
        "env": {"PATH": str(path), "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        "cwd": "/",
        "text": True,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }


def run(*parts):
    return subprocess.run(**command(*parts), check=False, timeout=60)


def test_no_python_is_said_with_its_fix(bare):
    checkout, path = bare
    script(path, "python3.12", "echo 'shim: command not found' >&2; exit 127")
    script(path, "python3", f'case $* in *version_info*) exit 1;; esac; exec {sys.executable} "$@"')
    answer = run(checkout, path, "up")
    assert answer.returncode == 1
    assert "no Python 3.11" in answer.stderr
    assert "apt install python3" in answer.stderr


def test_a_python_without_venv_is_said_with_its_fix(bare, tmp_path):
    checkout, path = bare
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    script(path, "python3", f'PYTHONPATH="{tmp_path}" exec {PYTHON} "$@"')
    answer = run(checkout, path, "up")
    assert answer.returncode == 1
    assert "apt install python3-venv" in answer.stderr
    assert not (checkout / ".venv").exists()


def test_two_first_starts_at_once_share_one_environment(bare):
    checkout, path = bare
    (path / "python3").symlink_to(PYTHON)
    # As after an upgrade that took the old environment's Python away.
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to("/nonexistent/python")
    both = [subprocess.Popen(**command(checkout, path, "help")) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all("./alef.sh COMMAND" in out for out, _ in said)
    assert sum("Virtual environment" in out for out, _ in said) == 1
    assert (checkout / ".venv" / "bin" / "pip").exists()


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"], ["-h"]])
def test_help_is_shown_from_any_folder(arguments):
    answer = subprocess.run(
        [sys.executable, "-m", "launcher", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert answer.returncode == 0
    assert "  up " in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frobnicate"], "no command frobnicate"),
        (["up", "--frobnicate"], "unrecognized arguments"),
        (["logs", "-n", "many"], "invalid int value"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(arguments, words):
    answer = subprocess.run(
        [sys.executable, "-m", "launcher", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Fix: " in answer.stderr
