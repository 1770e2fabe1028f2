"""The page of a post: what it shows, with its comments, as ready markup.

It carries most of the community's traffic, so its parts are Fragments: templates that are rendered once and filled by
joining strings.
"""

from __future__ import annotations

from datetime import timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from billing.access import FREE
from common.addresses import address_of
from common.fragments import Fragment
from common.frame import FRAME, frame_of
from common.moments import Moments, microseconds_of, moment
from common.paging import Page, neighbours
from common.text import excerpt_of
from community.models import PostType
from community.models.posts import FORMER_MEMBER, Pin, slug_of
from community.querysets.posts import shows_words
from community.querysets.threads import CommentRow, Opening
from community.services.answers import may_accept

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

PAGE = Fragment(
    "community/thread.html",
    fields=(
        *FRAME,
        *("title", "description", "id", "csrf_token"),
        *("head", "opening", "said", "comments", "pager", "write"),
    ),
    flags=("is_public", "is_question", "is_empty", "is_member", "may_write"),
)
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


NOTHING = SafeString("")
# Characters; no engine or social network shows more.
LONGEST_DESCRIPTION = 200


def address_of_post(post: Opening) -> str:
    return address_of("community:post", post.id, slug_of(post.title))


def page_of(request: HttpRequest, post: Opening, page: Page, *, moderates: bool) -> SafeString:
    """The whole page, for whoever asks for it."""
    user = request.user
    is_question = post.type == PostType.QUESTION
    is_public = post.access == FREE and post.is_published
    is_open = post.is_published and (moderates or not post.is_locked)
    csrf_token = get_token(request) if user.is_authenticated else ""
    moments = Moments(timezone.now())
    way = way_to_write(post, user, is_open=is_open)
    beside = neighbours(request, page)
    values = {
        "title": post.title,
        "description": description_of(post, is_public=is_public),
        "id": post.id,
        "csrf_token": csrf_token,
        "head": head_of(post),
        "opening": markup_of_post(post, user, moments, moderates=moderates, csrf_token=csrf_token),
        "said": said_in_words(post.comments_count, is_question=is_question),
        "comments": markup_of(page.rows, post, user, moments, moderates=moderates, is_open=is_open),
        "pager": render_to_string("components/pages.html", beside) if page.next or page.previous else NOTHING,
        "write": WRITE.fill(
            {
                "id": post.id,
                "draft": post.draft or "",
                "place": f"comment-{post.id}",
                "csrf_token": csrf_token,
                "next": quote(request.get_full_path(), safe="") if way == "sign_in" else "",
            },
            is_question=is_question,
            way=way,
        ),
        **frame_of(request, csrf_token=csrf_token),
    }
    return PAGE.fill(
        values,
        is_public=is_public,
        is_question=is_question,
        is_empty=not page.rows,
        is_member=user.is_authenticated,
        may_write=way == "open",
    )


def description_of(post: Opening, *, is_public: bool) -> str:
    """How a post begins, if anybody may read it; else, and where it says nothing in words, only where it stands."""
    where = f"{post.category_name}, {comments_in_words(post.comments_count)}."
    return (is_public and excerpt_of(post.body_html, LONGEST_DESCRIPTION)) or where


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
    tag = TAG.variant()
    return HEAD.fill(
        {
            "category": post.category_name,
            "category_slug": post.category_slug,
            "title": post.title,
            "type": PostType(post.type).label,
            "tags": SafeString("".join(map(tag.fill, ({"tag": name} for name in post.tags)))),
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
    shows = shows_words(post.state, is_own=is_own, moderates=moderates)
    at = moment(post.created_at, moments.ago(post.created_at), moments.zone)
    watch = SafeString("")
    if user.is_authenticated:
        action = address_of("community:watch_post", post.id)
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


class View(NamedTuple):
    """What the markup of comments depends on beside their rows: the thread, and what its reader can do there."""

    post_id: int
    asker_id: int | None
    accepts: bool
    # "visitor": only reads; "member": likes and reports; "writer": writes, too; "moderator".
    reader: str
    zone: tzinfo


def markup_of(
    rows: list[CommentRow],
    post: Opening,
    user: User | AnonymousUser,
    moments: Moments,
    *,
    moderates: bool,
    is_open: bool,
) -> SafeString:
    """The comments of a page, joined."""
    view = View(
        post_id=post.id,
        asker_id=post.author_id,
        accepts=user.is_authenticated and may_accept(user, post),
        reader=kind_of_reader(user, moderates=moderates, is_open=is_open),
        zone=moments.zone,
    )
    # A visitor's is 0, which no author has. Read once, since each look at a lazy user costs.
    reader_id = user.pk or 0
    # In development a changed template shows.
    longest = 0 if settings.DEBUG else LONGEST_KEPT
    settled = microseconds_of(timezone.now() - KEPT_AFTER)
    pieces = []
    for row in rows:
        markup = kept_markup if len(row.body_html) <= longest and row.created_at < settled else markup_of_comment
        pieces.append(markup(row, view, row.author_id == reader_id, moments.ago(row.created_at)))
    return SafeString("".join(pieces))


def kind_of_reader(user: User | AnonymousUser, *, moderates: bool, is_open: bool) -> str:
    if not user.is_authenticated:
        return "visitor"
    if moderates:
        return "moderator"
    return "writer" if is_open else "member"


def markup_of_comment(row: CommentRow, view: View, is_own: bool, ago: SafeString | None) -> SafeString:
    state = "" if row.state == "published" else row.state
    shows = shows_words(row.state, is_own=is_own, moderates=view.reader == "moderator")
    at = moment(row.created_at, ago, view.zone)
    return COMMENT.fill(
        {
            "id": row.id,
            "post_id": view.post_id,
            "handle": row.handle or "",
            "name": row.name or FORMER_MEMBER,
            "at": at.iso,
            "title": at.exact,
            "ago": at.ago,
            # Sanitised when it was written.
            "body": mark_safe(row.body_html) if shows else "",  # noqa: S308
            "likes": likes_in_words(row.likes),
        },
        level="answer" if row.is_top else "reply",
        author=author_of(row, view, is_own=is_own),
        state=state,
        liked=row.liked,
        accepted=row.is_accepted,
        may_accept=view.accepts and row.is_top and not state,
        edited=row.edited_at is not None,
        reader=view.reader,
        counted=row.likes > 0,
    )


# All that the markup depends on is what the function is given, so of a thread that many read it is made once; but not
# in the hour in which how long ago it was changes each minute. Row and markup take three kilobytes or, where a text has
# signs like emoji, at most nine.
KEPT, LONGEST_KEPT, KEPT_AFTER = 2_000, 1_000, timedelta(hours=1)
kept_markup = lru_cache(maxsize=KEPT)(markup_of_comment)


def author_of(row: CommentRow, view: View, *, is_own: bool) -> str:
    if row.author_id is None or row.handle is None:
        return "former"
    if is_own:
        return "own"
    return "asker" if row.author_id == view.asker_id else "other"


def comments_in_words(comments: int) -> str:
    return "1 comment" if comments == 1 else f"{comments} comments"


def said_in_words(comments: int, *, is_question: bool) -> str:
    """The title above the comments."""
    if not comments:
        return "Answers" if is_question else "Comments"
    return f"{comments} answers and comments" if is_question and comments > 1 else comments_in_words(comments)


def likes_in_words(likes: int) -> str:
    return "Like" if likes == 0 else "1 like" if likes == 1 else f"{likes:,} likes"


def address_of_comment(address: str, comment: int, cursor: str) -> str:
    """`address` is that of the thread."""
    return f"{address}{f'?cursor={cursor}' if cursor else ''}#c{comment}"
