"""What people follow, what they are told of it, and by which mail."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from community.models.categories import Category
from community.models.posts import Comment, Post
from community.querysets.following import MailingQuerySet, NotificationQuerySet, WatchQuerySet

NO_LEVEL = "Choose watching or muted."
NO_CADENCE = "Choose at once, daily, weekly or never."
YOURSELF = "You cannot follow yourself."


class Level(models.TextChoices):
    WATCHING = "watching"
    MUTED = "muted"


class Watch(models.Model):
    """Somebody watches or mutes a post, a tag, a category or a person."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches")
    level = models.CharField(
        max_length=8, choices=Level, error_messages={"invalid_choice": NO_LEVEL, "blank": NO_LEVEL}
    )
    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="watches")
    category = models.ForeignKey(Category, null=True, on_delete=models.CASCADE, related_name="watches")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="watched_by")
    tag = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = WatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.CheckConstraint(name="watch_level_known", condition=Q(level__in=Level.values)),
            models.CheckConstraint(
                name="watch_of_one_thing",
                condition=(
                    Q(post__isnull=False, category__isnull=True, person__isnull=True, tag="")
                    | Q(post__isnull=True, category__isnull=False, person__isnull=True, tag="")
                    | Q(post__isnull=True, category__isnull=True, person__isnull=False, tag="")
                    | (Q(post__isnull=True, category__isnull=True, person__isnull=True) & ~Q(tag=""))
                ),
            ),
            models.CheckConstraint(
                name="watch_others",
                condition=Q(person__isnull=True) | ~Q(person=F("user")),
                violation_error_message=YOURSELF,
            ),
            models.UniqueConstraint(
                name="watch_once", fields=["user", "post", "category", "person", "tag"], nulls_distinct=False
            ),
        ]
        indexes = [
            models.Index("post", "level", name="watch_post", condition=Q(post__isnull=False)),
            models.Index("category", "level", name="watch_category", condition=Q(category__isnull=False)),
            models.Index("person", "level", name="watch_person", condition=Q(person__isnull=False)),
            models.Index("tag", "level", name="watch_tag", condition=~Q(tag="")),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.level}"


class Kind(models.TextChoices):
    """What people are told of."""

    MENTION = "mention", "Somebody mentions you"
    COMMENT = "comment", "Answers to and comments on your posts"
    REPLY = "reply", "Replies to your comments"
    ACCEPTED = "accepted", "Your answer is accepted"
    LIKE = "like", "Likes"
    WATCHED_COMMENT = "watched_comment", "Comments on posts that you watch"
    WATCHED_POST = "watched_post", "New posts in what you watch"
    MODERATION = "moderation", "What moderators did about you"
    QUEUE = "queue", "Reports and held posts (moderators)"


class Notification(models.Model):
    """Something that somebody is told: first a row, then perhaps a part of a mail."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=15, choices=Kind)
    # Who did it last; likes of a text are one notification until it is read.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    others = models.PositiveIntegerField(default=0, help_text="How many did it besides.")
    # From when on they are counted.
    since = models.DateTimeField(default=timezone.now)
    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="+")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="+")
    # What moderators say.
    words = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    # In which mail it went; null while it is in none.
    mailing = models.ForeignKey(
        "Mailing", null=True, on_delete=models.SET_NULL, related_name="notifications", db_index=False
    )
    # When a mail of it is due; null: none is to be sent, or it is in one.
    mail_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(name="notification_kind_known", condition=Q(kind__in=Kind.values)),
            # Told twice of the same, as by a worker that was killed and began anew, is told once.
            models.UniqueConstraint(
                name="notification_once",
                fields=["user", "kind", "post", "comment"],
                condition=Q(read_at__isnull=True) & ~Q(kind="moderation"),
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index("user", F("at").desc(), F("id").desc(), name="notification_newest"),
            models.Index("user", name="notification_unread", condition=Q(read_at__isnull=True)),
            # Rows lie in the order of their times, so this is tiny; the old ones are found by it.
            BrinIndex(fields=["at"], name="notification_old"),
            models.Index("mail_at", "user", name="notification_to_mail", condition=Q(mail_at__isnull=False)),
            models.Index("mailing", name="notification_of_mailing", condition=Q(mailing__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user}"


class Cadence(models.TextChoices):
    AT_ONCE = "at_once", "At once"
    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"
    NEVER = "never", "Never"


class MailPreference(models.Model):
    """How often somebody wants mail of one kind, where that differs from what everybody gets."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_preferences")
    kind = models.CharField(max_length=15, choices=Kind)
    cadence = models.CharField(
        max_length=7, choices=Cadence, error_messages={"invalid_choice": NO_CADENCE, "blank": NO_CADENCE}
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(name="mail_preference_once", fields=["user", "kind"]),
            models.CheckConstraint(name="mail_preference_kind_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(name="mail_preference_cadence_known", condition=Q(cadence__in=Cadence.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.cadence}"


class Mailing(models.Model):
    """One mail about some notifications. It is made with them in one transaction, and handed over once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mailings")
    # The same at each attempt, so that a receiver can tell a mail that came twice.
    message_id = models.CharField(max_length=200, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is to be tried next, should no worker have done it by then.
    try_at = models.DateTimeField(default=timezone.now)
    # When it was given to the mail server; a worker may die before it hears the answer.
    handed_over_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("user", F("made_at").desc(), name="mailing_latest"),
            models.Index("try_at", name="mailing_waiting", condition=Q(sent_at__isnull=True, given_up_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.message_id
