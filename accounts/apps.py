from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import roles, signals  # noqa: F401 - importing the signals connects them
        from accounts.calling import caller_of
        from analytics.callers import tell_callers

        tell_callers(caller_of)
        # Each app's personal_data.py says what it holds about people.
        autodiscover_modules("personal_data")
        # Django makes an app's permissions after its migrations; then the roles can have them.
        post_migrate.connect(roles.grant, dispatch_uid="accounts.roles.grant")
