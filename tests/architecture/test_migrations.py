"""The database is what the migrations made: in step with the models, and not the application's to change."""

import pytest
from django.apps import apps as registry
from django.conf import settings
from django.core.management import call_command

from apps.common.db import rows
from apps.common.laws import APPLICATION

RELATIONS = """
SELECT relname, pg_get_userbyid(relowner), oid FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') ORDER BY relname
"""
PRIVILEGES = """
SELECT relname, privilege
  FROM pg_class, unnest(ARRAY['TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN']) AS privilege
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
   AND (privilege <> 'MAINTAIN' OR current_setting('server_version_num')::int >= 170000)
   AND has_table_privilege(oid, privilege) ORDER BY 1, 2
"""
FUNCTIONS = """
SELECT proname, pg_get_userbyid(proowner), prosecdef, coalesce(array_to_string(proconfig, ','), ''),
       EXISTS (SELECT 1 FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE grantee = 0)
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname
"""
ROLE = """
SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls OR rolreplication,
       pg_has_role(current_user, %s, 'MEMBER'), pg_has_role(current_user, %s, 'MEMBER')
  FROM pg_roles WHERE rolname = current_user
"""
APPEND_ONLY = """
SELECT c.relname, has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE'),
       has_table_privilege(c.oid, 'DELETE')
  FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE t.tgname = 'append_only' ORDER BY 1
"""

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> str:
    return str(settings.DATABASES["owner"]["USER"])


def test_no_migration_is_missing(capsys):
    ours = [config.label for config in registry.get_app_configs() if config.name.startswith("apps.")]
    try:
        call_command("makemigrations", *ours, check=True, dry_run=True, interactive=False)
    except SystemExit as refusal:
        pytest.fail(f"models and migrations differ ({refusal.code}):\n{capsys.readouterr().out}")


def test_the_owner_owns_everything(owner):
    relations = rows(RELATIONS)
    assert len(relations) > 10
    assert {name: by for name, by, _ in relations if by != owner} == {}
    assert {name: by for name, by, *_ in rows(FUNCTIONS) if by != owner} == {}


def test_the_application_is_nobody_special(owner):
    special, is_owner, is_application = rows(ROLE, [owner, APPLICATION])[0]
    assert not special, "the application may make roles or databases, or is a superuser"
    assert not is_owner, "the application may act as the owner"
    assert is_application, "these tests don't connect as the application"


def test_the_application_can_neither_truncate_nor_add_triggers():
    assert rows(PRIVILEGES) == []
    assert rows("SELECT has_schema_privilege('public', 'CREATE')") == [(False,)]


def test_the_application_can_change_nothing_that_is_append_only():
    tables = rows(APPEND_ONLY)
    assert tables, "no table wears the append_only trigger"
    assert [name for name, update, delete in tables if update or delete] == []


def test_functions_that_run_as_the_owner_are_shut():
    definer = [(name, config, public) for name, _, definer, config, public in rows(FUNCTIONS) if definer]
    assert [name for name, config, _ in definer if "search_path" not in config] == [], (
        "search_path isn't pinned"
    )
    assert [name for name, *_, public in rows(FUNCTIONS) if public] == [], "anybody may call it"
