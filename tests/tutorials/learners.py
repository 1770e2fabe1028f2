"""What several tests do as learners."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from tests.factories import make_tutorial, numbers
from tutorials.models import Achievement, Certificate, Track, TrackCompletion, TrackStep, Tutorial
from tutorials.services import awarding
from tutorials.services.progress import Step, record_progress

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9"/></svg>'
QUIZ = """\
```quiz
? What is a token?
( ) A coin
    Not here.
(x) A piece of a word
    Models read and write these.

? Which of these belong in a prompt?
[x] The goal
[x] An example
[ ] Your password
    Never.

? What turns a text into numbers?
= embedding | an embedding
! It is called an embedding.
```
"""


def record(user: User, tutorial: Tutorial, **report: Any) -> Step:
    return record_progress(user=user, tutorial=tutorial, **{"fraction": 0.5} | report)


def finish(user: User, *tutorials: Tutorial) -> None:
    for tutorial in tutorials:
        record(user, tutorial, fraction=1)


def make_track(*tutorials: Tutorial, **fields: Any) -> Track:
    number = next(numbers)
    defaults = {"title": f"Track {number}", "slug": f"track-{number}", "summary": "A path.", "is_published": True}
    track = Track.objects.create(**defaults | fields)
    for position, tutorial in enumerate(tutorials):
        TrackStep.objects.create(track=track, tutorial=tutorial, position=position)
    return track


def make_certificate(user: User, track: Track | None = None) -> Certificate:
    """As the night makes it of a track that was finished before there were any."""
    completion = TrackCompletion.objects.create(user=user, track=track or make_track(make_tutorial()))
    awarding.certify(TrackCompletion.objects.filter(pk=completion.pk))
    return Certificate.objects.get(user=user, track=completion.track)


def make_achievement(rule: str, threshold: int = 1, **fields: Any) -> Achievement:
    number = next(numbers)
    defaults = {"code": f"achievement-{number}", "title": f"Achievement {number}", "description": "Do it."}
    return Achievement.objects.create(rule=rule, threshold=threshold, picture=PICTURE, **defaults | fields)


def make_quiz_tutorial(title: str = "", **fields: Any) -> Tutorial:
    return make_tutorial(title, body=f"The opening.\n\n## First steps\n\nThe middle.\n\n{QUIZ}", **fields)


def answers_to(tutorial: Tutorial, *, right: bool = True) -> dict[str, list[str]]:
    """Answers to every question, all right or all wrong."""
    assert tutorial.quiz is not None
    answers = {}
    for question in tutorial.quiz["questions"]:
        if question["kind"] == "short":
            answers[question["key"]] = [question["accepted"][0] if right else "nonsense"]
        else:
            answers[question["key"]] = [option["key"] for option in question["options"] if option["right"] is right]
    return answers
