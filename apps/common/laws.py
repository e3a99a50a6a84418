"""Laws that a migration lays on a table, so that the database keeps them whoever writes."""

from django.db.migrations.operations import RunSQL

APPLICATION = "alef_application"  # the group of every role that the application logs in as
READER = "alef_reader"  # the group of roles that may only read


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
