"""The step that builds the matching engine: silent where nothing is due, one line where it cannot."""

import sys
from pathlib import Path

import pytest

from launcher.install import engine

# Stands in for matching/build.py: `--check` says that something is due, and then this happens.
DUE = "import sys; sys.argv[1:] == ['--check'] and sys.exit(1); "


def with_build(monkeypatch, script):
    monkeypatch.setattr(engine, "BUILD", (sys.executable, "-c", script))


def test_an_engine_that_is_current_is_not_mentioned(monkeypatch, capfd):
    with_build(monkeypatch, "import sys; assert sys.argv[1:] == ['--check']")
    engine.ensure()
    assert capfd.readouterr() == ("", "")


def test_a_build_is_a_step(monkeypatch, capfd):
    with_build(monkeypatch, DUE)
    engine.ensure()
    said = capfd.readouterr().out.splitlines()
    assert len(said) == 1
    assert said[0].startswith("  Engine … ")


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (
            "print('It runs as plain Python: no compiler'); sys.exit(1)",
            "It runs as plain Python: no compiler",
        ),
        ("raise ValueError('broken')", "ValueError: broken"),
    ],
)
def test_a_build_that_fails_is_one_line_and_no_error(monkeypatch, capfd, script, line):
    with_build(monkeypatch, DUE + script)
    engine.ensure()
    out, err = capfd.readouterr()
    assert out.splitlines()[-1].strip() == line
    assert len(out.splitlines()) == 2
    assert not err


def test_the_real_one_is_there():
    assert Path(engine.BUILD[-1]).is_file()
