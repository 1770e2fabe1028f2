"""What a notification says, in the same words in the notification centre, in mails and at the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from community.models import Kind, PostType
from community.models.posts import FORMER_MEMBER, slug_of
from community.querysets.following import LONGEST_EXCERPT

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Notice:
    """One notification as people read it."""

    id: int
    kind: Kind
    words: str
    # What was said, or what moderators say.
    excerpt: str
    # Of what it tells; a path.
    address: str
    at: datetime
    is_read: bool
    actor: int | None
    post: int | None
    comment: int | None


def notice_of(row: dict[str, Any]) -> Notice:
    """Of a row of NotificationQuerySet.as_rows."""
    return Notice(
        id=row["id"],
        kind=Kind(row["kind"]),
        words=in_words(row),
        excerpt=row["words"] or shorten(row["excerpt"]),
        address=address_of_notice(row),
        at=row["at"],
        is_read=row["read_at"] is not None,
        actor=row["actor_id"],
        post=row["post_id"],
        comment=row["comment_id"],
    )


def in_words(row: dict[str, Any]) -> str:
    """What happened, in one sentence without a full stop."""
    who, title = people_in_words(row), row["title"]
    kind = Kind(row["kind"])
    if kind == Kind.COMMENT and row["type"] == PostType.QUESTION and row["parent"] is None:
        return f"{who} answered: {title}"
    text = "comment in" if row["comment_id"] else "post"
    sentences = {
        Kind.MENTION: f"{who} mentions you in “{title}”",
        Kind.COMMENT: f"{who} commented on “{title}”",
        Kind.REPLY: f"{who} replied to you in “{title}”",
        Kind.ACCEPTED: f"Your answer to “{title}” is accepted",
        Kind.LIKE: f"{who} {'like' if row['others'] else 'likes'} your {text} “{title}”",
        Kind.WATCHED_COMMENT: f"{who} commented on “{title}”",
        Kind.WATCHED_POST: f"{who} posted “{title}”",
        Kind.MODERATION: f"From the moderators, about “{title}”" if title else "From the moderators",
        Kind.QUEUE: f"To be moderated: “{title}”" if title else "There is something to moderate",
    }
    return sentences[kind]


def people_in_words(row: dict[str, Any]) -> str:
    """ "Ada", or "Ada and 3 others"."""
    who: str = row["actor_name"] or FORMER_MEMBER
    others: int = row["others"]
    return f"{who} and {others} other{'' if others == 1 else 's'}" if others else who


def address_of_notice(row: dict[str, Any]) -> str:
    if row["kind"] == Kind.QUEUE:
        return reverse("community:moderation")
    if row["comment_id"]:
        return reverse("community:comment", args=[row["comment_id"]])
    if row["post_id"]:
        return reverse("community:post", args=[row["post_id"], slug_of(row["title"])])
    return reverse("community:notifications")


def shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_EXCERPT else f"{text[:LONGEST_EXCERPT].rstrip()}…"
