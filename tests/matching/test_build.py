"""The compiled engine is built when it is due, and whatever goes wrong, the reference is there."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

import matching
from matching import build

SLOWER = "The engine runs as plain Python, which is slower: "
compiles = pytest.mark.skipif(
    build.find_compiler() is None or not Path(sysconfig.get_path("include"), "Python.h").exists(),
    reason="no C++ compiler or no headers of Python here",
)


def copy_of(folder):
    """Copy the package without anything built, and return where it is."""
    package = folder / "matching"
    shutil.copytree(build.PACKAGE, package, ignore=shutil.ignore_patterns("*.so", "build", "__pycache__"))
    return package


def start(package, *arguments, **options):
    """Start the build of a copy as a person would."""
    return subprocess.Popen(
        [sys.executable, str(package / "build.py"), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )


def told(package, *arguments, **environ):
    """Run the build of a copy; return its exit code and what it said."""
    process = start(package, *arguments, env={**os.environ, **environ})
    said, _ = process.communicate(timeout=600)
    return process.returncode, said


def info(package):
    """Ask a copy, in a process of its own, which engine it uses and why not the compiled one."""
    script = "import matching; told = matching.info(); print(told['engine'], told['compiled_missing'])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(package.parent)!r}); {script}"],
        check=True,
        capture_output=True,
        text=True,
        cwd=package.parent,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )
    return done.stdout.strip()


def module_of(package):
    return package / build.MODULE.name


@pytest.fixture
def package(tmp_path):
    """A copy in which nothing is built."""
    return copy_of(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy that was built by two at once, after a build that was killed in the middle."""
    package = copy_of(tmp_path_factory.mktemp("built"))
    killed = start(package, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(package.glob("build/try-*/**/*.cpp")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert list(package.glob("build/try-*")), "it was in the middle"
    assert not module_of(package).exists()
    processes = [start(package), start(package)]
    said = [process.communicate(timeout=600)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert said == ["", ""]
    return package


@pytest.fixture
def built_copy(built, tmp_path):
    """A copy with the module in it, for one test to change."""
    shutil.copytree(built, tmp_path / "matching")
    return tmp_path / "matching"


def test_no_module_of_other_sources_lies_here():
    """Else all tests would run on the reference alone, and nobody would notice."""
    assert not build.MODULE.exists() or build.fault() is None
    if os.environ.get("CI") and build.find_compiler():  # there it must be the compiled engine that is tested
        assert "compiled" in matching.info()["available"]


@compiles
def test_what_is_built_is_used_and_not_built_again(built):
    assert info(built) == "compiled None"
    assert not list(built.glob("build/try-*"))
    assert [path.name for path in built.glob("*.so")] == [build.MODULE.name]
    before = module_of(built).stat()
    assert told(built) == (0, "")
    assert told(built, "--check") == (0, "")
    assert module_of(built).stat().st_ino == before.st_ino


@compiles
def test_where_no_compiler_is_left_the_module_stays(built):
    nowhere = {"PATH": "/nowhere", "CXX": ""}
    assert told(built, "--check", **nowhere) == (0, "")
    assert told(built, **nowhere) == (0, "")


@compiles
@pytest.mark.parametrize("changed", ["compiled.pyx", "core.pxd", "core/engine.hpp", "build.py"])
def test_a_module_of_other_sources_is_refused(built_copy, changed):
    with (built_copy / changed).open("a") as file:
        file.write("\n\n" if changed.endswith(("py", "pyx", "pxd")) else "// newer\n")
    engine, _, why = info(built_copy).partition(" ")
    assert engine == "reference"
    assert why == "it was built from other sources; python matching/build.py builds it anew"
    assert told(built_copy, "--check") == (1, "")


@compiles
def test_another_compiler_builds_anew_and_one_that_fails_leaves_what_there_was(built_copy):
    code, said = told(built_copy, CXX="/bin/false")
    assert code == 1
    assert said.startswith("The engine stays as it was: it could not be compiled; see ")
    assert info(built_copy) == "compiled None"
    assert told(built_copy, "--check") == (0, "")


@compiles
def test_a_module_that_does_not_load_is_not_used(built_copy):
    mark = build.sources()
    module_of(built_copy).write_bytes(b"not a library, but with " + mark.encode())
    assert info(built_copy).startswith("reference ")
    assert "invalid ELF header" in info(built_copy) or sys.platform != "linux"


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"CXX": "/bin/false"}, "it could not be compiled; see "),
        ({"CXX": "no-such-compiler"}, "there is no C++ compiler (apt install g++ python3-dev)"),
        ({"CXX": "", "PATH": "/nowhere"}, "there is no C++ compiler (apt install g++ python3-dev)"),
    ],
)
def test_without_a_compiler_the_reference_is_used_and_one_line_says_why(package, environ, why):
    assert info(package) == "reference it was never built; python matching/build.py does"
    code, said = told(package, **environ)
    assert code == 1
    assert said.startswith(SLOWER + why)
    assert said.count("\n") == 1
    assert info(package) == "reference " + said.removeprefix(SLOWER).strip()
    assert not list(package.glob("build/try-*"))
    if environ["CXX"] == "/bin/false":
        assert "/bin/false" in (package / "build" / "log.txt").read_text(encoding="utf-8")


def loaded(package):
    """Load the build of a copy into this process."""
    spec = importlib.util.spec_from_file_location("build_of_a_copy", package / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_the_headers_of_python(package, monkeypatch):
    module = loaded(package)
    monkeypatch.setattr(module, "find_compiler", lambda: ["c++"])
    monkeypatch.setattr(module.sysconfig, "get_path", lambda name: "/nowhere")
    with pytest.raises(
        module.CannotBuildError, match=r"Python's headers are not in /nowhere \(apt install python3-dev\)"
    ):
        module.build()
    assert "headers" in module.fault()


def test_without_cython(package):
    done = subprocess.run(
        [sys.executable, "-S", str(package / "build.py")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == f"{SLOWER}Cython and setuptools not installed (pip install cython setuptools)\n"
    assert not done.stderr


def test_where_nothing_can_be_written(package):
    (package / "build").write_text("a file where the folder would be")
    code, said = told(package)
    assert code == 1
    assert said.startswith(f"{SLOWER}{package / 'build'} cannot be written: ")
    assert info(package).startswith("reference ")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_tree_that_belongs_to_somebody_else(package):
    package.chmod(0o555)
    try:
        code, said = told(package)
    finally:
        package.chmod(0o755)
    assert code == 1
    assert "cannot be written" in said


def test_a_package_without_sources_believes_its_module(package):
    (package / "compiled.pyx").unlink()
    assert info(package) == "reference No module named 'matching.compiled'"
