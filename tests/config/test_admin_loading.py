"""The admin is loaded with the addresses, and not by commands that answer nobody; its checks look at all of it."""

from __future__ import annotations

import subprocess
import sys

from django.conf import settings

LOADED = """
import os
os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true"}
import django
django.setup()
from django.contrib import admin
from django.core import checks
before = len(admin.site._registry)
found = checks.run_checks(tags=[checks.Tags.admin])
print(before, len(admin.site._registry) > 20, found)
"""


def test_a_command_loads_no_admin_and_its_checks_load_all_of_it() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["0", "True", "[]"]
