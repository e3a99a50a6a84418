"""Collect what pages and forms say into the catalogue of each language, and compile it.

    .venv/bin/python locale/update.py

New strings come in untranslated and are named at the end; those that nobody says any more go. Only texts are
kept, no places, dates or names, so that a difference is always a difference of words. Needs GNU gettext.
"""

import os
import re
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import makemessages

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ["ar"]
NOT_OURS = [".venv", "node_modules", "static", "tests", "artifacts", "build", ".state*"]
STAMPS = re.compile(
    r'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report-Msgid-Bugs-To):.*\n', re.M
)
EMPTY = re.compile(r'^msgid "(?P<text>.+)"\n(?:msgid_plural .*\n)?msgstr(?:\[\d\])? ""$', re.M)


class Collect(makemessages.Command):
    """Django's makemessages without guesses: a guessed translation reads like a checked one."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]


def main() -> None:
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    call_command(
        Collect(),
        locale=LANGUAGES,
        ignore_patterns=NOT_OURS,
        no_location=True,
        no_wrap=True,
        no_obsolete=True,
        verbosity=0,
    )
    catalogues = [Path(settings.LOCALE_PATHS[0], code, "LC_MESSAGES", "django.po") for code in LANGUAGES]
    for catalogue in catalogues:
        catalogue.write_text(STAMPS.sub("", catalogue.read_text()))
    call_command("compilemessages", locale=LANGUAGES, ignore_patterns=NOT_OURS, verbosity=0)
    missing = [found["text"] for catalogue in catalogues for found in EMPTY.finditer(catalogue.read_text())]
    if missing:
        sys.exit("Translate these, then run this again:\n  " + "\n  ".join(missing))


if __name__ == "__main__":
    main()
