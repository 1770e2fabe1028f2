"""Posts as the rows of a list, as ready markup: every list page shows twenty of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from common.fragments import Fragment
from common.moments import Moments
from common.text import shortened

ROW = Fragment(
    "community/_post_row.html",
    fields=(
        *("id", "slug", "title", "excerpt", "author", "handle", "category", "category_slug"),
        *("at", "exact", "ago", "comments", "likes", "tags"),
    ),
    flags=("pinned", "mark", "locked", "is_here", "names_category", "counted", "liked", "has_excerpt"),
)
TAG = Fragment("community/_row_tag.html", fields=("tag",))
MOST_TAGS = 3
LONGEST_EXCERPT = 159  # characters


def rows_of(posts: Iterable[dict[str, Any]], *, names_category: bool = True) -> SafeString:
    """Rows that `listing.complete` has seen. `names_category`: each says where it stands, as not all do in one."""
    moments = Moments(timezone.now())
    return SafeString("".join(row_of(post, moments, names_category=names_category) for post in posts))


def row_of(post: dict[str, Any], moments: Moments, *, names_category: bool) -> SafeString:
    at = moments.of(post["active_at"])
    tags = (TAG.fill({"tag": tag}) for tag in post["tags"][:MOST_TAGS])
    return ROW.fill(
        {
            "id": post["id"],
            "slug": post["slug"],
            "title": post["title"],
            "excerpt": shortened(post["excerpt"], LONGEST_EXCERPT),
            "author": post["author_name"],
            "handle": post["author_handle"] or "",
            "category": post["category_name"],
            "category_slug": post["category_slug"],
            "at": at.iso,
            "exact": at.exact,
            "ago": at.ago,
            "comments": counted(post["comments_count"], "comment"),
            "likes": counted(post["likes_count"], "like"),
            "tags": SafeString("".join(tags)),
        },
        pinned=post["pinned"],
        mark="solved" if post["solved"] else post["type"],
        locked=post["locked"],
        is_here=bool(post["author_handle"]),
        names_category=names_category,
        counted=post["likes_count"] > 0,
        liked=post["liked"],
        has_excerpt=bool(post["excerpt"]),
    )


def counted(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{number:,} {thing}s"
