"""Which specification items have a test that says so, by `@pytest.mark.spec("LED-2")`."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, Finding, dotted, name, python_files, report, tree

SPECIFICATION = ROOT.parent / "shared" / "spec"
ITEM = re.compile(r"^- ([A-Z][A-Z0-9]*-\d+[a-z]?)\b")


def specified() -> set[str]:
    """Return the ids of the specification's items."""
    lines = (line for path in SPECIFICATION.glob("*.md") for line in path.read_text("utf-8").splitlines())
    return {found[1] for line in lines if (found := ITEM.match(line))}


def marks(module: ast.AST) -> Iterator[tuple[str, int]]:
    """Go over the ids that a file marks, with their lines; an empty id for one that isn't written out."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and dotted(node.func).endswith("mark.spec"):
            for argument in node.args:
                match argument:
                    case ast.Constant(value=str(written)):
                        yield written, node.lineno
                    case ast.Starred():
                        pass  # made from data: counted where pytest collected the test
                    case _:
                        yield "", node.lineno


def marked() -> list[tuple[str, str, int]]:
    """Return (id, file, line) of every mark in tests/, but for this file's own samples."""
    paths = (path for path in python_files("tests") if not path.samefile(__file__))
    return [(item, name(path), line) for path in paths for item, line in marks(tree(path))]


def collected(session: pytest.Session) -> list[tuple[str, str, int]]:
    """Return (id, test, 1) of every mark on the tests that this run collected."""
    found = ((mark.args, test) for test in session.items for mark in test.iter_markers("spec"))
    return [(item, test.nodeid, 1) for items, test in found for item in items]


def summary(items: set[str], shown: set[str]) -> str:
    """Return one line for each area that has tests: how many of its items, and which have none yet."""
    areas = defaultdict(list)
    for item in sorted(items, key=_order):
        areas[item.partition("-")[0]].append(item)
    lines = [f"\nspecification: {len(items & shown)} of {len(items)} items have a test that names them"]
    for area, all_items in areas.items():
        missing = [item.partition("-")[2] for item in all_items if item not in shown]
        if len(missing) < len(all_items):
            rest = f"   without: {' '.join(missing)}" if missing else ""
            lines.append(f"  {area:<5}{len(all_items) - len(missing):>3} of {len(all_items)}{rest}")
    untouched = [f"{area} {len(ids)}" for area, ids in areas.items() if not shown & set(ids)]
    return "\n".join([*lines, *([f"  none of: {', '.join(untouched)}"] if untouched else [])])


def _order(item: str) -> tuple[str, int, str]:
    area, _, rest = item.partition("-")
    number = re.match(r"\d+", rest)
    return area, int(number[0]) if number else 0, rest


@pytest.mark.skipif(not SPECIFICATION.is_dir(), reason="the specification is not beside this checkout")
def test_every_mark_names_an_item_of_the_specification(request, capfd):
    items, all_marks = specified(), marked() + collected(request.session)
    assert items, "the specification was found, and no item in it"
    findings = [
        Finding(path, line, item or "not a literal id") for item, path, line in all_marks if item not in items
    ]
    with capfd.disabled():  # on stderr, which a worker of xdist passes on too
        sys.stderr.write(summary(items, {item for item, _, _ in all_marks}) + "\n")
    report(findings, "A mark names an item that the specification knows.")


def test_marks_and_items_are_read():
    sample = ast.parse('@pytest.mark.spec("LED-2", "AUD-1")\n@pytest.mark.spec(NAME)\ndef test(): pass')
    assert list(marks(sample)) == [("LED-2", 1), ("AUD-1", 1), ("", 2)]
    lines = ("- LED-2 Postings", "- RBAC-1a Acts", "see LED-2")
    assert [bool(ITEM.match(line)) for line in lines] == [True, True, False]
    assert summary({"LED-2", "LED-10", "AUD-1", "KYC-1"}, {"AUD-1", "LED-10"}).splitlines()[1:] == [
        "specification: 2 of 4 items have a test that names them",
        "  AUD    1 of 1",
        "  LED    1 of 2   without: 2",
        "  none of: KYC 1",
    ]
