"""What holds in every environment; one file a tool in `parts`."""

from config.env import BASE_DIR, env
from config.settings.parts.api import *  # noqa: F403  # settings are composed, that is all this file does
from config.settings.parts.apps import *  # noqa: F403
from config.settings.parts.auth import *  # noqa: F403
from config.settings.parts.banks import *  # noqa: F403
from config.settings.parts.data import *  # noqa: F403
from config.settings.parts.jobs import *  # noqa: F403
from config.settings.parts.logs import *  # noqa: F403
from config.settings.parts.pages import *  # noqa: F403
from config.settings.parts.security import *  # noqa: F403

SECRET_KEY = env("SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
LOCALE_PATHS = [BASE_DIR / "locale"]
DEVELOPMENT = False  # True shows /dev/mail and the demo logins; a system check refuses it in production
