"""What analytics is told of tutorials: their titles, and which belong to a topic."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Concat

from analytics import subjects
from tutorials.models import Topic, Tutorial

BEFORE, AFTER = "/tutorials/", "/"


def topics() -> Iterable[subjects.Topic]:
    return [subjects.Topic(slug, name) for slug, name in Topic.objects.values_list("slug", "name")]


def titles(slugs: Iterable[str]) -> dict[str, str]:
    return dict(Tutorial.objects.filter(slug__in=slugs).values_list("slug", "title"))


def slugs_of(topic: str) -> QuerySet[Tutorial, str]:
    return Tutorial.objects.filter(topic__slug=topic).order_by().values_list("slug", flat=True)


def page_titles(paths: Iterable[str]) -> dict[str, str]:
    """Of the tutorials' own pages."""
    slugs = {path.removeprefix(BEFORE).removesuffix(AFTER): path for path in paths if path.startswith(BEFORE)}
    return {slugs[slug]: title for slug, title in titles(slugs).items()}


def pages_of(topic: str) -> QuerySet[Tutorial, str]:
    path = Concat(Value(BEFORE), F("slug"), Value(AFTER), output_field=TextField())
    return Tutorial.objects.filter(topic__slug=topic).order_by().values_list(path, flat=True)


subjects.register(subjects.Source(subjects.TUTORIAL, titles=titles, topics=topics, keys=slugs_of))
subjects.register(subjects.Source(subjects.PAGE, titles=page_titles, topics=topics, keys=pages_of))
