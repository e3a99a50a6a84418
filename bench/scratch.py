"""A database and a Valkey database of the benchmark's own, beside those of a running system.

The measured path is the real one: PostgreSQL with its own settings for durability, as the application's
role, in a database made by the command that a deployment uses.
"""

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
URLS = ("DATABASE_OWNER_URL", "DATABASE_URL")
KEYS = {"SECRET_KEY": "{}", "FIELD_KEYS": "1:{}", "INDEX_KEY": "{}", "JWT_KEYS": "1:{}"}


@contextmanager
def place() -> Iterator[Path]:
    """Make a database and a folder, set Django up on them, and take both away at the end.

    Raises SystemExit where no superuser's URL says how to make one.
    """
    missing = [name for name in ("DATABASE_ADMIN_URL", "REDIS_URL", *URLS) if not os.environ.get(name)]
    if missing:
        raise SystemExit(f"bench: {', '.join(missing)} is not set. Start the system first: ./alef.sh up")
    name = f"alef_bench_{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="alef-bench-") as folder:
        _point_to(name, folder)
        try:
            subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, check=True, stdout=sys.stderr)
            import django

            django.setup()
            _flush()
            try:
                yield Path(folder)
            finally:
                _flush()
        finally:
            _drop(name)


def _point_to(name: str, folder: str) -> None:
    for variable in URLS:
        os.environ[variable] = urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{name}"))
    given = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = urlunsplit(given._replace(path=f"/{int(given.path.strip('/') or 0) + 3}"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
    os.environ["STATE"] = folder
    for variable, form in KEYS.items():
        os.environ.setdefault(variable, form.format(secrets.token_hex(32)))


def _flush() -> None:
    from apps.common.connections import valkey

    valkey().flushdb()


def _drop(name: str) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
