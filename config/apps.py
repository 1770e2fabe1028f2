from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """An app only so that `up` and `setup_env`, which stand above all others, are commands."""

    name = "config"
