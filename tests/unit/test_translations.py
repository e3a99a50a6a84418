"""The Arabic catalogue: complete, compiled, and true to what pages and forms say.

No gettext program is needed here: the catalogue is read by the few lines below, its compiled form by Python.
"""

import ast
import gettext as standard
import re
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.template.base import Lexer, TokenType
from django.utils import translation
from django.utils.translation import gettext, ngettext
from django.utils.translation.template import templatize

from apps.accounts import forms
from apps.portals.templatetags.states import STATES

UPDATE = "run `.venv/bin/python locale/update.py`, translate what it names in the .po, and run it again"
CATALOGUE = settings.BASE_DIR / "locale/ar/LC_MESSAGES/django.po"
COMPILED = CATALOGUE.with_suffix(".mo")
TEMPLATES = settings.BASE_DIR / "templates"
SAME_IN_ARABIC = {"CSV"}

PO_STRING = r'"(?:[^"\\]|\\.)*"'
PO_PART = re.compile(rf"^(msg\w+)(?:\[(\d)\])?((?:\s+{PO_STRING})+)", re.MULTILINE)
PYTHON_STRING = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*({PYTHON_STRING}(?:,\s*{PYTHON_STRING})*)")
MARKERS = {"_", *(f"{kind}gettext{late}" for kind in ("", "n", "p", "np") for late in ("", "_lazy", "_noop"))}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%]")
TAG = re.compile(r"</?[a-z][^>]*>")
ARABIC = re.compile(r"[\u060c\u0621-\u064a]")

NAMES = {"Alef", "FATCA", "TradingView", "Lightweight", "Charts"}  # the same in every language
ATTRIBUTES = {"page_class", "sidebar"}  # blocks of a layout that hold no text
# Examples of people and papers that don't exist, and templates that hold attributes, not text.
NOT_SPOKEN = ("portals/components", "portals/specimens/", "components/living/", "components/_")
SHOWN = re.compile(
    r"(?<![:\w?-])(?:title|lede|label|text|help|error|note|placeholder|alt|aria-label|back-label|detail|next|sentence)"
    r'="([^"]*)"'
)
MARKUP = re.compile(
    r"<!--.*?-->|<!doctype[^>]*>|<(script|style|svg|code)\b.*?</\1>|<(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>"
    r"|&\w+;",
    re.DOTALL | re.IGNORECASE,
)
WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True)
class Entry:
    """One message of the catalogue: its key (context and text), the English forms, the Arabic ones."""

    key: str
    english: tuple[str, ...]
    arabic: tuple[str, ...]
    fuzzy: bool


def key(text, context=None):
    return f"{context}\x04{text}" if context is not None else text


def entries():
    found = []
    for block in CATALOGUE.read_text(encoding="utf-8").split("\n\n"):
        parts = {
            name + number: "".join(ast.literal_eval(piece) for piece in re.findall(PO_STRING, literals))
            for name, number, literals in PO_PART.findall(block)
        }
        if "msgid" in parts:
            english = tuple(parts[name] for name in ("msgid", "msgid_plural") if name in parts)
            arabic = tuple(text for name, text in parts.items() if name.startswith("msgstr"))
            fuzzy = bool(re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)) and bool(parts["msgid"])
            found.append(Entry(key(parts["msgid"], parts.get("msgctxt")), english, arabic, fuzzy))
    return found


ENTRIES = entries()
MESSAGES = [entry for entry in ENTRIES if entry.key]


def keys_of(name, arguments):
    """Return the key of a marked string: its first argument, or the second after a context."""
    kind = name.removesuffix("_lazy").removesuffix("_noop")
    return key(arguments[1], arguments[0]) if kind in {"pgettext", "npgettext"} else key(arguments[0])


def said_in_templates():
    said = {}
    for page in sorted([*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]):
        for name, arguments in CALL.findall(templatize(page.read_text(encoding="utf-8"))):
            literals = ast.literal_eval(f"({arguments},)")
            said.setdefault(keys_of(name, literals), page.relative_to(settings.BASE_DIR).as_posix())
    return said


def said_in_python():
    said = {}
    for folder in ("apps", "config"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS:
                    literals = [part.value for part in node.args if isinstance(part, ast.Constant)]
                    where = path.relative_to(settings.BASE_DIR).as_posix()
                    said.setdefault(keys_of(node.func.id, literals), where)
    return said


SAID = said_in_python() | said_in_templates()


def test_every_string_of_pages_and_forms_is_in_the_catalogue():
    known = {entry.key for entry in MESSAGES}
    missing = {text: where for text, where in SAID.items() if text not in known}
    assert not missing, UPDATE


def test_the_catalogue_keeps_nothing_that_nobody_says():
    assert not {entry.key for entry in MESSAGES} - set(SAID), UPDATE
    assert "#~" not in CATALOGUE.read_text(encoding="utf-8"), UPDATE


def test_every_entry_is_translated():
    empty = [entry.key for entry in MESSAGES if not all(entry.arabic)]
    assert not empty, f"write their msgstr in {CATALOGUE.name}, then {UPDATE}"
    assert not [entry.key for entry in MESSAGES if entry.fuzzy], "a guess: correct it and take `fuzzy` away"
    assert not [
        entry.key
        for entry in MESSAGES
        if entry.key not in SAME_IN_ARABIC and not all(ARABIC.search(text) for text in entry.arabic)
    ]


def test_the_compiled_catalogue_is_the_written_one():
    written = {
        (entry.key, number) if len(entry.english) == 2 else entry.key: text
        for entry in ENTRIES
        for number, text in enumerate(entry.arabic)
    }
    with COMPILED.open("rb") as file:
        compiled = standard.GNUTranslations(file)
    assert vars(compiled)["_catalog"] == written, UPDATE


def test_numbers_have_the_six_forms_of_arabic():
    plurals = [entry for entry in MESSAGES if len(entry.english) == 2]
    assert plurals
    assert not [entry.key for entry in plurals if len(entry.arabic) != 6]
    with translation.override("ar"):
        said = [
            ngettext("%(n)s waiting for its seal", "%(n)s waiting for their seal", n)
            for n in (0, 1, 2, 3, 11, 100)
        ]
    assert len(set(said)) == 6


def test_no_two_states_have_the_same_word():
    with translation.override("ar"):
        words = [str(state.label) for state in STATES.values()]
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize("pattern", [PLACEHOLDER, TAG], ids=["placeholders", "tags"])
def test_what_is_put_in_is_put_in_in_arabic_too(pattern):
    """A form for none, one or two says the number by its words, so it may leave the placeholder out."""

    def marks(text):
        return sorted(pattern.findall(text))

    wrong = []
    for entry in MESSAGES:
        counted = len(entry.english) == 2
        wanted = marks(entry.english[-1])
        for number, text in enumerate(entry.arabic):
            if marks(text) != wanted and not (counted and number < 3 and set(marks(text)) <= set(wanted)):
                wrong.append((entry.key, text))
    assert not wrong


def test_the_catalogue_names_no_day_no_place_and_nobody():
    source = CATALOGUE.read_text(encoding="utf-8")
    stamps = "POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To"
    assert not re.search(rf'^#:|^"(?:{stamps}):', source, re.MULTILINE), UPDATE


def test_pages_use_the_catalogue():
    with translation.override("ar"):
        assert gettext("Log in") == "تسجيل الدخول"


def unmarked(source):
    """Return the words that a template shows without marking them for translation."""
    text, inside, blocks = "", 0, []
    for token in Lexer(source).tokenize():
        if token.token_type is TokenType.BLOCK:
            word = token.contents.split()[0]
            if word == "block":
                blocks.append(token.contents.split()[1] in ATTRIBUTES)
                inside += blocks[-1]
            elif word == "endblock":
                inside -= blocks.pop()
            inside += word in {"blocktrans", "blocktranslate", "comment"}
            inside -= word in {"endblocktrans", "endblocktranslate", "endcomment"}
        elif token.token_type is TokenType.TEXT and not inside:
            text += token.contents
    shown = [MARKUP.sub(" ", text), *(SHOWN.findall(text))]
    return sorted({word for part in shown for word in WORD.findall(part)} - NAMES)


def test_every_word_on_a_page_is_marked_for_translation():
    found = {
        name: words
        for page in TEMPLATES.rglob("*.html")
        if not (name := page.relative_to(TEMPLATES).as_posix()).startswith(NOT_SPOKEN)
        and (words := unmarked(page.read_text(encoding="utf-8")))
    }
    assert not found, 'write {% trans "…" %} around them'


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<c-card title="Hello {{ name }}" class="grid" />', ["Hello"]),
        ('<p title="{% trans "Hello" %}" class="text-sm">{% trans "Hello" %}</p>', []),
        ("{% blocktrans %}Hello {{ name }}{% endblocktrans %} <code>abc</code>", []),
    ],
)
def test_the_rule_of_marked_words_sees(source, words):
    assert unmarked(source) == words


@pytest.mark.parametrize(
    "form",
    [
        forms.RegisterForm({}),
        forms.RegisterForm({"role": "9", "full_name": "9" * 201, "email": "9", "password": "9" * 257}),
        forms.LoginForm({"email": "9"}),
        forms.PhoneForm({"phone": "9" * 33}),
        forms.CodeForm({"code": "9" * 7}),
        forms.UserFilter({"email": "9", "role": "9", "status": "9"}),
        forms.PresetForm({"version": "-1", "code": "9" * 41, "permissions": ["9"]}),
    ],
    ids=lambda form: type(form).__name__,
)
def test_what_django_says_in_forms_is_arabic(form):
    with translation.override("ar"):
        said = [sentence for sentences in form.errors.values() for sentence in sentences]
    assert said
    assert not [sentence for sentence in said if WORD.search(sentence)]


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_what_django_says_of_passwords_is_arabic(password):
    with translation.override("ar"), pytest.raises(ValidationError) as refused:
        validate_password(password)
    assert not [sentence for sentence in refused.value.messages if WORD.search(sentence)]
