"""Settings of the stand-ins: Django as a web framework, with no database; all is in memory."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent

SECRET_KEY = "stand-in-" + "0" * 50
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "counterparts.urls"
WSGI_APPLICATION = "counterparts.wsgi.application"
INSTALLED_APPS: list[str] = []
MIDDLEWARE = [
    "counterparts.middleware.keep_journal",
    "counterparts.middleware.do_what_is_due",
    "counterparts.middleware.note_changes",
]
DATABASES: dict[str, object] = {}
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FOLDER / "templates"],
        "OPTIONS": {"context_processors": []},
    }
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)-7s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}},
}

# Where this process is reached, and where the platform is: hosted pages lead back there only, and webhooks go there.
OWN_URL = os.environ.get("COUNTERPARTS_URL", "http://127.0.0.1:8001").rstrip("/")
PLATFORM_URL = os.environ.get("PLATFORM_URL", "http://127.0.0.1:8000").rstrip("/")
# The keys under which the platform comes, and with which webhooks are signed; the platform has the same.
STRIPE_SECRET_KEY = os.environ.get("STRIPE_SECRET_KEY", "sk_test_" + "0" * 24)
STRIPE_WEBHOOK_SECRET = os.environ.get("STRIPE_WEBHOOK_SECRETS", "whsec_" + "0" * 32).split(",")[0]
PAYPAL_CLIENT_ID = os.environ.get("PAYPAL_CLIENT_ID", "stand-in-client")
PAYPAL_CLIENT_SECRET = os.environ.get("PAYPAL_CLIENT_SECRET", "stand-in-secret")
PAYPAL_WEBHOOK_ID = os.environ.get("PAYPAL_WEBHOOK_ID", "0STANDIN00000000W")
# Where the certificate is written that vouches for PayPal's stand-in; the platform reads it there. Empty: nowhere.
PAYPAL_CA_FILE = os.environ.get("PAYPAL_CA_FILE", "")
# Where what is in memory is kept over a restart; empty: nowhere.
STATE_FILE = os.environ.get("COUNTERPARTS_STATE", "")
