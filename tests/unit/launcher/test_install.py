"""Installing: only what is missing, and a failure that shows its cause."""

import json
import os

import pytest

from launcher.errors import LaunchError
from launcher.install import browser, node, packages
from launcher.paths import CHECKOUT
from launcher.services import chain

pytestmark = pytest.mark.spec("OPS-1")


@pytest.fixture
def venv(tmp_path, monkeypatch):
    """An empty environment and lock files of its own; pip itself is real."""
    monkeypatch.setattr(packages, "REQUIREMENTS", tmp_path)
    for name in ("VENV", "STAMP", "LOCK", "LOG"):
        monkeypatch.setattr(packages, name, tmp_path / name.lower())
    monkeypatch.setattr(packages, "_path_file", lambda: tmp_path / "alef.pth")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    for name in ("embedded", "local"):
        (tmp_path / f"{name}.txt").write_text("# nothing\n")
    return tmp_path


def test_packages_are_installed_once_and_again_when_the_lock_file_changes(venv, capsys):
    packages.ensure("local")
    assert "Python packages" in capsys.readouterr().out
    assert (venv / "alef.pth").read_text().strip() == str(CHECKOUT)
    packages.ensure("local")
    packages.ensure("embedded")  # it is part of local
    assert capsys.readouterr().out == ""
    (venv / "embedded.txt").write_text("# still nothing\n")
    packages.ensure("embedded")
    assert "Python packages" in capsys.readouterr().out


def test_a_lost_path_file_is_written_again(venv, capsys):
    packages.ensure("embedded")
    capsys.readouterr()
    (venv / "alef.pth").unlink()
    packages.ensure("embedded")
    assert (venv / "alef.pth").exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "line", ["surely-no-such-package==1 --hash=sha256:" + "0" * 64, "surely-no-such-package==1"]
)
def test_a_failed_install_shows_pips_words_and_leaves_no_stamp(venv, line):
    (venv / "embedded.txt").write_text(f"{line}\n")
    with pytest.raises(LaunchError) as failed:
        packages.ensure("embedded")
    assert "surely-no-such-package" in failed.value.what
    assert "check the network" in failed.value.fix
    assert not (venv / "stamp").exists()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for module in (node, chain):
        monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    package = chain.anvil_package()
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "anvil").write_text("")
    (package / "package.json").write_text(json.dumps({"version": "1.0.0"}))
    return tmp_path


def lock(checkout, version):
    name = str(chain.anvil_package().relative_to(checkout))
    (checkout / "package-lock.json").write_text(json.dumps({"packages": {name: {"version": version}}}))


def test_anvil_is_installed_when_its_version_is_the_locked_one(checkout):
    assert not node._is_installed()
    lock(checkout, "1.0.0")
    assert node._is_installed()
    lock(checkout, "1.0.1")
    assert not node._is_installed()
    lock(checkout, "1.0.0")
    (chain.anvil_package() / "bin" / "anvil").unlink()
    assert not node._is_installed()


def test_a_missing_anvil_is_named_with_its_alternative(checkout):
    with pytest.raises(LaunchError, match="is missing") as missing:
        chain.find_anvil()
    assert "CHAIN_RPC_URLS" in missing.value.fix


def test_the_named_browser_wins_and_must_run(tmp_path, monkeypatch):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(LaunchError, match="CHROMIUM_PATH"):
        browser.find({"CHROMIUM_PATH": str(program)})
    program.chmod(0o755)
    assert browser.find({"CHROMIUM_PATH": str(program)}) == str(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find({}) == str(program)
    monkeypatch.setenv("PATH", os.devnull)
    assert browser.find({}) is None
