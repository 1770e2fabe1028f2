"""The page of a post: what it shows, with its comments, as ready markup.

It carries most of the community's traffic, so its parts are Fragments: templates that are rendered once and filled by
joining strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from common.fragments import Fragment
from common.moments import Moments
from common.paging import Page
from community.models import PostType, State
from community.models.posts import FORMER_MEMBER, Pin, slug_of
from community.querysets.threads import Opening, comments_of
from community.services.answers import may_accept

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

HEAD = Fragment(
    "community/_thread_head.html",
    fields=("category", "category_slug", "title", "type", "tags", "about"),
    flags=("solved", "pinned", "locked"),
)
TAG = Fragment("community/_thread_tag.html", fields=("tag",))
ABOUT = Fragment(
    "community/_thread_about.html", fields=("slug", "title", "block", "heading"), flags=("in_block", "has_heading")
)
OPENING = Fragment(
    "community/_opening.html",
    fields=("id", "handle", "name", "at", "title", "ago", "body", "likes", "watch"),
    flags=("author", "state", "shows", "edited", "reader", "liked", "counted"),
)
WATCH = Fragment("community/_watch.html", fields=("action", "csrf_token"), flags=("level",))
COMMENT = Fragment(
    "community/_comment.html",
    fields=("id", "post_id", "handle", "name", "at", "title", "ago", "body", "likes"),
    flags=("level", "author", "state", "liked", "accepted", "may_accept", "edited", "reader", "counted"),
)
WRITE = Fragment(
    "community/_write_comment.html",
    fields=("id", "draft", "place", "csrf_token", "next"),
    flags=("is_question", "way"),
)


@dataclass(frozen=True)
class Thread:
    """A post with a page of its comments, as one person sees it."""

    post: Opening
    page: Page
    # The address of the page, which names the title.
    address: str
    head_html: SafeString
    opening_html: SafeString
    comments_html: SafeString
    write_html: SafeString


def address_of_post(post: Opening) -> str:
    return reverse("community:post", args=[post.id, slug_of(post.title)])


def thread_of(
    post: Opening, user: User | AnonymousUser, *, moderates: bool, csrf_token: str, cursor: str, asked: str
) -> Thread:
    """One query. `asked` is the address to come back to after signing in. Raises ValidationError for `cursor`."""
    page = comments_of(post, user, moderates=moderates, cursor=cursor)
    is_open = post.is_published and (moderates or not post.is_locked)
    moments = Moments(timezone.now())
    return Thread(
        post=post,
        page=page,
        address=address_of_post(post),
        head_html=head_of(post),
        opening_html=markup_of_post(post, user, moments, moderates=moderates, csrf_token=csrf_token),
        comments_html=markup_of(page.rows, post, user, moments, moderates=moderates, is_open=is_open),
        write_html=WRITE.fill(
            {
                "id": post.id,
                "draft": post.draft or "",
                "place": f"comment-{post.id}",
                "csrf_token": csrf_token,
                "next": quote(asked, safe=""),
            },
            is_question=post.type == PostType.QUESTION,
            way=way_to_write(post, user, is_open=is_open),
        ),
    )


def way_to_write(post: Opening, user: User | AnonymousUser, *, is_open: bool) -> str:
    """Whether somebody may write, has to sign in first, or why nobody can."""
    if is_open:
        return "open" if user.is_authenticated else "sign_in"
    return "locked" if post.is_published else "gone"


def head_of(post: Opening) -> SafeString:
    about = SafeString("")
    if post.tutorial_slug is not None:
        values = {
            "slug": post.tutorial_slug,
            "title": post.tutorial_title or "",
            "block": post.block,
            "heading": post.heading or "",
        }
        about = ABOUT.fill(values, in_block=bool(post.block), has_heading=bool(post.heading))
    return HEAD.fill(
        {
            "category": post.category_name,
            "category_slug": post.category_slug,
            "title": post.title,
            "type": PostType(post.type).label,
            "tags": SafeString("".join(TAG.fill({"tag": tag}) for tag in post.tags)),
            "about": about,
        },
        solved=post.accepted_answer_id is not None,
        pinned=post.pinned != Pin.NOWHERE,
        locked=post.is_locked,
    )


def markup_of_post(
    post: Opening, user: User | AnonymousUser, moments: Moments, *, moderates: bool, csrf_token: str
) -> SafeString:
    """The post itself."""
    is_own = user.is_authenticated and post.author_id == user.pk
    shows = post.is_published or moderates or (is_own and post.state != State.DELETED)
    at = moments.of(post.created_at)
    watch = SafeString("")
    if user.is_authenticated:
        action = reverse("community:watch_post", args=[post.id])
        watch = WATCH.fill({"action": action, "csrf_token": csrf_token}, level=post.watch or "")
    return OPENING.fill(
        {
            "id": post.id,
            "handle": post.handle or "",
            "name": post.name or FORMER_MEMBER,
            "at": at.iso,
            "title": at.exact,
            "ago": at.ago,
            # Sanitised when it was written.
            "body": mark_safe(post.body_html) if shows else "",  # noqa: S308
            "likes": likes_in_words(post.likes_count),
            "watch": watch,
        },
        author="former" if post.handle is None else "own" if is_own else "other",
        state="" if post.is_published else post.state,
        shows=shows,
        edited=post.edited_at is not None,
        reader="moderator" if moderates else "member" if user.is_authenticated else "visitor",
        liked=post.liked,
        counted=post.likes_count > 0,
    )


def markup_of(
    rows: list[dict[str, Any]],
    post: Opening,
    user: User | AnonymousUser,
    moments: Moments,
    *,
    moderates: bool,
    is_open: bool,
) -> SafeString:
    """The comments of a page, joined."""
    accepts = user.is_authenticated and may_accept(user, post)
    # What somebody can do here: only look; like and report; write, too; moderate.
    reader = "visitor" if not user.is_authenticated else "moderator" if moderates else "writer" if is_open else "member"
    pieces = []
    for row in rows:
        is_top = row["parent"] is None
        is_published = row["state"] == "published"
        is_own = row["author_id"] is not None and row["author_id"] == user.pk
        shows = is_published or moderates or (is_own and row["state"] != "deleted")
        at = moments.of(row["created_at"])
        pieces.append(
            COMMENT.fill(
                {
                    "id": row["id"],
                    "post_id": post.id,
                    "handle": row["handle"] or "",
                    "name": row["name"] or FORMER_MEMBER,
                    "at": at.iso,
                    "title": at.exact,
                    "ago": at.ago,
                    # Sanitised when it was written.
                    "body": SafeString(row["body_html"]) if shows else "",
                    "likes": likes_in_words(row["likes"]),
                },
                level="answer" if is_top else "reply",
                author=author_of(row, user, post),
                state="" if is_published else row["state"],
                liked=row["liked"],
                accepted=is_top and row["thread"] == 0,
                may_accept=accepts and is_top and is_published,
                edited=row["edited_at"] is not None,
                reader=reader,
                counted=row["likes"] > 0,
            )
        )
    return SafeString("".join(pieces))


def author_of(row: dict[str, Any], user: User | AnonymousUser, post: Opening) -> str:
    if row["author_id"] is None or row["handle"] is None:
        return "former"
    if row["author_id"] == user.pk:
        return "own"
    return "asker" if row["author_id"] == post.author_id else "other"


def likes_in_words(likes: int) -> str:
    return "Like" if likes == 0 else "1 like" if likes == 1 else f"{likes:,} likes"


def address_of_comment(address: str, comment: int, cursor: str) -> str:
    """`address` is that of the thread."""
    return f"{address}{f'?cursor={cursor}' if cursor else ''}#c{comment}"
