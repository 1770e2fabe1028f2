"""The JSON of what members write. Built by hand: these reads carry the API's traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.moments import microseconds_of, time_of
from community.querysets.posts import shows_words
from community.querysets.threads import CommentRow

if TYPE_CHECKING:
    from rest_framework.request import Request

    from accounts.models import User
    from common.api import Row
    from community.models import Category, Comment, Draft

# Columns of rows that lists are built from.
REVISION_COLUMNS = ("id", "title", "tags", "body", "written_at", "post")
DRAFT_COLUMNS = ("id", "place", "title", "type", "category__slug", "tags", "body", "saved_at")


def author_of(pk: int | None, handle: str | None, name: str | None) -> Row | None:
    """Null for a former member."""
    return None if pk is None or handle is None else {"id": pk, "handle": handle, "name": name}


def author_as(user: User | None) -> Row | None:
    return None if user is None else author_of(user.pk, user.profile.handle, user.profile.shown_name)


def post_item(row: Row, request: Request) -> Row:
    """An entry of a list, from a row of community.querysets.listing."""
    return {
        "id": row["id"],
        "title": row["title"],
        "type": row["type"],
        "category": row["category_slug"],
        "tags": row["tags"],
        "author": author_of(row["author_id"], row["author_handle"], row["author_name"]),
        "excerpt": row["excerpt"],
        "likes": row["likes_count"],
        "liked": row["liked"],
        "comments": row["comments_count"],
        "solved": row["solved"],
        "locked": row["locked"],
        "created_at": row["created_at"],
        "edited_at": row["edited_at"],
        "active_at": row["active_at"],
    }


def post_detail(post: Any, *, reader: Any, shows: bool) -> Row:
    """One post that was found `with_marks_of` its reader; `shows` says whether its text may be read."""
    detail = {
        "id": post.pk,
        "title": post.title,
        "type": post.type,
        "category": post.category.slug,
        "tags": post.tags,
        "state": post.state,
        "author": author_as(post.author),
        "body_html": post.body_html if shows else "",
        "tutorial": post.tutorial.slug if post.tutorial else None,
        "block": post.block if post.tutorial else "",
        "likes": post.likes_count,
        "liked": post.liked,
        "comments": post.comments_count,
        "accepted_answer": post.accepted_answer_id,
        "solved": post.accepted_answer_id is not None,
        "pinned": post.pinned or None,
        "locked": post.is_locked,
        "watch": post.watch or None,
        "created_at": post.created_at,
        "edited_at": post.edited_at,
        "active_at": post.active_at,
    }
    own = reader.is_authenticated and post.author_id == reader.pk
    return detail | {"body": post.body} if own and shows else detail


def comment_item(row: CommentRow, *, reader: Any, moderates: bool) -> Row:
    """A comment; without its text where that cannot be read."""
    own = reader.is_authenticated and row.author_id == reader.pk
    shows = shows_words(row.state, is_own=own, moderates=moderates)
    return {
        "id": row.id,
        "parent": row.parent,
        "state": row.state,
        "author": author_of(row.author_id, row.handle, row.name),
        "body_html": row.body_html if shows else "",
        "likes": row.likes,
        "liked": row.liked,
        "accepted": row.is_accepted,
        "created_at": time_of(row.created_at),
        "edited_at": None if row.edited_at is None else time_of(row.edited_at),
    }


def comment_row(comment: Comment, *, liked: bool) -> CommentRow:
    """The row that a thread would have of it."""
    profile = comment.author.profile if comment.author else None
    root = comment.parent_id or comment.pk
    return CommentRow(
        thread=0 if root == comment.post.accepted_answer_id else root,
        id=comment.pk,
        parent=comment.parent_id,
        state=comment.state,
        body_html=comment.body_html,
        created_at=microseconds_of(comment.created_at),
        edited_at=None if comment.edited_at is None else microseconds_of(comment.edited_at),
        likes=comment.likes_count,
        author_id=comment.author_id,
        handle=profile.handle if profile else None,
        name=profile.shown_name if profile else None,
        liked=liked,
    )


def revision_item(row: Row) -> Row:
    """What a text said until an edit; comments have no title and no tags."""
    item = {"written_at": row["written_at"], "body": row["body"]}
    return {"title": row["title"], "tags": row["tags"]} | item if row["post"] else item


def draft_item(row: Row) -> Row:
    return {
        "place": row["place"],
        "title": row["title"],
        "type": row["type"] or None,
        "category": row["category__slug"],
        "tags": row["tags"],
        "body": row["body"],
        "saved_at": row["saved_at"],
    }


def draft_row(draft: Draft) -> Row:
    """The row that a list would have of it."""
    slug = draft.category.slug if draft.category else None
    return {name: slug if name == "category__slug" else getattr(draft, name) for name in DRAFT_COLUMNS}


def category_item(category: Category) -> Row:
    return {
        "slug": category.slug,
        "name": category.name,
        "description": category.description,
        "access": category.access,
        "staff_only": category.staff_only,
    }
