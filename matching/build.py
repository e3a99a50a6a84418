"""Build the compiled engine where it is used: `python matching/build.py`, done in seconds, or at once.

It turns compiled.pyx and the C++ in core/ into one module beside them. That takes Cython, setuptools, a C++
compiler and Python's headers; where one of them is missing, one line says which and the reference stays in
use. The module carries a digest of what it was built from, so it is built again exactly when the sources,
the Python or the compiler are others, and one of other sources is never loaded.

This file is run by its path and imports nothing of the package, which may be in any state while it runs.
"""

import contextlib
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
MODULE = PACKAGE / f"compiled{EXTENSION_SUFFIXES[0]}"
WORK = PACKAGE / "build"
LOG = WORK / "log.txt"
FAULT = WORK / "fault.txt"  # why the last try failed, for `fault`
FLAGS = ("-std=c++17", "-O3", "-g0", "-fvisibility=hidden")
COMPILERS = ("g++", "c++", "clang++")
LONGEST = 900  # seconds that a build may take
HOW = "python matching/build.py"


class CannotBuildError(Exception):
    """What is missing, and how to get it, in one line."""


def fault() -> str | None:
    """Say why the compiled engine cannot be loaded, or None if it can.

    Where the sources are not beside the module, both came out of one package and are believed.
    """
    if not (PACKAGE / "compiled.pyx").exists():
        return None
    if not MODULE.exists():
        with contextlib.suppress(OSError):
            return FAULT.read_text(encoding="utf-8").strip()
        return f"it was never built; {HOW} does"
    return None if _carries(sources()) else f"it was built from other sources; {HOW} builds it anew"


def is_current() -> bool:
    """Say whether the module is there, of these sources, this Python and this compiler.

    Where no compiler is left, the one it was built with is as good as any.
    """
    compiler = find_compiler()
    return _carries(sources(), *([_identity(compiler)] if compiler else []))


def build() -> None:
    """Build the module unless it is current. Two at once build it once; a kill leaves the old one.

    Raises:
        CannotBuildError: something is missing, or the compiler refuses.
    """
    if is_current():
        return
    try:
        with _alone():
            if not is_current():
                _build()
        FAULT.unlink(missing_ok=True)
    except CannotBuildError as error:
        with contextlib.suppress(OSError):
            FAULT.write_text(f"{error}\n", encoding="utf-8")
        raise
    except OSError as error:
        raise CannotBuildError(f"{error.filename or WORK} cannot be written: {error.strerror}") from error


def main(arguments: list[str]) -> int:
    """Run the command line: nothing, or `--check`, which builds nothing and exits with 1 if it is due."""
    if arguments == ["--check"]:
        return 0 if is_current() else 1
    if arguments[:1] == ["--compile"]:
        _compile(Path(arguments[1]))
        return 0
    try:
        build()
    except CannotBuildError as error:
        used = "The engine runs as plain Python, which is slower" if fault() else "The engine stays as it was"
        sys.stdout.write(f"{used}: {error}\n")
        return 1
    return 0


def sources() -> str:
    """Return a mark over the bytes of everything that the module is made of."""
    found = [
        path for pattern in ("build.py", "*.pyx", "*.pxd", "core/*.hpp") for path in PACKAGE.glob(pattern)
    ]
    total = hashlib.sha256()
    for path in sorted(found):
        content = path.read_bytes()
        total.update(f"{path.name} {len(content)} ".encode() + content)
    return f"sources {total.hexdigest()}"


def _identity(compiler: list[str]) -> str:
    """Return a mark for a compiler: what it says of itself."""
    try:
        told = subprocess.run(
            [*compiler, "--version"], check=False, capture_output=True, text=True, timeout=60
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        told = ""
    return f"compiler {hashlib.sha256(told.encode()).hexdigest()}"


def _carries(*marks: str) -> bool:
    """Say whether the module carries all these marks. It is not loaded for that."""
    try:
        content = MODULE.read_bytes()
    except OSError:
        return False
    return all(mark.encode() in content for mark in marks)


def find_compiler() -> list[str] | None:
    """Return the command of the C++ compiler: CXX, else the one of this Python, else the first there is."""
    named = os.environ.get("CXX")
    for text in (named,) if named else (sysconfig.get_config_var("CXX"), *COMPILERS):
        words = shlex.split(text or "")
        if words and shutil.which(words[0]):
            return words[:1] if not named else words
    return None


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of the build for the block; the kernel frees it, however this process ends."""
    WORK.mkdir(exist_ok=True)
    import fcntl  # here, for whoever imports the package on a system without it

    with (WORK / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build() -> None:
    missing = [name for name in ("Cython", "setuptools") if importlib.util.find_spec(name) is None]
    if missing:
        raise CannotBuildError(f"{' and '.join(missing)} not installed (pip install cython setuptools)")
    compiler = find_compiler()
    if compiler is None:
        raise CannotBuildError("there is no C++ compiler (apt install g++ python3-dev)")
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").exists():
        raise CannotBuildError(f"Python's headers are not in {headers} (apt install python3-dev)")
    for remains in WORK.glob("try-*"):  # of a build that was killed: we hold the lock
        shutil.rmtree(remains, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="try-", dir=WORK) as folder, LOG.open("wb") as log:
        # -P keeps this folder off the path, where our modules could be taken for others of the same name.
        command = [sys.executable, "-P", str(Path(__file__)), "--compile", folder]
        text = shlex.join(compiler)
        try:
            subprocess.run(
                command,
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=LONGEST,
                env={**os.environ, "CC": text, "CXX": text},
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise CannotBuildError(f"it could not be compiled; see {LOG}") from error
        (Path(folder) / "matching" / MODULE.name).replace(MODULE)


def _compile(folder: Path) -> None:
    """Translate and compile into a folder, in a process of its own: setuptools changes the one it runs in."""
    import setuptools  # first, for it brings the distutils that Cython asks for
    from Cython.Build import cythonize
    from setuptools.command.build_ext import build_ext

    compiler = shlex.split(os.environ["CXX"])
    extension = setuptools.Extension(
        "matching.compiled",
        [str(PACKAGE / "compiled.pyx")],
        include_dirs=[str(PACKAGE / "core")],
        define_macros=[("ALEF_SOURCES", f'"{sources()}"'), ("ALEF_COMPILER", f'"{_identity(compiler)}"')],
        extra_compile_args=list(FLAGS),
        language="c++",
    )
    modules = cythonize([extension], build_dir=str(folder), force=True)  # type: ignore[no-untyped-call]  # has no types
    command = build_ext(setuptools.Distribution({"name": "matching", "ext_modules": modules}))
    command.build_lib = command.build_temp = str(folder)
    command.ensure_finalized()
    command.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
