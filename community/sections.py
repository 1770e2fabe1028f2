"""What the community shows on pages of the apps below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import F
from django.urls import reverse

from accounts import profile_sections
from billing.access import FREE
from common.sections import Section
from community import sitemaps  # noqa: F401 - importing it adds the posts to the site's map
from community.categories import all_categories, categories_for
from community.listing import complete
from community.models import Comment, Post, PostType, State, Watch
from community.querysets.listing import LATEST, NEWEST, Wanted, list_page
from community.rows import rows_of
from tutorials import home_sections, page_sections, year

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import Profile, User
    from tutorials.models import Tutorial

OF_A_PERSON, OF_A_TUTORIAL, ON_HOME = 5, 5, 3


def written_by(profile: Profile, to: User | AnonymousUser) -> dict[str, Any] | None:
    """Somebody's latest posts and answers; if they let these be seen."""
    if not profile.shows("activity", to=to):
        return None
    categories = [category.pk for category in categories_for(to)]
    answers = Comment.objects.filter(
        author=profile.user_id,
        state=State.PUBLISHED,
        is_top=True,
        post__state=State.PUBLISHED,
        post__type=PostType.QUESTION,
        post__category__in=categories,
    )
    content = {
        "posts": latest(Wanted(categories, author=profile.user_id), NEWEST, OF_A_PERSON, to),
        "answers": list(answers.select_related("post").order_by("-id")[:OF_A_PERSON]),
        "all": f"{reverse('community:list')}?{urlencode({'author': profile.handle})}",
        "watch": watch_of(profile, to),
    }
    return content if content["posts"] or content["answers"] or to.pk == profile.user_id else None


def watch_of(profile: Profile, reader: User | AnonymousUser) -> dict[str, str] | None:
    """Whether a member watches or mutes this person, and where they change that; None for oneself and visitors."""
    if not reader.is_authenticated or reader.pk == profile.user_id:
        return None
    watch = Watch.objects.of(reader).filter(person=profile.user_id).first()
    action = reverse("community:watch_person", args=[profile.handle])
    return {"level": watch.level if watch else "", "action": action}


def about_tutorial(tutorial: Tutorial, reader: User | AnonymousUser) -> dict[str, Any]:
    """The threads in which something was last said about a tutorial, and where to begin one."""
    wanted = Wanted(open_to_all(), tutorial=tutorial.pk)
    return {
        "rows": rows_of(latest(wanted, LATEST, OF_A_TUTORIAL, reader)),
        "all": f"{reverse('community:list')}?{urlencode({'tutorial': tutorial.slug})}",
        "ask": asking(tutorial, ""),
    }


def live_threads(viewer: User | AnonymousUser) -> dict[str, Any] | None:
    """Those in which something was said just now."""
    posts = latest(Wanted(open_to_all()), LATEST, ON_HOME, viewer)
    return {"rows": rows_of(posts)} if posts else None


def given_in_year(user: User, start: datetime, end: datetime) -> dict[str, Any] | None:
    """What somebody wrote for others in a year, and what became of it; None if that was nothing."""
    when = {"created_at__gte": start, "created_at__lt": end, "state": State.PUBLISHED}
    posts = Post.objects.filter(author=user, **when).count()
    comments = Comment.objects.filter(author=user, **when)
    accepted = comments.filter(post__accepted_answer=F("pk")).count()
    facts = [("Posts", posts), ("Comments", comments.count()), ("Answers accepted", accepted)]
    return {"facts": facts} if any(number for _, number in facts) else None


def open_to_all() -> list[int]:
    """The categories that are no spaces: pages of other apps show nothing that only some may know of."""
    return [category.pk for category in all_categories() if category.access == FREE]


def latest(wanted: Wanted, order: str, most: int, reader: User | AnonymousUser) -> list[dict[str, Any]]:
    rows = list_page(wanted, order=order, reader=reader.pk, size=most).page.rows
    for row in rows:
        complete(row)
    return rows


def asking(tutorial: Tutorial, block: str) -> str:
    """Where one asks about a block of a tutorial; "": about all of it."""
    about = {"tutorial": tutorial.slug} | ({"block": block} if block else {})
    return f"{reverse('community:new_post')}?{urlencode(about)}"


profile_sections.register(profile_sections.ProfileSection("community/_section_profile.html", written_by))
page_sections.register(page_sections.PageSection("community/_section_tutorial.html", about_tutorial))
home_sections.register(home_sections.HomeSection("community/_section_home.html", live_threads))
year.register(Section("community/_section_year.html", given_in_year))
page_sections.asking = asking
