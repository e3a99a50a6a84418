"""The database of the tests: a template made as the owner, a clone for each worker, emptied between tests.

The tests connect as the application, so they may do what the application may do and no more. Making,
cloning and emptying databases is done over a superuser's connection.
"""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from apps.common.management.commands.db_roles import create

ROOT = Path(__file__).resolve().parent.parent
SEED = "seed"  # the schema that holds a copy of the rows that migrations put in


def admin(name: str = "") -> psycopg.Connection:
    url = os.environ["DATABASE_ADMIN_URL"]
    return psycopg.connect(url, autocommit=True, **({"dbname": name} if name else {}))


def build_template() -> None:
    """Make the template from nothing, by the command that a deployment uses."""
    name = settings.TEST_TEMPLATE
    with admin() as connection:
        _drop(connection, name)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.local"}
    subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, env=environment, check=True)
    with admin(name) as connection:
        connection.execute(f"CREATE SCHEMA {SEED}")
        for table in _tables(connection):
            if (
                table != "django_migrations"
                and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
            ):
                connection.execute(f"CREATE TABLE {SEED}.{table} AS TABLE public.{table}")


def clone(name: str = "") -> dict[str, str]:
    """Make a fresh copy of the template, this worker's own unless named; return its URLs."""
    name = name or settings.DATABASES["default"]["NAME"]
    with admin() as connection:
        _drop(connection, name)
        statement = "CREATE DATABASE {} TEMPLATE {} OWNER {}"
        owner = settings.DATABASES["owner"]["USER"]
        parts = [sql.Identifier(part) for part in (name, settings.TEST_TEMPLATE, owner)]
        connection.execute(sql.SQL(statement).format(*parts))
    urls = {key: _renamed(os.environ[key], name) for key in ("DATABASE_OWNER_URL", "DATABASE_URL")}
    create(
        admin=os.environ["DATABASE_ADMIN_URL"],
        owner=urls["DATABASE_OWNER_URL"],
        application=urls["DATABASE_URL"],
    )
    return urls


def drop(name: str = "") -> None:
    """Drop a copy, this worker's own unless named."""
    for connection in connections.all(initialized_only=True):
        connection.close()
    with admin() as connection:
        _drop(connection, name or settings.DATABASES["default"]["NAME"])


def empty() -> None:
    """Put every table back to what the migrations left in it; triggers and privileges don't apply here."""
    with admin(settings.DATABASES["default"]["NAME"]) as connection:
        seeded = {row[0] for row in connection.execute(_TABLES, [SEED])}
        statements = ["SET session_replication_role = replica"]
        statements += [
            f"DELETE FROM {table}" for table in _tables(connection) if table != "django_migrations"
        ]
        statements += [
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {SEED}.{table}" for table in seeded
        ]
        connection.execute("; ".join(statements))


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename"


def _renamed(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _tables(connection: psycopg.Connection) -> list[str]:
    return [row[0] for row in connection.execute(_TABLES, ["public"])]


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
