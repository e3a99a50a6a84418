"""The published schemas are those of the declared types."""

import json

import jsonschema
import pytest
from django.core.management import call_command

from apps.outbox import types

pytestmark = pytest.mark.spec("API-4")


def test_the_folder_of_schemas_is_in_step():
    call_command("event_schemas", check=True)


def test_schemas_are_written_checked_and_removed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(types, "_declared", {})
    types.declare("tests.done", "A thing was done.", thing="uuid")
    with pytest.raises(SystemExit):
        call_command("event_schemas", check=True, output=tmp_path)
    assert "tests.done.json" in capsys.readouterr().out
    call_command("event_schemas", output=tmp_path)
    call_command("event_schemas", check=True, output=tmp_path)
    schema = json.loads((tmp_path / "tests.done.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    monkeypatch.setattr(types, "_declared", {})
    call_command("event_schemas", output=tmp_path)
    assert list(tmp_path.iterdir()) == []
