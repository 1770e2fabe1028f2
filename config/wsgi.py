"""The WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from common.metrics import report_as  # noqa: E402 - these need the apps, which that has set up
from ops import watcher  # noqa: E402

# All views and what they import, which would else be loaded by the first request.
get_resolver().url_patterns  # noqa: B018
# What is there now stays: to look through it for garbage again and again took a fifth of the time of a page. What
# requests leave behind in circles is looked for less often than Python would, which is made for shorter programs.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
report_as("web")
watcher.begin()
