"""House rules of templates: a strict policy of content, both directions of reading, no dead names."""

import json
import re

import pytest
from django.conf import settings
from django.template.loader import get_template

TEMPLATES = settings.BASE_DIR / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
COMPONENTS = TEMPLATES / "components"
ICONS = set(json.loads((settings.BASE_DIR / "static/icons/icons.json").read_text())["icons"])
# Mail is read in mail programs: they know inline styles only, and our policy doesn't reach them.
SOURCES = {
    name: page.read_text()
    for page in PAGES
    if not (name := page.relative_to(TEMPLATES).as_posix()).startswith("mail/")
}

PHYSICAL = re.compile(
    r"(?<![\w-])-?(?:[a-z0-9-]+:)*!?-?(?:(?:ml|mr|pl|pr|left|right)-[\w\[.]+|text-(?:left|right)"
    r"|(?:border|rounded)-(?:l|r|tl|tr|bl|br)(?:-[\w]+)?|float-(?:left|right))(?![\w-])"
)
TAG = re.compile(
    r"<(?P<name>[a-z][\w.-]*)(?P<attrs>(?:\{%.*?%\}|\{\{.*?\}\}|\"[^\"]*\"|'[^']*'|[^>\"'])*)>", re.DOTALL
)
HTMX = re.compile(r"\shx-(?:get|post|put|patch|delete|boost|ws|action)\b")
STAMPED = {"c-button", "c-icon-button", "c-form", "c-tab", "c-menu-item"}
CLASSES = re.compile(r"class=\"([^\"]*)\"")
DYNAMIC = re.compile(r"\s:([a-z][\w-]*)=")


def findings(rule):
    return {name: found for name, source in SOURCES.items() if (found := rule(source))}


def component_file(tag):
    return COMPONENTS / (tag.removeprefix("c-").replace(".", "/").replace("-", "_") + ".html")


def declared(tag):
    """Return the names in a component's <c-vars>, which it prints escaped."""
    variables = re.search(r"<c-vars(.*?)/>", component_file(tag).read_text(), re.DOTALL)
    return set(re.findall(r"\s:?([a-z][\w-]*)(?==|\s|$)", variables[1])) if variables else set()


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_it_compiles(name):
    assert get_template(name)


def test_no_inline_style_or_handler():
    """The policy of content (SEC-3) would block them in silence."""
    assert not findings(lambda source: re.findall(r"<[^>]*\s(?:style|on[a-z]+)=|hx-on|<style|\bjs:", source))


def test_only_logical_utilities():
    assert not findings(lambda source: [c for c in CLASSES.findall(source) for c in PHYSICAL.findall(c)])


@pytest.mark.parametrize(
    ("classes", "wrong"),
    [
        ("ml-2", 1),
        ("md:pl-4", 1),
        ("text-left", 1),
        ("-right-1", 1),
        ("rounded-l-md", 1),
        ("ms-2 pe-1 start-0", 0),
    ],
)
def test_the_rule_of_logical_utilities_sees(classes, wrong):
    assert len(PHYSICAL.findall(classes)) == wrong


def test_every_htmx_element_carries_the_nonce():
    """Without it the csp extension strips its attributes, so that injected markup can't act."""

    def missing(source):
        return [
            tag["name"]
            for tag in TAG.finditer(source)
            if HTMX.search(tag["attrs"]) and tag["name"] not in STAMPED and "hx-nonce" not in tag["attrs"]
        ]

    assert not findings(missing)


def test_icons_exist():
    named = re.compile(r"(?:\bicon(?:-end)?=|<c-icon name=|\{% icon )\"([a-z0-9-]+)\"")
    assert not findings(lambda source: [icon for icon in named.findall(source) if icon not in ICONS])


def test_components_exist():
    used = re.compile(r"<(c-[a-z][\w.-]*)")
    unknown = findings(
        lambda source: [
            tag
            for tag in used.findall(source)
            if tag not in {"c-vars", "c-slot"} and not component_file(tag).is_file()
        ]
    )
    assert not unknown


def test_dynamic_attributes_are_declared():
    """An undeclared one is passed on to the element unescaped, so it must be written as text."""

    def loose(source):
        return [
            f"{tag['name']} :{name}"
            for tag in TAG.finditer(source)
            if tag["name"].startswith("c-") and tag["name"] != "c-vars"
            for name in DYNAMIC.findall(tag["attrs"])
            if name != "attrs" and name not in declared(tag["name"])
        ]

    assert not findings(loose)


def test_every_component_is_on_the_living_page():
    page = "".join(
        source
        for name, source in SOURCES.items()
        if name.startswith(("portals/components", "portals/specimens"))
    )
    page += "".join(SOURCES[f"components/living/{part}.html"] for part in ("matrix", "section", "switch"))
    inside = {"field_errors", "error_summary", "reveal"}  # parts of c-field and c-form
    names = {path.stem for path in COMPONENTS.glob("*.html") if not path.stem.startswith("_")} - inside
    assert not {name for name in names if f"<c-{name.replace('_', '-')}" not in page}
