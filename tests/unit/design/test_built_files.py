"""What the browser gets is built, pinned and committed: nothing is fetched, nothing is stale."""

import hashlib
import json
import shutil
import subprocess

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
LOCK = json.loads((VENDOR / "vendor.lock.json").read_text())
PACKAGES = json.loads((ROOT / "package.json").read_text())


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", sorted(LOCK))
def test_a_vendored_file_is_the_one_that_was_pinned(name):
    assert digest(VENDOR / name) == LOCK[name]["sha256"]


def test_nothing_is_vendored_without_a_pin():
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert present == {*LOCK, "vendor.lock.json"}


def test_every_vendored_package_brings_its_licence():
    folders = {name.split("/")[0] for name in LOCK}
    assert folders == {name.split("/")[0] for name in LOCK if name.endswith("/LICENSE")}
    assert all(entry["license"] for entry in LOCK.values())


def test_vendored_versions_are_those_of_package_json():
    pinned = PACKAGES["devDependencies"]
    listed = {entry["package"]: entry["version"] for entry in LOCK.values()}
    assert {name: version for name, version in listed.items() if name in pinned} == {
        name: pinned[name] for name in listed if name in pinned
    }


def test_dependencies_are_exact_and_the_lock_names_no_registry():
    versions = [*PACKAGES["dependencies"].values(), *PACKAGES["devDependencies"].values()]
    assert all(version[0].isdigit() for version in versions)
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]


def test_the_script_is_built_from_its_parts():
    built = (STATIC / "js/alef.js").read_text()
    parts = sorted((STATIC / "js/parts").glob("*.js"))
    assert parts
    positions = [built.find(part.read_text().strip()) for part in parts]
    assert -1 not in positions
    assert positions == sorted(positions)


def test_the_sprite_holds_the_icons_that_are_listed():
    icons = json.loads((STATIC / "icons/icons.json").read_text())["icons"]
    sprite = (VENDOR / "lucide/sprite.svg").read_text()
    assert [line.split('"')[1] for line in sprite.splitlines() if line.startswith("<symbol")] == icons


@pytest.mark.skipif(
    not shutil.which("node") or not (ROOT / "node_modules/@tailwindcss/cli").is_dir(),
    reason="needs node and `npm ci`",
)
def test_built_files_are_current():
    done = subprocess.run(
        [shutil.which("node"), "static/build.mjs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
