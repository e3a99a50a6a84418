"""Laws that the database keeps whoever writes: what a column may say, and who may change a row."""

from collections.abc import Iterable

from django.db.migrations.operations import RunSQL
from django.db.models import CheckConstraint, Q

APPLICATION = "alef_application"  # the group of every role that the application logs in as
READER = "alef_reader"  # the group of roles that may only read


def choices(words: Iterable[str]) -> list[tuple[str, str]]:
    """Return the words of an enum as the `choices` of a column."""
    return [(str(word), str(word)) for word in words]


def one_of(field: str, words: Iterable[str], name: str = "%(class)s_{field}_known") -> CheckConstraint:
    """Refuse a row whose `field` is none of these words."""
    condition = Q(**{f"{field}__in": sorted(str(word) for word in words)})
    return CheckConstraint(condition=condition, name=name.replace("{field}", field))


def append_only(table: str) -> RunSQL:
    """Refuse UPDATE, DELETE and TRUNCATE on `table`: by privilege for the application, by trigger for all."""
    return RunSQL(
        f"""
        REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON {table} FROM {APPLICATION};
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION alef_refuse_change();
        """,
        reverse_sql=f"""
        DROP TRIGGER append_only ON {table};
        GRANT UPDATE, DELETE ON {table} TO {APPLICATION};
        """,
    )


def only_columns_change(table: str, *columns: str) -> RunSQL:
    """Let the application change only `columns` of `table`, and delete nothing from it."""
    return RunSQL(
        f"""
        REVOKE UPDATE, DELETE, TRUNCATE, TRIGGER ON {table} FROM {APPLICATION};
        GRANT UPDATE ({", ".join(columns)}) ON {table} TO {APPLICATION};
        """,
        reverse_sql=f"GRANT UPDATE, DELETE ON {table} TO {APPLICATION};",
    )
