"""Every read of what people follow and are told that has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Left, NullIf

from billing.access import levels_open_to
from community.querysets.posts import may_moderate

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User

    # Some are named in strings only, where the linter does not look.
    from community.models import Mailing, Notification, Post, Watch  # noqa: F401

NOTIFICATIONS_NEWEST_FIRST = ("-at", "-id")
WATCHES_NEWEST_FIRST = ("-id",)
LONGEST_EXCERPT = 200  # characters


class WatchQuerySet(QuerySet["Watch"]):
    def of(self, user: User) -> WatchQuerySet:
        return self.filter(user=user)

    def visible_to(self, user: User) -> WatchQuerySet:
        """One's own, of what one may still know of."""
        from community.models import Post

        open_levels = levels_open_to(user)
        return self.of(user).filter(
            Q(post__isnull=True) | Q(post__in=Post.objects.visible_to(user)),
            Q(category__isnull=True) | Q(category__access__in=open_levels),
            Q(person__isnull=True) | Q(person__is_active=True, person__erase_after__isnull=True),
        )

    def watching(self) -> WatchQuerySet:
        return self.filter(level="watching")

    def muted(self) -> WatchQuerySet:
        return self.filter(level="muted")

    def as_rows(self) -> QuerySet[Watch, dict[str, Any]]:
        """What the list of them shows."""
        rows: QuerySet[Watch, dict[str, Any]] = self.annotate(
            title=F("post__title"),
            category_name=F("category__name"),
            category_slug=F("category__slug"),
            handle=F("person__profile__handle"),
            person_name=name_of("person"),
        ).values(
            *("id", "level", "post_id", "title", "category_name", "category_slug", "person_id", "handle"),
            *("person_name", "tag", "created_at"),
        )
        return rows


class NotificationQuerySet(QuerySet["Notification"]):
    def of(self, user: User) -> NotificationQuerySet:
        return self.filter(user=user)

    def visible_to(self, user: User) -> NotificationQuerySet:
        """Somebody's own, of what they may still read; what moderators told them stays."""
        own = self.of(user)
        if may_moderate(user):
            return own
        published = Q(post__state="published") & (Q(comment__isnull=True) | Q(comment__state="published"))
        readable = Q(post__category__access__in=levels_open_to(user)) & published
        return own.filter(Q(kind="moderation") | (readable & ~Q(kind="queue")))

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at__isnull=True)

    def old(self, *, read_before: datetime, before: datetime) -> NotificationQuerySet:
        """Those that were read before the one time, or made before the other, which is the earlier."""
        # What was read then was made before: so much an index knows.
        return self.filter(Q(read_at__lt=read_before) | Q(at__lt=before), at__lt=read_before)

    def waiting_for_mail(self) -> NotificationQuerySet:
        return self.filter(mail_at__isnull=False)

    def as_rows(self) -> QuerySet[Notification, dict[str, Any]]:
        """What the notification centre, mails and the API say of each (community.notices)."""
        rows: QuerySet[Notification, dict[str, Any]] = self.annotate(
            handle=F("actor__profile__handle"),
            actor_name=name_of("actor"),
            title=F("post__title"),
            type=F("post__type"),
            parent=F("comment__parent"),
            excerpt=Case(
                When(comment__isnull=False, then=Left("comment__text", LONGEST_EXCERPT + 1)),
                default=Left(Coalesce("post__text", Value("")), LONGEST_EXCERPT + 1),
            ),
        ).values(
            *("id", "kind", "others", "words", "at", "read_at", "post_id", "comment_id", "actor_id"),
            *("handle", "actor_name", "title", "type", "parent", "excerpt"),
        )
        return rows


class MailingQuerySet(QuerySet["Mailing"]):
    def open(self) -> MailingQuerySet:
        """Neither sent nor given up: still to be handed over, or handed over and nobody knows yet what became of it."""
        return self.filter(sent_at__isnull=True, given_up_at__isnull=True)

    def to_deliver(self) -> MailingQuerySet:
        return self.open().filter(handed_over_at__isnull=True)

    def settled(self, *, before: datetime) -> MailingQuerySet:
        """Made before, and known to be sent or not to be."""
        return self.filter(Q(sent_at__isnull=False) | Q(given_up_at__isnull=False), made_at__lt=before)

    def forgotten(self, now: datetime) -> MailingQuerySet:
        """Those that should have been handed over by now, and were not."""
        return self.to_deliver().filter(try_at__lte=now)


def name_of(person: str) -> Coalesce:
    """By what others call somebody: what they chose to be shown as, else their name, else the handle."""
    return Coalesce(
        NullIf(f"{person}__profile__display_name", Value("")),
        NullIf(f"{person}__name", Value("")),
        f"{person}__profile__handle",
    )
