"""What may lie in the repository: nothing of one machine, no secret, nothing huge, and honest lock files."""

import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT, Finding, files, matches, name, report, text

MAX_BYTES = 1_000_000
LARGE_ALLOWED: set[str] = set()  # fonts of ours that are larger than MAX_BYTES; none is today
GENERATED = {"package-lock.json"}
VENDORED = ("static/vendor/", "static/css/alef.css", "contracts/abi/")


def split(*parts: str) -> re.Pattern[str]:
    """Compile alternatives written with a `%` inside, so that this file doesn't hold what it looks for."""
    return re.compile("|".join(parts).replace("%", ""), re.IGNORECASE)


_END = r"(?=[/\s\"'`),:;\]]|$)"
MACHINE_PATHS = split(rf"(?<![\w./<$}}~-])/(wo%rk|ro%ot|home/[a-z]\w*|Us%ers/\w+){_END}")
REGISTRIES = split(
    r"pypi\.%org",
    r"pythonhosted\.%org",
    r"registry\.npm%js",
    r"registry\.yarn%pkg",
    r"static\.crates\.%io",
    r"--(extra-)?index-%url",
    r"--find-%links",
    r"^\s*registry%\s*=",
)
MAKING = split(
    r"\bclau%de\b",
    r"\banthro%pic",
    r"\bopen%ai\b",
    r"\bchat%gpt",
    r"\bco%pilot\b",
    r"\bll%ms?\b",
    r"\blanguage mod%els?\b",
    r"\bsub-?ag%ents?\b",
    r"\bai[- ]gener%ated\b",
    r"\bco-authored%-by\b",
    r"\bsubmis%sion [a-d]\b",
    r"\b(see|the|in|of|for) iss%ue #?\d+|\biss%ues? #\d+",
    r"\bacceptance crit%eri",
    r"\bthe bri%ef\b",
    r"\bmy colle%ague",
    r"\b(house|founda%tions|stack)\.m%d\b",
)
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\b[sr]k_live_[A-Za-z0-9]{16}|\bxox[abps]-[A-Za-z0-9-]{10}"
    r"|\beyJ[\w-]{16,}\.[\w-]{16,}\.[\w-]{16,}"
)
LONG_KEY = re.compile(
    r"(key|secret|seed|mnemonic|private)\w*\W{1,8}(0x)?(?P<key>[0-9a-f]{64})\b", re.IGNORECASE
)
# The keys that every Anvil and Hardhat starts with: published, worth nothing, known to everybody.
DEVELOPMENT_KEYS = {
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
}

REQUIREMENTS = ROOT / "requirements"
INPUTS = sorted(REQUIREMENTS.glob("*.in"))


def ours() -> list[Path]:
    """Return the files that we write ourselves."""
    return [p for p in files() if name(p) not in GENERATED and not name(p).startswith(VENDORED)]


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[Finding]:
    """Find a pattern in some files."""
    return [Finding(name(path), line, repr(what)) for path in paths for line, what in matches(pattern, path)]


def long_keys(path: Path) -> list[Finding]:
    """Find 256-bit keys that aren't the published ones of development chains."""
    return [
        Finding(name(path), number, "a 256-bit key")
        for number, line in enumerate(text(path).splitlines(), start=1)
        for match in LONG_KEY.finditer(line)
        if match["key"].lower() not in DEVELOPMENT_KEYS
    ]


def wanted(path: Path) -> list[tuple[int, str, str]]:
    """Return the requirements written in a .in file: line, requirement or "-r file", and the comment."""
    lines = []
    for number, line in enumerate(text(path).splitlines(), start=1):
        requirement, _, why = line.partition("#")
        if requirement.strip():
            lines.append((number, requirement.strip(), why.strip()))
    return lines


def top_level(path: Path) -> list[Requirement]:
    """Return what a .in file and those it includes ask for."""
    asked = []
    for _, requirement, _ in wanted(path):
        if requirement.startswith("-r "):
            asked += top_level(path.parent / requirement.removeprefix("-r ").strip())
        else:
            asked.append(Requirement(requirement))
    return asked


def pinned(path: Path) -> dict[str, tuple[str, int]]:
    """Return name → (version, number of hashes) of a compiled .txt file; a fork by marker keeps the last."""
    pins: dict[str, tuple[str, int]] = {}
    current = ""
    for line in text(path).splitlines():
        if pin := re.match(r"([A-Za-z0-9][\w.\-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", line):
            current = canonicalize_name(pin[1])
            pins[current] = (pin[2], 0)
        elif line.lstrip().startswith("--hash=sha256:"):
            version, hashes = pins[current]
            pins[current] = (version, hashes + 1)
    return pins


def test_no_path_of_a_machine():
    report(found(MACHINE_PATHS, ours()), "A path of one machine has no meaning on another.")


def test_no_host_of_a_package_registry():
    report(found(REGISTRIES, list(files())), "Where packages come from is the machine's setting, not ours.")


def test_nothing_about_how_it_was_made():
    report(found(MAKING, ours()), "The repository speaks of the product, not of how it was made.")


def test_no_secret():
    findings = found(SECRETS, list(files())) + [key for path in ours() for key in long_keys(path)]
    report(findings, "A secret lives in the environment or in STATE, never in the repository.")


def test_no_large_file():
    findings = [
        Finding(name(path), 1, f"{size} bytes")
        for path in files()
        if (size := path.stat().st_size) > MAX_BYTES and name(path) not in LARGE_ALLOWED
    ]
    report(findings, f"A file has at most {MAX_BYTES} bytes.")


def test_the_patterns_see_what_they_forbid():
    def whole(text: str) -> str:
        return text.replace("%", "")

    assert MACHINE_PATHS.search(whole("cd /wo%rk/main"))
    assert MACHINE_PATHS.search(whole("'/ro%ot'"))
    assert not MACHINE_PATHS.search(
        "path('accounts/home/', home)  # apps/work/x, /workers and https://a/root"
    )
    assert REGISTRIES.search(whole("https://pypi.%org/simple"))
    assert MAKING.search(whole("as Clau%de wrote"))
    assert MAKING.search(whole("see iss%ue 2"))
    assert not MAKING.search("an issuer issues 2 tokens; to issue 3; the transfer agent briefly agrees")
    assert SECRETS.search(whole("-----BEGIN EC PRIV%ATE KEY-----"))
    assert LONG_KEY.search('private_key = "0x' + "ab" * 32 + '"')


def test_the_npm_lock_names_no_address():
    lock = json.loads(text(ROOT / "package-lock.json"))
    assert lock["packages"]
    bare = [place for place, package in lock["packages"].items() if "resolved" in package]
    assert not bare, f"npm install wrote addresses; .npmrc asks it not to: {bare[:5]}"
    missing = [place for place, package in lock["packages"].items() if place and not package.get("integrity")]
    assert not missing, f"without a hash: {missing[:5]}"


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_every_requirement_says_why_it_is_there(path):
    findings = [
        Finding(name(path), line, f"{requirement} has no comment")
        for line, requirement, why in wanted(path)
        if not why and not requirement.startswith("-r ")
    ]
    report(findings, "A dependency is a debt; its line says what we get for it.")


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_the_compiled_requirements_are_in_step(path):
    pins = pinned(path.with_suffix(".txt"))
    assert pins, f"{path.stem}.txt pins nothing"
    findings = [
        Finding(
            name(path), 1, f"{asked} is not what {path.stem}.txt pins ({pins.get(package, ('nothing',))[0]})"
        )
        for asked in top_level(path)
        if (package := canonicalize_name(asked.name)) not in pins
        or not asked.specifier.contains(pins[package][0])
    ]
    findings += [
        Finding(name(path.with_suffix(".txt")), 1, f"{package} has no hash")
        for package, (_, hashes) in pins.items()
        if not hashes
    ]
    report(findings, "Compile again: uv pip compile --universal --python-version 3.11 --generate-hashes.")
