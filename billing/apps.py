from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import tiers  # noqa: F401 - importing it registers what it defines
        from billing.standard_plans import make_standard_plans

        post_migrate.connect(make_standard_plans, sender=self)
