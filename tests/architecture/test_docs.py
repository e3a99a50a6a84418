"""The documents are true where a machine can tell: what they point to exists, decisions have their form."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.test import RequestFactory
from rest_framework import exceptions as drf

from apps.common.http import STATUS, answer_error
from tests.architecture.source import ROOT, Finding, dotted, files, name, python_files, report, text, tree

LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)\s#]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`\n]+)`")
TOP = re.compile(
    r"^(apps|bench|config|contracts|deploy|docs|launcher|locale|matching|requirements|static|templates|tests)/"
)
FILE = re.compile(r"^[\w./-]+$")

DECISIONS = ROOT / "docs" / "adr"
PARTS = ["Status", "Context", "Decision", "Consequences"]
DECISION_LINES = 25

ERRORS = ROOT / "docs" / "api" / "errors.md"
# As the page at /docs/errors reads it: nothing in a cell may look like markdown.
ROW = re.compile(r"^\| `(\w+)` \| [^|`]+[.] \| (\d{3}) \|$", re.MULTILINE)
# What Django REST framework refuses by itself.
FRAMEWORK = (drf.MethodNotAllowed("DELETE"), drf.NotAcceptable(), drf.UnsupportedMediaType("text/csv"))


def documents() -> list[Path]:
    """Return the documents written by hand."""
    return [path for path in files() if path.suffix == ".md" and not name(path).startswith("static/")]


def broken_links(path: Path) -> list[Finding]:
    """Find links to files that don't exist, and paths in code type that nothing in the repository has."""
    findings = []
    for number, line in enumerate(text(path).splitlines(), start=1):
        links = [
            (ROOT / link[1:] if link[0] == "/" else path.parent / link, link) for link in LINK.findall(line)
        ]
        places = [place.partition(":")[0] for place in CODE.findall(line)]
        places = [place for place in places if TOP.match(place) and FILE.match(place)]
        targets = links + [(ROOT / place, place) for place in places]
        findings += [
            Finding(name(path), number, written) for target, written in targets if not target.exists()
        ]
    return findings


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


@cache
def bases() -> dict[str, set[str]]:
    """Return every class of the apps with the names of its bases."""
    return {
        node.name: {dotted(base).rpartition(".")[2] for base in node.bases}
        for path in python_files("apps")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    }


def error_classes() -> set[str]:
    """Return the names of DomainError and of every class that descends from it."""
    known = {"DomainError"}
    while more := {child for child, parents in bases().items() if parents & known} - known:
        known |= more
    return known


def status(title: str) -> int:
    """Return the HTTP status that an error class is answered with; 400 where no kind says otherwise."""
    known = {kind.__name__: number for kind, number in STATUS.items()}
    while title not in known:
        title = next(iter(bases().get(title, ())), "")
        if not title or title == "Exception":
            return 400
    return known[title]


def codes_in(module: ast.Module, classes: set[str]) -> set[tuple[str, str]]:
    """Return (code, class) of what a file defines on an error class or gives to an error that it makes."""
    found = set()
    for node in ast.walk(module):
        match node:
            case ast.ClassDef(name=title) if title in classes:
                assigned = (part for part in node.body if isinstance(part, ast.Assign | ast.AnnAssign))
                found |= {(_literal(part.value), title) for part in assigned if _target(part) == "code"}
            case ast.Call() if (title := dotted(node.func).rpartition(".")[2]) in classes:
                found |= {(_literal(part.value), title) for part in node.keywords if part.arg == "code"}
    return {(code, title) for code, title in found if code}


def codes() -> dict[str, int]:
    """Return every error code of the code base and its status."""
    classes = error_classes()
    found = {pair for path in python_files("apps", "config") for pair in codes_in(tree(path), classes)}
    return {code: status(title) for code, title in found} | framework_codes()


def framework_codes() -> dict[str, int]:
    """Return the codes of the framework's own refusals as we answer them."""
    answers = (answer_error(error, {"request": RequestFactory().get("/")}) for error in FRAMEWORK)
    return {answer.data["code"]: answer.status_code for answer in answers if answer is not None}


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    return dotted(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def _literal(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_what_documents_point_to_exists():
    report(
        [found for path in documents() for found in broken_links(path)],
        "A document points to what doesn't exist.",
    )


def test_broken_links_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    monkeypatch.setattr("tests.architecture.source.ROOT", tmp_path)
    (tmp_path / "apps").mkdir()
    page = tmp_path / "page.md"
    page.write_text("[good](page.md) `apps/` `apps/<app>/models.py` [bad](gone.md) `apps/gone.py`\n")
    assert [str(found) for found in broken_links(page)] == [
        "page.md:1: gone.md",
        "page.md:1: apps/gone.py",
    ]


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.stem)
def test_a_decision_has_its_form(path):
    lines = text(path).splitlines()
    number = path.name[:4]
    assert re.match(rf"# {number}\. \S", lines[0]), "the title begins with the decision's number"
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == PARTS
    assert len(lines) <= DECISION_LINES, (
        f"a decision has at most {DECISION_LINES} lines, this one {len(lines)}"
    )


def test_decisions_are_numbered_and_listed():
    numbers = [int(path.name[:4]) for path in decisions()]
    assert numbers == list(range(1, len(numbers) + 1))
    index = text(DECISIONS / "README.md")
    assert [path.name for path in decisions() if f"]({path.name})" not in index] == []


def test_every_error_code_is_explained():
    explained = {code: int(number) for code, number in ROW.findall(text(ERRORS))}
    assert len(explained) == sum(line.startswith("| `") for line in text(ERRORS).splitlines())
    assert codes().keys() - explained.keys() == set(), "codes that docs/api/errors.md doesn't explain"
    assert explained.keys() - codes().keys() == set(), "codes in docs/api/errors.md that nothing raises"
    assert explained == codes(), "docs/api/errors.md names another status"


def test_error_codes_are_words():
    assert [code for code in codes() if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", code)] == []


def test_codes_are_read_from_classes_and_calls():
    sample = ast.parse('class A(Conflict):\n    code = "a"\nraise Invalid("x", code="b")\nprint(code="c")')
    assert codes_in(sample, {"A", "Conflict", "Invalid"}) == {("a", "A"), ("b", "Invalid")}
    assert (status("InsufficientFunds"), status("WrongCredentials"), status("DomainError")) == (422, 401, 400)


def variables() -> set[str]:
    """Return the names of the environment's variables that the settings read."""
    return {
        variable
        for path in python_files("config")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[0] in {"env", "keyring", "_database"}
        for variable in (_literal(argument) for argument in node.args[:1])
        if variable.isupper()
    }


def test_every_variable_of_the_environment_is_documented():
    explained = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", text(ROOT / "docs" / "operations" / "running.md")))
    assert variables() >= {"SECRET_KEY", "FIELD_KEYS", "DATABASE_URL"}, "the reader of settings reads nothing"
    assert variables() - explained == set()
