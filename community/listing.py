"""The lists of posts that pages and API both show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.forms import cleaned
from community.models import Pin, Watch
from community.models.posts import FORMER_MEMBER, slug_of
from community.querysets.listing import LATEST, Listed, Muted, Wanted, list_page

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from community.forms.listing import PostListForm


def list_posts(form: PostListForm, *, pins: bool = False) -> Listed:
    """One page of what the form asks for. Raises ValidationError that names the parameter.

    `pins`: what is pinned stands before the first page of the latest, and is not in the list besides. What a member
    has muted is left out where nothing is asked for in particular.
    """
    asked = cleaned(form)
    user = form.user
    category, tag, author, tutorial = asked["category"], asked["tag"], asked["author"], asked["tutorial"]
    everything = not (category or tag or asked["type"] or author or tutorial)
    muted = muted_by(user) if everything else Muted()
    among = [category] if category else form.categories
    wanted = Wanted(
        categories=[each.pk for each in among if each.pk not in muted.categories],
        tag=tag,
        type=asked["type"],
        tutorial=tutorial.pk if tutorial else None,
        author=author.pk if author else None,
        pins=pins_above(asked) if pins else (),
        muted=muted,
    )
    listed = list_page(wanted, order=asked["order"], reader=user.pk, cursor=asked["cursor"], size=asked["page_size"])
    for row in (*listed.pinned, *listed.page.rows):
        complete(row)
    return listed


def complete(row: dict[str, Any]) -> None:
    """With what the database does not know of a row of querysets.listing."""
    row["slug"] = slug_of(row["title"])
    row["author_name"] = row["author_name"] or FORMER_MEMBER


def pins_above(asked: dict[str, Any]) -> tuple[str, ...]:
    """Which pins stand above a list: those of a category above its own, those everywhere above the whole list."""
    if asked["order"] != LATEST or any(asked[name] for name in ("tag", "type", "author", "tutorial")):
        return ()
    return (Pin.CATEGORY, Pin.EVERYWHERE) if asked["category"] else (Pin.EVERYWHERE,)


def muted_by(user: User | AnonymousUser) -> Muted:
    muted = Muted()
    if not user.is_authenticated:
        return muted
    # The checker's plugin has forgotten that keys may be null.
    rows: Any = Watch.objects.of(user).muted().values_list("post_id", "category_id", "person_id", "tag")
    for post, category, person, tag in rows:
        if post is not None:
            muted.posts.append(post)
        elif category is not None:
            muted.categories.append(category)
        elif person is not None:
            muted.people.append(person)
        else:
            muted.tags.append(tag)
    return muted
