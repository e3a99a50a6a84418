"""Production: TLS everywhere, nothing for development, and no start with unsafe values."""

from django.core.exceptions import ImproperlyConfigured

from config import safety
from config.env import env
from config.settings.base import *  # noqa: F403

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
BASE_URL = env("BASE_URL")
vars().update(env.email_url("EMAIL_URL"))  # mail in files would reach nobody and keep live links on disk
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None  # noqa: F405

_unsafe = safety.findings(
    {
        "SECRET_KEY": SECRET_KEY,  # noqa: F405
        "ALLOWED_HOSTS": ALLOWED_HOSTS,
        "DATABASE_URL": env("DATABASE_URL"),
        "REDIS_URL": REDIS_URL,  # noqa: F405
        "CHAIN_RPC_URLS": CHAIN_RPC_URLS,  # noqa: F405
        "BASE_URL": BASE_URL,
    }
)
if _unsafe:
    raise ImproperlyConfigured(" ".join(_unsafe))
