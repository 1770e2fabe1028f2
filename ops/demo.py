"""What a developer's fresh database is filled with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from accounts.models import Role, User
from accounts.services.people import register, set_role
from tutorials.models import Tutorial
from tutorials.services import import_tutorials
from tutorials.services.bookmarks import put_bookmark
from tutorials.services.progress import record_progress

DEMO_PASSWORD = "how-to-ai-demo"  # noqa: S105 - printed by `up`, exists only where DEBUG is on
FINISHED, BEGUN = "how-language-models-work", "prompting-that-works"
CONTENT = Path(__file__).resolve().parent.parent / "tutorials" / "content"


@dataclass(frozen=True)
class DemoPerson:
    email: str
    name: str
    role: str


DEMO_PEOPLE = (
    DemoPerson("learner@howtoai.example", "Lea Learner", "learner"),
    DemoPerson("author@howtoai.example", "Ada Author", "author"),
    DemoPerson("moderator@howtoai.example", "Mo Moderator", "moderator"),
    DemoPerson("admin@howtoai.example", "Alex Admin", "administrator"),
)


@transaction.atomic
def seed_demo() -> int:
    """Import the real tutorials and make one person a role; returns the number of tutorials.

    Does nothing (and returns 0) when there is any tutorial or person already.
    """
    if Tutorial.objects.exists() or User.objects.exists():
        return 0
    people = {person.role: make_person(person) for person in DEMO_PEOPLE}
    done = import_tutorials(path=CONTENT, author=people["author"])
    begin(people["learner"])
    return done.created


def make_person(person: DemoPerson) -> User:
    user = register(email=person.email, password=DEMO_PASSWORD, name=person.name, confirmed=True)
    set_role(user=user, role=Role(person.role))
    return user


def begin(learner: User) -> None:
    """Have somebody learn a little, so that their pages have something to show."""
    finished, begun = (Tutorial.objects.get(slug=slug) for slug in (FINISHED, BEGUN))
    record_progress(user=learner, tutorial=finished, fraction=1.0, seconds=300)
    place = begun.blocks[2]["id"]
    record_progress(user=learner, tutorial=begun, fraction=0.4, seconds=120, block=place)
    put_bookmark(user=learner, tutorial=begun, block=place, note="Try this with the next letter to the tenants.")
