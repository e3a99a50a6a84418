"""Create the database and its roles: owner, application, reader. Safe to run again and again."""

import os
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.management.base import BaseCommand
from psycopg import sql

from apps.common.laws import APPLICATION, READER


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect as the superuser of DATABASE_ADMIN_URL and bring roles and grants to what is wanted."""
        create(
            admin=os.environ["DATABASE_ADMIN_URL"],
            owner=os.environ["DATABASE_OWNER_URL"],
            application=os.environ["DATABASE_URL"],
            reader=os.environ.get("DATABASE_READONLY_URL", ""),
        )


def create(*, admin: str, owner: str, application: str, reader: str = "") -> None:
    """Create groups, log-in roles, the database, and the privileges that new tables will get.

    All are URLs; without `reader` only the group of readers is made.
    """
    name = urlsplit(owner).path.lstrip("/")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('alef roles'))")
        for group in (APPLICATION, READER):
            _create_role(connection, group)
        for url in filter(None, (owner, application, reader)):
            _create_login(connection, url)
        _run(connection, "GRANT {} TO {}", APPLICATION, _user(application))
        if reader:
            _run(connection, "GRANT {} TO {}", READER, _user(reader))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            _run(connection, "CREATE DATABASE {} OWNER {}", name, _user(owner))
        _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)
        _run(
            connection, "GRANT CONNECT ON DATABASE {} TO {}, {}, {}", name, _user(owner), APPLICATION, READER
        )
    with psycopg.connect(admin, dbname=name, autocommit=True) as connection:
        _grant_defaults(connection, _user(owner))


def _grant_defaults(connection: psycopg.Connection, owner: str) -> None:
    _run(connection, "REVOKE ALL ON SCHEMA public FROM PUBLIC")
    _run(connection, "ALTER SCHEMA public OWNER TO {}", owner)
    _run(connection, "GRANT USAGE ON SCHEMA public TO {}, {}", APPLICATION, READER)
    defaults = "ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT "
    _run(connection, defaults + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}", owner, APPLICATION)
    _run(connection, defaults + "USAGE, SELECT ON SEQUENCES TO {}", owner, APPLICATION)
    _run(connection, defaults + "SELECT ON TABLES TO {}", owner, READER)
    _run(connection, "ALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC", owner)
    _run(connection, defaults + "EXECUTE ON FUNCTIONS TO {}", owner, APPLICATION)


def _create_role(connection: psycopg.Connection, name: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone():
        _run(connection, "CREATE ROLE {} NOLOGIN", name)


def _create_login(connection: psycopg.Connection, url: str) -> None:
    _create_role(connection, _user(url))
    statement = sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}")
    password = sql.Literal(unquote(urlsplit(url).password or ""))
    connection.execute(statement.format(sql.Identifier(_user(url)), password))


def _user(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def _run(connection: psycopg.Connection, statement: str, *names: str) -> None:
    identifiers = [sql.Identifier(name) for name in names]
    connection.execute(sql.SQL(statement).format(*identifiers))
