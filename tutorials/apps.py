from django.apps import AppConfig


class TutorialsConfig(AppConfig):
    name = "tutorials"

    def ready(self) -> None:
        from tutorials import counted, counts, figures, organisation_learning, sections  # noqa: F401 - importing them registers what they define
