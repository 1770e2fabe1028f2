"""What a developer's fresh database is filled with: people, and ninety days of what they did."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ops.demo import community
from ops.demo.awards import give_awards
from ops.demo.learning import make_learning
from ops.demo.moderation import Moderation
from ops.demo.notices import Notices
from ops.demo.paying import make_payments
from ops.demo.people import DEMO_PASSWORD, DEMO_PEOPLE, make_people
from ops.demo.season import Season
from ops.demo.visits import make_visits
from tutorials.models import Tutorial
from tutorials.services import import_tutorials

__all__ = ["CONTENT", "DEMO_PASSWORD", "DEMO_PEOPLE", "seed_demo"]

CONTENT = Path(__file__).resolve().parents[2] / "tutorials" / "content"


@transaction.atomic
def seed_demo() -> int:
    """Import the real tutorials and make a lively platform around them; returns the number of tutorials.

    The same each time, but for the present, from which all is reckoned back. Does nothing (and returns 0) when there
    is any tutorial or person already.
    """
    if Tutorial.objects.exists() or User.objects.exists():
        return 0
    season = Season(timezone.now())
    people = make_people(season.part("people"))
    done = import_tutorials(path=CONTENT, author=people.cast["author"].user)
    make_payments(season.part("payments"), people)
    journal = make_learning(season.part("learning"), people)
    talk = community.Community(season.part("community"), people)
    talk.store()
    talk.like()
    talk.watch()
    talk.note(journal)
    Moderation(season.part("moderation"), people, talk).make()
    community.settle()
    Notices(season, people, talk).make()
    give_awards(season, people, journal)
    make_visits(season.part("visits"), people)
    return done.created
