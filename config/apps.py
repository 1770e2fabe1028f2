from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class ConfigConfig(AppConfig):
    """An app only so that what stands above all others, such as `up` and `setup_env`, are commands."""

    name = "config"
    default = True


class AdminConfig(SimpleAdminConfig):
    """Its modules are loaded with the site's addresses (config/urls.py), and not by commands that answer nobody: a
    sixth of the time in which those start."""

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_admin, checks.Tags.admin)


def check_admin(app_configs: Any, **options: Any) -> list[Any]:
    """Django's own, of all that is registered: it may be asked before the addresses are."""
    import_module(settings.ROOT_URLCONF)
    return list(check_admin_app(app_configs, **options))
