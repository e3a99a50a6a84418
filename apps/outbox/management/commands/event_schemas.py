"""Write the JSON Schema of every declared message type to docs/events, one file a type."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.outbox.types import declared

FOLDER = Path(__file__).resolve().parents[4] / "docs" / "events"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if something differs")
        parser.add_argument("--output", type=Path, default=FOLDER)

    def handle(self, *args: Any, check: bool, output: Path, **options: Any) -> None:
        """Bring the folder to what is declared; files of types that are gone are removed."""
        wanted = {f"{name}.json": _text(made.schema()) for name, made in declared().items()}
        present = {path.name: path.read_text(encoding="utf-8") for path in output.glob("*.json")}
        different = sorted(name for name in wanted | present if wanted.get(name) != present.get(name))
        if check and different:
            print("docs/events is behind; run manage.py event_schemas:", ", ".join(different))
            raise SystemExit(1)
        for name in different:
            _write(output / name, wanted.get(name))


def _write(path: Path, text: str | None) -> None:
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
