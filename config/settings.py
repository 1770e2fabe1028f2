"""Django settings, one file, read from the environment (docs/configuration.md lists the variables)."""

import os
from datetime import timedelta
from typing import Any

from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF
from django.templatetags.static import static

from common import error_reports
from config.embedded import Place, postgres_programs
from config.env import (
    BASE_DIR,
    VAR_DIR,
    database_from,
    env,
    links_from,
    networks_from,
    redis_from,
    require_production_settings,
)
from config.payment_pages import LIVE_KEYS, is_pretended, page_origins, require_real_providers
from config.stand_in import assume_stand_in

DEBUG = env.bool("DEBUG", default=False)
if not DEBUG:
    require_production_settings()
EMBEDDED_URLS = Place(VAR_DIR).urls if DEBUG else {}
# Names the stand-ins for the payment providers in the environment, unless it names a provider.
STAND_IN_URL = assume_stand_in(os.environ, VAR_DIR / "counterparts") if DEBUG else ""

DEVELOPMENT_SECRET = "development-only-" + "0" * 50
SECRET_KEY = env.str("SECRET_KEY", default=DEVELOPMENT_SECRET)
# Former ones, with which what they have signed or encrypted is still read (docs/operations.md).
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Signs access tokens. To change it, put the old one into JWT_SECRETS_BEFORE for fifteen minutes;
# for seven days, if nobody is to be signed out (docs/operations.md).
JWT_SECRET = env.str("JWT_SECRET", default=DEVELOPMENT_SECRET)
JWT_SECRETS_BEFORE = env.list("JWT_SECRETS_BEFORE", default=[])
# Keys the hashes of API keys; changing it revokes them all.
API_KEY_SECRET = env.str("API_KEY_SECRET", default="") or SECRET_KEY
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_NAME = "How-to-AI"
APP_VERSION = "0.1.0"
# The one home of our pages, whatever host a request names: in mails, canonical addresses and the site's map.
SITE_URL = env.str(
    "SITE_URL",
    default=f"http://localhost:{env.str('PORT', default='8000')}"
    if DEBUG
    else f"https://{ALLOWED_HOSTS[0].removeprefix('.')}",
).rstrip("/")

# Below every page: what the law, and whoever pays, wants to find.
FOOTER_LINKS = links_from("FOOTER_LINKS")

# Sign-in with an account elsewhere, for each provider whose keys are set.
PROVIDERS = {
    provider: {"APPS": [{"client_id": client_id, "secret": env.str(f"{provider.upper()}_CLIENT_SECRET")}], **options}
    for provider, options in {
        "google": {"SCOPE": ["profile", "email"], "OAUTH_PKCE_ENABLED": True},
        "github": {"SCOPE": ["user:email"], "OAUTH_PKCE_ENABLED": True},
    }.items()
    if (client_id := env.str(f"{provider.upper()}_CLIENT_ID", default=""))
}
PROVIDER_ORIGINS = {"google": "https://accounts.google.com", "github": "https://github.com"}

INSTALLED_APPS = [
    "config",
    "ops",
    "community",
    "tutorials",
    "billing",
    "accounts",
    "analytics",
    "common",
    # unfold replaces the admin's templates, so it stands before it.
    "unfold",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    # For `clearsessions` alone: the sessions themselves are accounts.BrowserSession.
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{provider}" for provider in PROVIDERS),
    "corsheaders",
    "rest_framework",
    "drf_standardized_errors",
    "drf_spectacular",
    "django_htmx",
    "lucide",
    "billing.djstripe_app.StripeMirrorConfig",
]

MIDDLEWARE = [
    "ops.metrics.requests.MetricsMiddleware",
    "common.middleware.RequestIdMiddleware",
    "common.middleware.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "ops.middleware.HealthMiddleware",
    "common.middleware.ErrorPageMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "common.middleware.InputLimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.AuthenticationMiddleware",
    "ops.middleware.MaintenanceMiddleware",
    "accounts.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.LimitsMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Innermost: what others answer in place of a view is no page that somebody looked at.
    "analytics.middleware.PageViewMiddleware",
]

ROOT_URLCONF = "config.urls"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "common.context_processors.site",
            ],
            "builtins": ["django_htmx.templatetags.django_htmx", "common.templatetags.icons"],
            # Templates are compiled once in production and at every request in development.
            "loaders": [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ]
            if DEBUG
            else [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]

# -- Data ---------------------------------------------------------------------------------------
# Connections are pooled per process and checked before use (common.postgresql); statements are prepared on the
# server at their second use. An outer limit per statement keeps one bad query from holding a
# connection for ever (a command, such as a migration, may take its time); a lock that is not had
# in time is an error, not a queue.
RUNS_COMMAND = env.bool("RUNS_COMMAND", default=False)
DATABASES = {"default": database_from(env.str("DATABASE_URL", default="") or EMBEDDED_URLS["DATABASE_URL"])}
_options = DATABASES["default"].setdefault("OPTIONS", {})
_options |= {
    "server_side_binding": True,
    "prepare_threshold": 1,
    "application_name": "how-to-ai",
    "options": f"-c statement_timeout={'0' if RUNS_COMMAND else '15s'}"
    " -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    # How alike (0..1) a mistyped word and one of the vocabulary must be; found by trying the
    # misspellings in tests/tutorials/test_search.py.
    " -c pg_trgm.similarity_threshold=0.25",
}
# Celery's prefork pool closes a connection pool after each task (docs/decisions/0004).
if env.bool("DATABASE_POOL", default=True):
    _options["pool"] = {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL_SIZE", default=8),
        # Seconds. When the database is away, a request is told so soon, and after its return the
        # pool does not wait longer and longer before it tries again.
        "timeout": 3,
        "reconnect_timeout": 3,
    }
DATABASES["default"] |= {
    "ENGINE": "common.postgresql",
    "CONN_MAX_AGE": 0,
    "TEST": {"TEMPLATE": env.str("TEST_DATABASE_TEMPLATE", default=None), "MIGRATE": False},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = redis_from(env.str("REDIS_URL", default="") or EMBEDDED_URLS["REDIS_URL"])
CACHES = {
    "default": {
        "BACKEND": "common.cache.CountingCache",
        "LOCATION": env.str("CACHE_URL", default=REDIS_URL),
        "KEY_PREFIX": "cache",
        "TIMEOUT": 300,
        # Seconds. Nothing in it is worth a longer wait; a server that is gone would hold up every request.
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}

# -- Background work ----------------------------------------------------------------------------
CELERY_BROKER_URL = (
    REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# A task is taken off the queue when it is done, so one whose worker dies is done by another.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Held by the prefork pool only: that of threads cannot end one.
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Seconds. One that takes longer is given to another worker, too; a command does not run beside itself (ops.tasks).
    "visibility_timeout": CELERY_TASK_TIME_LIMIT + 300,
    # kombu looks for lost tasks only every 100 s unless told otherwise.
    "unacked_restore_interval": 5,
    "health_check_interval": 10,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"

# -- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    # Hashes with SHA-256 first, so a password may be longer than bcrypt's 72 bytes.
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    # Read, and replaced at the next sign-in.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.MaximumLengthValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds
# Whether somebody of the staff may work only with a second factor.
STAFF_NEED_SECOND_FACTOR = env.bool("STAFF_NEED_SECOND_FACTOR", default=not DEBUG)

ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "signup": "accounts.forms.signing_in.SignUpForm",
    "change_password": "accounts.forms.signing_in.NewPasswordForm",
}
# Somebody may read before the address is confirmed; `User.is_confirmed` gates the rest.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False  # mail scanners open links
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody gets mail because a stranger typed their address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 5 * 60  # seconds
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60  # seconds
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# accounts.limits has the limits, the same for pages and API; allauth's do not stand a dead cache.
ACCOUNT_RATE_LIMITS = False
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "accounts.forms.signing_in.SecondFactorForm",
    "reauthenticate": "accounts.forms.signing_in.SecondFactorAgainForm",
    "add_webauthn": "accounts.forms.signing_in.NewPasskeyForm",
    "authenticate_webauthn": "accounts.forms.signing_in.PasskeyForm",
    "login_webauthn": "accounts.forms.signing_in.PasskeySignInForm",
    "reauthenticate_webauthn": "accounts.forms.signing_in.PasskeyAgainForm",
}
MFA_TOTP_ISSUER = SITE_NAME
# Browsers take passkeys over plain HTTP on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_ONLY = False
# Nobody may take over an account by owning its address elsewhere: they sign in and connect.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = PROVIDERS

# -- Community ----------------------------------------------------------------------------------
# How many first texts of a newcomer wait for a moderator before others see them.
COMMUNITY_HOLD_FIRST_POSTS = env.int("COMMUNITY_HOLD_FIRST_POSTS", default=0)

# -- Billing ------------------------------------------------------------------------------------
# Without a key nothing is sold through Stripe; all else works.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
# Several while one takes the place of another.
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_API_BASE = (env.str("STRIPE_API_BASE", default="") or "https://api.stripe.com").rstrip("/")
# The version that dj-stripe 2.11 is tested with; stripe's own default is newer.
STRIPE_API_VERSION = "2026-05-27.dahlia"
# dj-stripe's names, for what is said above. It mirrors; its views are not routed.
STRIPE_API_HOST = STRIPE_API_BASE
STRIPE_LIVE_MODE = STRIPE_SECRET_KEY.startswith(LIVE_KEYS)
# Stripe reckons taxes once a registration stands in its dashboard.
STRIPE_AUTOMATIC_TAX = env.bool("STRIPE_AUTOMATIC_TAX", default=False)
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
# One in place of its own, which take 50 seconds.
MIGRATION_MODULES = {"djstripe": "billing.djstripe_migrations"}
# The same for PayPal. Its webhooks name the certificate with which they are signed: it must lie on one of these
# hosts, and be vouched for by the machine's own authorities, or by those of a file.
PAYPAL_CLIENT_ID = env.str("PAYPAL_CLIENT_ID", default="")
PAYPAL_CLIENT_SECRET = env.str("PAYPAL_CLIENT_SECRET", default="")
PAYPAL_WEBHOOK_ID = env.str("PAYPAL_WEBHOOK_ID", default="")
PAYPAL_API_BASE = (env.str("PAYPAL_API_BASE", default="") or "https://api-m.paypal.com").rstrip("/")
PAYPAL_CERT_HOSTS = env.list("PAYPAL_CERT_HOSTS", default=["api.paypal.com", "api.sandbox.paypal.com"])
PAYPAL_CA_FILE = env.str("PAYPAL_CA_FILE", default="")
require_real_providers(
    {"STRIPE_API_BASE": STRIPE_API_BASE, "PAYPAL_API_BASE": PAYPAL_API_BASE},
    stripe_key=STRIPE_SECRET_KEY,
    stand_ins_allowed=DEBUG or env.bool("ALLOW_PRETENDED_PAYMENTS", default=False),
)
# Browsers are sent nowhere else to pay.
PAYMENT_PAGE_ORIGINS = page_origins(STRIPE_API_BASE, PAYPAL_API_BASE)
# Then the pages of billing say that no money moves: wherever we could charge, a stand-in takes the provider's place.
_CHARGING_BASES = [STRIPE_API_BASE] * bool(STRIPE_SECRET_KEY) + [PAYPAL_API_BASE] * bool(PAYPAL_CLIENT_ID)
PAYMENTS_ARE_PRETENDED = bool(_CHARGING_BASES) and all(is_pretended(base) for base in _CHARGING_BASES)

# -- Analytics ----------------------------------------------------------------------------------
# Whose days the figures are of. After a change: `manage.py roll_up_analytics --from DAY`.
ANALYTICS_TIME_ZONE = env.str("ANALYTICS_TIME_ZONE", default="UTC")
# For how many months single events are kept; what they add up to is kept for ever.
ANALYTICS_MONTHS = env.int("ANALYTICS_MONTHS", default=13)
ANALYTICS_SPOOL = VAR_DIR / "analytics"
# Whether anything is counted.
ANALYTICS = env.bool("ANALYTICS", default=True)

# -- Mail ---------------------------------------------------------------------------------------
MAIL_FOLDER = VAR_DIR / "mail"
if DEBUG and not env.str("EMAIL_URL", default=""):
    # Kept there and readable at /dev/mail/.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_FOLDER
else:
    vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("FROM_EMAIL", default=f"{SITE_NAME} <hello@howtoai.example>")
# Who is told when something is wrong with the platform (ops.services.watching).
ADMINS = [("", address) for address in env.list("ADMINS", default=[])]
# Who reads what people write to us through the pages.
STAFF_EMAIL = env.str("STAFF_EMAIL", default=DEFAULT_FROM_EMAIL)

# -- Time and language --------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# -- Files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Where `collectstatic` puts them; in an image they lie with the code.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
LOG_FOLDER = VAR_DIR / "logs"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "log_archive": {
        # Django's own would give a file its name before it is written.
        "BACKEND": "ops.gateways.backups.storages.LocalBackups",
        "OPTIONS": {"location": LOG_FOLDER / "archive"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = "/media/"

# -- Backups ------------------------------------------------------------------------------------
# What they are sealed with: an age identity (`manage.py backup_key`); with DEBUG one is made here.
BACKUP_KEY = env.str("BACKUP_KEY", default="")
BACKUP_KEYS_BEFORE = env.list("BACKUP_KEYS_BEFORE", default=[])
BACKUP_KEY_OF_DEVELOPMENT = VAR_DIR / "keys" / "backup.txt" if DEBUG else None
# A folder, unless a bucket is named. The rest of S3's settings has boto's own names in the environment.
BACKUP_FOLDER = env.str("BACKUP_FOLDER", default="") or VAR_DIR / "backups"
BACKUP_S3_BUCKET = env.str("BACKUP_S3_BUCKET", default="")
S3_OPTIONS = {
    "location": env.str("BACKUP_S3_PREFIX", default=""),
    "endpoint_url": env.str("BACKUP_S3_ENDPOINT", default="") or None,
    "region_name": env.str("BACKUP_S3_REGION", default="") or None,
    "access_key": env.str("BACKUP_S3_ACCESS_KEY", default="") or None,
    "secret_key": env.str("BACKUP_S3_SECRET_KEY", default="") or None,
    "addressing_style": env.str("BACKUP_S3_ADDRESSING", default="auto"),
    "querystring_auth": False,
}
STORAGES["backups"] = (
    {
        "BACKEND": "ops.gateways.backups.s3.S3Backups",
        "OPTIONS": S3_OPTIONS | {"bucket_name": BACKUP_S3_BUCKET},
    }
    if BACKUP_S3_BUCKET
    else {
        "BACKEND": "ops.gateways.backups.storages.LocalBackups",
        "OPTIONS": {"location": BACKUP_FOLDER},
    }
)
# The same service and prefix serve days of the log that are over; who reads backups need not read those.
if LOG_ARCHIVE_S3_BUCKET := env.str("LOG_ARCHIVE_S3_BUCKET", default=""):
    STORAGES["log_archive"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": S3_OPTIONS | {"bucket_name": LOG_ARCHIVE_S3_BUCKET},
    }
# Where a server is recovered from a physical backup for a while: on the disk, once the size of all its databases.
BACKUP_SCRATCH = env.str("BACKUP_SCRATCH", default="") or VAR_DIR / "scratch"
# Whether the server's write-ahead log is kept (`manage.py receive_wal`), so that any moment can be restored.
BACKUP_WAL = env.bool("BACKUP_WAL", default=DEBUG)
# How often the newest part of it is stored (seconds), which is what a fire would cost; and for how many days back.
BACKUP_WAL_SECONDS = env.int("BACKUP_WAL_SECONDS", default=30)
BACKUP_WAL_DAYS = env.int("BACKUP_WAL_DAYS", default=7)
# Whose pg_dump and pg_restore; they must be of the server's major version.
PG_BIN = env.str("PG_BIN", default="") or postgres_programs()
DBBACKUP_CONNECTORS = {"default": {"CONNECTOR": "ops.gateways.backups.connector.StreamingConnector"}}
# zstd's level, 1 to 19.
BACKUP_COMPRESSION = env.int("BACKUP_COMPRESSION", default=1)
# How many backups are kept, each the newest of its day, week or month.
BACKUPS_DAILY = env.int("BACKUPS_DAILY", default=7)
BACKUPS_WEEKLY = env.int("BACKUPS_WEEKLY", default=5)
BACKUPS_MONTHLY = env.int("BACKUPS_MONTHLY", default=12)

# -- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "accounts.authentication.BearerAuthentication",
        "accounts.authentication.CookieAuthentication",
        "accounts.authentication.PageAuthentication",
    ],
    # Closed unless a view says otherwise.
    "DEFAULT_PERMISSION_CLASSES": ["common.permissions.Member"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    # Loaded where the schema is made, and nowhere else.
    "DEFAULT_SCHEMA_CLASS": "common.openapi.inspecting.ApiSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "How-to-AI",
    "VERSION": APP_VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVERS": [{"url": "/"}],
    "SCHEMA_PATH_PREFIX": "/api/",
    # What comes in and what goes out are not the same.
    "COMPONENT_SPLIT_REQUEST": True,
    # Each enumeration stands where it is used, so that none needs a name.
    "POSTPROCESSING_HOOKS": ["common.openapi.hooks.add_problems", "ops.contract.introduce"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATION_PARAMETERS": False,
    # It would make the whole schema at each `check --deploy`; a test does.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SECRET,
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "AUDIENCE": "how-to-ai",
    "ISSUER": "how-to-ai",
    "TOKEN_TYPE_CLAIM": "typ",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_FORMATTER_CLASS": "common.problems.ProblemFormatter",
    "EXCEPTION_HANDLER_CLASS": "common.problems.ProblemHandler",
}

# -- Safety -------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # Browsers hold a form that we answer with a redirect to the provider to this too.
        "form-action": [SELF, *(PROVIDER_ORIGINS[provider] for provider in PROVIDERS), *PAYMENT_PAGE_ORIGINS],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# The admin's theme brings Alpine.js, which evaluates expressions, and inline styles and scripts.
ADMIN_CONTENT_SECURITY_POLICY = CONTENT_SECURITY_POLICY["DIRECTIVES"] | {
    "script-src": [SELF, "'unsafe-inline'", "'unsafe-eval'"],
    "style-src": [SELF, "'unsafe-inline'"],
    "img-src": [SELF, "data:"],
    "frame-src": [SELF],
    "frame-ancestors": [SELF],
}
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# Only behind a proxy that sets the header itself; otherwise a client could claim HTTPS.
PROXY_COUNT = env.int("PROXY_COUNT", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
# Browsers keep Secure cookies, and those with this prefix, on loopback over plain HTTP too.
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 30 * 24 * 60 * 60  # seconds; accounts.models.Session ends earlier when it is not used
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "common.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
# Other origins whose scripts may call the API, each as https://host; none by default.
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_CREDENTIALS = False
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "if-match", "if-none-match"]
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "X-Request-ID"]
# django-ratelimit knows only third-party Redis caches; Django's own counts atomically too.
SILENCED_SYSTEM_CHECKS = ["django_ratelimit.W001", "django_ratelimit.E003"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes

# -- Operations ---------------------------------------------------------------------------------
# Who may read /metrics: whoever has the token, or asks from one of these networks. For all others it is not there.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS = networks_from("METRICS_NETWORKS")
# While it is there, the site is closed; on several machines a place that all of them see.
MAINTENANCE_FILE = env.str("MAINTENANCE_FILE", default="") or str(VAR_DIR / "maintenance.json")
# The file by which what started this web server says that it is about to stop (config.serving).
DRAINING_FLAG = env.str("DRAINING_FLAG", default="")
# The file in which a process says that it does not hang (common.signs).
SIGN_OF_LIFE = env.str("SIGN_OF_LIFE", default="")

# -- Logging ------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "console": {"()": "common.logging.ConsoleFormatter"},
        "json": {"()": "common.logging.JsonFormatter"},
    },
    "handlers": {
        # For people while we develop; for machines on stdout, but that of a command is for what it was asked for.
        "console": {
            "class": "common.logging.ConsoleHandler",
            "formatter": "console" if DEBUG else "json",
            "stream": "ext://sys.stderr" if DEBUG or RUNS_COMMAND else "ext://sys.stdout",
        },
        "database": {"class": "ops.logs.handler.DatabaseHandler", "folder": LOG_FOLDER / "spool"},
    },
    "root": {
        "handlers": env.list("LOG_TO", default=["console", "database"]),
        "level": env.str("LOG_LEVEL", default="INFO"),
    },
    "loggers": {
        # Django's own handlers would mail each error to ADMINS, within the request.
        "django": {"handlers": []},
        # Every 4xx would be a warning; our own line for each request tells of them.
        "django.request": {"level": "ERROR"},
        "celery.beat": {"level": "WARNING"},
        # They tell of each request, with its address.
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}

SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    error_reports.start(SENTRY_DSN, release=APP_VERSION, environment="development" if DEBUG else "production")

# -- Admin --------------------------------------------------------------------------------------
UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_SYMBOL": "school",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": True,
    "DASHBOARD_CALLBACK": "ops.admin.desk.fill",
    "SIDEBAR": {"show_search": True, "navigation": "ops.admin.sidebar.navigation"},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/favicon.svg")}],
    "STYLES": [lambda _request: static("css/staff.css")],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .02 182)",
            "100": "oklch(94% .04 182)",
            "200": "oklch(88% .07 182)",
            "300": "oklch(80% .09 182)",
            "400": "oklch(70% .1 182)",
            "500": "oklch(58% .1 182)",
            "600": "oklch(48% .09 182)",
            "700": "oklch(42% .08 182)",
            "800": "oklch(36% .07 182)",
            "900": "oklch(30% .055 182)",
            "950": "oklch(22% .04 182)",
        }
    },
}
