"""Templates, static files, languages, mail."""

from django.templatetags.static import static

from config.env import BASE_DIR, env, state_dir

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portals.selectors.portal",
            ],
        },
    }
]
COTTON_DIR = "components"
COTTON_ISOLATE_BY_DEFAULT = True  # a component sees what it is given, not the page around it

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(state_dir() / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    # Papers of people: encrypted before they come here. Any backend of Django's storage interface will do.
    "documents": {
        "BACKEND": env("DOCUMENT_STORAGE", default="django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json(
            "DOCUMENT_STORAGE_OPTIONS",
            default={
                "location": str(state_dir() / "documents"),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        ),
    },
}

USE_TZ = True
TIME_ZONE = "UTC"
MARKET_TIME_ZONE = "Asia/Dubai"  # what "day" means for limits, sessions and record dates
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ar", "العربية")]

MAIL_DIR = env.path("MAIL_DIR", default=str(state_dir() / "mail"))
EMAIL_BACKEND = env("EMAIL_BACKEND", default="django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = str(MAIL_DIR)
EMAIL_TIMEOUT = 5  # seconds; a silent mail server must not hold the relay
SMS_PROVIDER = env("SMS_PROVIDER", default="apps.notifications.providers.MailboxSms")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Alef <no-reply@alef.localhost>")
BASE_URL = env("BASE_URL", default="http://127.0.0.1:" + env("PORT", default="8000"))

# The compliance workplace. Its site class can't say this: the theme asks here first.
UNFOLD = {
    "SITE_TITLE": "Alef",
    "SITE_HEADER": "Alef",
    "SITE_SUBHEADER": "Compliance workplace",
    "SITE_SYMBOL": "shield_person",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}
    ],
}
