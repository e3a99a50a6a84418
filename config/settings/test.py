"""Tests: the same system on a clone of the database for each worker; only password hashing is cheap."""

import os
from urllib.parse import urlsplit, urlunsplit

DEFAULTS = {
    "SECRET_KEY": "tests-only",
    "FIELD_KEYS": "1:" + "11" * 32,
    "INDEX_KEY": "22" * 32,
    "JWT_KEYS": "1:" + "33" * 32,
    "DATABASE_ADMIN_URL": "postgres://postgres:postgres@127.0.0.1:55432/postgres",
    "DATABASE_OWNER_URL": "postgres://alef_owner:owner@127.0.0.1:55432/alef_test",
    "DATABASE_URL": "postgres://alef_app:app@127.0.0.1:55432/alef_test",
    "REDIS_URL": "redis://127.0.0.1:56379/0",
    "CHAIN_RPC_URLS": "http://127.0.0.1:58545",
}
for name, value in DEFAULTS.items():
    os.environ.setdefault(name, value)

from config.settings.base import *  # noqa: E402, F403  # the environment comes first
from config.settings.parts.data import channel_layers  # noqa: E402

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
TEST_TEMPLATE = DATABASES["default"]["NAME"]  # noqa: F405
for database in DATABASES.values():  # noqa: F405
    database["NAME"] = f"{TEST_TEMPLATE}_{WORKER}"
DATABASES["default"]["OPTIONS"].pop("pool", None)  # noqa: F405  # clones are dropped while others run

_url = urlsplit(os.environ["REDIS_URL"])
_number = int(_url.path.lstrip("/") or 0) + int(WORKER.removeprefix("gw"))
REDIS_URL = CELERY_BROKER_URL = urlunsplit(_url._replace(path=f"/{_number}"))
CHANNEL_LAYERS = channel_layers(REDIS_URL)

DEVELOPMENT = True
SECURE_COOKIES = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
BANK_INSTRUCTIONS = DEMO_BANKS  # noqa: F405
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = STORAGES | {  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "documents": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
}
LOGGING = LOGGING | {"root": {"handlers": ["console"], "level": "ERROR"}}  # noqa: F405
WHITENOISE_AUTOREFRESH = True
