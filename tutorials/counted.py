"""What analytics counts here by name: the features that there are, and pages of what is published."""

from __future__ import annotations

from analytics import features
from analytics.pages import ask_whether_there
from tutorials.models import Track, Tutorial


def is_tutorial(slug: str) -> bool:
    return bool(Tutorial.objects.published().filter(slug=slug).exists())


def is_track(slug: str) -> bool:
    return bool(Track.objects.published().filter(slug=slug).exists())


features.register("bookmark", "copy_code", "search")
ask_whether_there("tutorials/<slug:slug>/", is_tutorial)
ask_whether_there("tracks/<slug:slug>/", is_track)
