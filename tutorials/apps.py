from django.apps import AppConfig


class TutorialsConfig(AppConfig):
    name = "tutorials"

    def ready(self) -> None:
        from analytics import features
        from tutorials import counts, figures, organisation_learning, sections  # noqa: F401 - importing them registers what they define

        features.register("bookmark", "copy_code", "search")
