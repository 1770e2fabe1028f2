from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "ops"
    verbose_name = "Operations"

    def ready(self) -> None:
        from ops import sitemaps  # noqa: F401 - importing it adds its pages to the site's map
        from ops.metrics import tasks  # noqa: F401 - listens to Celery
