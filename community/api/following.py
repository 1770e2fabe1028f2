"""Shapes of what the API takes and gives about following, notifications and their mail."""

from __future__ import annotations

from typing import Any

from common.api import Row, StrictSerializer, WordField
from community.models import Cadence, Kind, Level
from community.notices import notice_of


class WatchSerializer(StrictSerializer):
    """What may stand in it is for the service to say."""

    level = WordField(words=Level.values)

    example = {"level": "watching"}


class CadencesSerializer(StrictSerializer):
    """Only what is to change need be there."""

    example = {"like": "never", "reply": "daily"}

    def get_fields(self) -> dict[str, Any]:
        return {kind.value: WordField(words=Cadence.values, required=False) for kind in Kind}


def notification_item(row: Row) -> Row:
    notice = notice_of(row)
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "words": notice.words,
        "excerpt": notice.excerpt,
        "url": notice.address,
        "at": notice.at,
        "read": notice.is_read,
        "others": row["others"],
        "actor": row["handle"] and {"id": notice.actor, "handle": row["handle"], "name": row["actor_name"]},
        "post": notice.post,
        "comment": notice.comment,
    }


def watch_item(row: Row) -> Row:
    """Of the four things that it may be of, three are null."""
    return {
        "level": row["level"],
        "post": row["post_id"] and {"id": row["post_id"], "title": row["title"]},
        "category": row["category_slug"] and {"slug": row["category_slug"], "name": row["category_name"]},
        "user": row["person_id"] and {"id": row["person_id"], "handle": row["handle"], "name": row["person_name"]},
        "tag": row["tag"] or None,
        "created_at": row["created_at"],
    }
