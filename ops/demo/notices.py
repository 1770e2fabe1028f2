"""What people were told of all this, as community.services.telling and .notifying would have told it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from community.models import Case, Kind, Like, Notification, Post
from ops.demo.community import Community
from ops.demo.conversations import Thread
from ops.demo.people import Member, People
from ops.demo.season import HOUR, Season

# Of what those who only watch a thread were told, so much is left.
WATCHERS_REMEMBER = timedelta(days=21)
# Who can sign in has not looked since then, and finds something new.
UNREAD = timedelta(days=1.5)


class Notices:
    def __init__(self, season: Season, people: People, community: Community) -> None:
        self.season, self.people, self.community = season, people, community
        self.rows: list[Notification] = []
        self.looked = {
            member.pk: season.now - UNREAD if member in people.cast.values() else member.left - 5 * HOUR
            for member in people.members
        }

    def make(self) -> None:
        for thread in self.community.threads:
            self.tell_of_comments(thread)
            if thread.accepted and thread.accepted_at and thread.accepted.author is not thread.author:
                answer = self.community.comments[thread.accepted]
                row = self.tell(thread.accepted.author, Kind.ACCEPTED, thread.author, thread.accepted_at)
                row.post, row.comment = answer.post, answer
        self.tell_of_likes()
        self.tell_moderators()
        Notification.objects.bulk_create(sorted(self.rows, key=lambda row: row.at))

    def tell(self, member: Member, kind: Kind, actor: Member | None, at: datetime) -> Notification:
        """No mail of it is due: that was long ago."""
        row = Notification(user=member.user, kind=kind, actor=actor.user if actor else None, at=at, since=at)
        looked = self.looked[member.pk]
        row.read_at = min(at + 3 * HOUR, looked) if at < looked else None
        self.rows.append(row)
        return row

    def tell_of_comments(self, thread: Thread) -> None:
        watching = [thread.author]
        for said, to in sorted(thread.everything(), key=lambda each: each[0].at):
            comment = self.community.comments[said]
            for member, kind in concerned(thread, to.author if to else None, watching):
                is_long_ago = said.at < self.season.now - WATCHERS_REMEMBER
                if member is not said.author and not (kind == Kind.WATCHED_COMMENT and is_long_ago):
                    row = self.tell(member, kind, said.author, said.at)
                    row.post, row.comment = comment.post, comment
            watching.append(said.author)

    def tell_of_likes(self) -> None:
        """One for each text, by whoever liked it last."""
        members = {member.pk: member for member in self.people.members}
        by_text: defaultdict[tuple[int | None, int | None], list[Like]] = defaultdict(list)
        for like in self.community.likes:
            by_text[like.post_id, like.comment_id].append(like)
        for likes in by_text.values():
            last = likes[-1]
            text = last.post or last.comment
            if text is None or text.author_id is None:
                continue
            row = self.tell(members[text.author_id], Kind.LIKE, members[last.user_id], last.created_at)
            row.since, row.others = likes[0].created_at, len(likes) - 1
            row.post, row.comment = (text, None) if isinstance(text, Post) else (text.post, text)

    def tell_moderators(self) -> None:
        opened_at = Case.objects.open().order_by("opened_at").values_list("opened_at", flat=True).last()
        if opened_at is not None:
            for role in ("moderator", "administrator"):
                self.tell(self.people.cast[role], Kind.QUEUE, None, opened_at)


def concerned(thread: Thread, answered: Member | None, watching: list[Member]) -> Iterator[tuple[Member, Kind]]:
    """Each by the strongest kind that names them, once."""
    kinds = {member.pk: (member, Kind.WATCHED_COMMENT) for member in watching}
    kinds[thread.author.pk] = (thread.author, Kind.COMMENT)
    if answered is not None:
        kinds[answered.pk] = (answered, Kind.REPLY)
    yield from kinds.values()
