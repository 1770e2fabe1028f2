"""What a developer's fresh database is filled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from django.db import transaction
from django.utils.text import slugify

from accounts.models import Role, User
from accounts.services.people import register, set_role
from billing.access import FREE
from community.models import Category, Pin, Post
from community.services import answers, writing
from tutorials.models import Tutorial
from tutorials.services import import_tutorials
from tutorials.services.bookmarks import put_bookmark
from tutorials.services.progress import record_progress

DEMO_PASSWORD = "how-to-ai-demo"  # noqa: S105 - printed by `up`, exists only where DEBUG is on
FINISHED, BEGUN = "how-language-models-work", "prompting-that-works"
THREADS = Path(__file__).resolve().parent / "demo_threads.yaml"
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
    talk(people)
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


def talk(people: Mapping[str, User]) -> None:
    """Have people discuss a little."""
    said = yaml.safe_load(THREADS.read_text())
    categories = {}
    for fields in said["categories"]:
        # Whether these people act as staff depends on the settings; so all is said before that matters.
        category = Category(**fields | {"staff_only": False, "access": FREE}, slug=slugify(fields["name"]))
        category.full_clean()
        category.save()
        categories[category.slug] = category
    for each in said["posts"]:
        values = {"title": each["title"], "type": each["type"], "body": each["body"], "tags": each.get("tags", [])}
        post = writing.publish_post(
            author=people[each["by"]], values=values | {"category": categories[each["category"]]}
        )
        Post.objects.filter(pk=post.pk).update(pinned=each.get("pinned", Pin.NOWHERE))
        for comment in each.get("comments", []):
            answer = writing.add_comment(author=people[comment["by"]], post=post, body=comment["body"])
            for reply in comment.get("replies", []):
                writing.add_comment(author=people[reply["by"]], post=post, parent=answer, body=reply["body"])
            if comment.get("accepted"):
                answers.accept_answer(by=people[each["by"]], post=post, comment=answer)
    for fields in said["categories"]:
        category = categories[slugify(fields["name"])]
        category.staff_only, category.access = fields.get("staff_only", False), fields.get("access", FREE)
        category.save()
