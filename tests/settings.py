"""The shipped settings, with what would only make tests slow left out."""

from config.settings import *  # noqa: F403 - these are the shipped settings

# Real hashing costs a third of a second per person.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Collecting and compressing all static files takes a quarter of a minute; the finders serve them as they are.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "log_archive": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Tests of backups name a folder, or a bucket.
    "backups": {"BACKEND": "ops.gateways.backups.storages.LocalBackups"},
}
WHITENOISE_USE_FINDERS = True
# Each client of a test builds the middleware anew, which would otherwise look through all static files: a quarter of
# all that the tests of pages took.
WHITENOISE_AUTOREFRESH = True

# Whatever a test is about, each answer of the API is as the schema says.
MIDDLEWARE = ["tests.contract.holding.ContractMiddleware", *MIDDLEWARE]  # noqa: F405 - from the shipped settings

# There is no worker in tests, so a task is done where it is queued.
CELERY_TASK_ALWAYS_EAGER = True
