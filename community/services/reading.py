"""Noting that somebody has read what they were told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from community import unread
from community.models import Kind, Notification

if TYPE_CHECKING:
    from accounts.models import User
    from community.querysets.following import NotificationQuerySet


@transaction.atomic
def mark_read(*, user: User, notification: Notification) -> None:
    """It is not mailed any more. Again, and nothing changes."""
    mark(user, Notification.objects.of(user).filter(pk=notification.pk))


@transaction.atomic
def mark_unread(*, user: User, notification: Notification) -> None:
    """It counts again; no mail of it is sent. Where another of the same came since, that one does."""
    own = Notification.objects.of(user).filter(pk=notification.pk, read_at__isnull=False)
    row = own.select_for_update(no_key=True, of=("self",)).first()
    if row is None:
        return
    same = Notification.objects.of(user).unread().filter(kind=row.kind, post=row.post_id, comment=row.comment_id)
    if row.kind == Kind.MODERATION or not same.exists():
        row.read_at = None
        try:
            with transaction.atomic():
                row.save(update_fields=["read_at"])
        except IntegrityError:
            # Another of the same has come at this moment.
            return
        unread.forget([user.pk])


@transaction.atomic
def mark_all_read(*, user: User) -> None:
    mark(user, Notification.objects.of(user))


def mark_thread_read(*, user: User, post: int) -> None:
    """Somebody has opened a thread. Where they have nothing unread, nothing is asked of the database."""
    if unread.unread_count(user):
        mark(user, Notification.objects.of(user).filter(post=post))


@transaction.atomic
def mark(user: User, notifications: NotificationQuerySet) -> None:
    if notifications.unread().update(read_at=timezone.now(), mail_at=None):
        unread.forget([user.pk])
