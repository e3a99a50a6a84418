"""The embedded system that `./alef.sh up` starts: everything real, on loopback, without TLS."""

from config.settings.base import *  # noqa: F403

DEVELOPMENT = True
SECURE_COOKIES = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = False
BANK_INSTRUCTIONS = BANK_INSTRUCTIONS or DEMO_BANKS  # noqa: F405
# Straight from the source tree: no collecting and compressing before a start.
STORAGES = STORAGES | {  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
RATE_LIMITS = RATE_LIMITS | {  # noqa: F405  # a demo is clicked through, and its walk is run twice in a row
    "login_per_address": "60/minute",
    "registration": "200/hour",
    "password_reset": "100/hour",
    "verification_mail": "100/hour",
    "orders": "2000/second",
}
