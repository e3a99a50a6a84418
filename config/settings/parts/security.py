"""Headers, cookies, keys (SEC-3, SEC-4)."""

from csp.constants import NONCE, NONE, SELF

from config.env import env, keyring

FIELD_KEYS = keyring("FIELD_KEYS")  # master keys that wrap the data keys of persons
INDEX_KEY = bytes.fromhex(env("INDEX_KEY"))  # blind indexes and digests; it can't be changed later

TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # how many hops in front of us add X-Forwarded-For

SECURE_COOKIES = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"

SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
# The admin's theme evaluates expressions in its templates and sets inline styles.
ADMIN_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": [],
    "geolocation": [],
    "microphone": [],
    "payment": [],
    "usb": [],
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# Files from people; apps/common/uploads.py says what is done with them.
FILE_UPLOAD_HANDLERS = ["apps.common.uploads.BoundedUpload"]
DATA_UPLOAD_MAX_NUMBER_FILES = 10
UPLOAD_MAX_BYTES = 10_000_000  # of one file
UPLOAD_MAX_REQUEST_BYTES = 45_000_000  # of all in one request
UPLOAD_MAX_PIXELS = 40_000_000
UPLOAD_SCANNER = env("UPLOAD_SCANNER", default="")  # dotted path of an antivirus, see apps/common/uploads.py
