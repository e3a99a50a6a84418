"""Who logs in, and how."""

from datetime import timedelta

from config.env import keyring

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "apps.accounts.backends.EmailBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None  # guardian's own anonymous user would be an account nobody opened
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "landing"

SESSION_ENGINE = "django.contrib.sessions.backends.db"  # a loss of Valkey logs nobody out
SESSION_COOKIE_AGE = 12 * 3600

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
REFRESH_TOKEN_LIFETIME = timedelta(days=7)
VERIFICATION_LIFETIME = timedelta(hours=24)
JWT_KEYS = keyring("JWT_KEYS")
ACCESS_MATRIX = "config.access.MATRIX"  # who may open which address

# Each is "count/period"; apps.common.limits counts them atomically in Valkey.
RATE_LIMITS = {
    "login_per_address": "5/minute",
    "login_per_account": "10/15 minutes",
    "login_lock": "1/15 minutes",  # begins when the one above is used up
    "registration": "3/hour",
    "password_reset": "3/hour",
    "verification_mail": "3/hour",
    "phone_code": "5/hour",
    "kyc_upload": "60/hour",
    "api": "600/minute",
    "orders": "200/second",  # those of a batch count one by one (ORD-7)
}
