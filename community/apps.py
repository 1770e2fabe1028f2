from django.apps import AppConfig


class CommunityConfig(AppConfig):
    name = "community"

    def ready(self) -> None:
        from community import counts, figures, header, sections  # noqa: F401 - importing them registers what they define
