"""How members stand, what is reported of them, and what moderators did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar, cast

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from community.models.categories import Category
from community.models.posts import Comment, Post, one_text
from community.querysets.moderation import CaseQuerySet, StaffActionQuerySet, StandingQuerySet

LONGEST_REASON = 1000  # characters
CHANGED_SINCE_READ = "This has changed since you read it. Read it as it is now, and decide anew."
NO_REASON = "Say why, in a sentence."


class TrustLevel(models.IntegerChoices):
    """Earned by behaviour; community.trust has what each needs and opens."""

    NEWCOMER = 0
    MEMBER = 1
    REGULAR = 2
    TRUSTED = 3


class Standing(models.Model):
    """What the community keeps count of for one person. All that they write goes by this row, one after another."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    trust_level = models.PositiveSmallIntegerField(choices=TrustLevel, default=TrustLevel.NEWCOMER)
    # Set by staff, who then decide alone.
    level_is_fixed = models.BooleanField(default=False)
    silenced_until = models.DateTimeField(null=True, blank=True)
    posts_count = models.PositiveIntegerField(default=0)
    comments_count = models.PositiveIntegerField(default=0)
    likes_received = models.PositiveIntegerField(default=0)
    accepted_count = models.PositiveIntegerField(default=0)
    # Texts that moderators hid, and did not bring back.
    hidden_count = models.PositiveIntegerField(default=0)

    objects = StandingQuerySet.as_manager()

    class Meta:
        permissions = [
            ("moderate", "Can work in the moderation queue"),
            ("ban_member", "Can ban members"),
        ]
        constraints = [
            models.CheckConstraint(name="standing_trust_level_known", condition=Q(trust_level__in=TrustLevel.values)),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def is_silenced(self) -> bool:
        return self.silenced_until is not None and self.silenced_until > timezone.now()


class CaseKind(models.TextChoices):
    HELD = "held"
    REPORTED = "reported"


class Decision(models.TextChoices):
    APPROVED = "approved"
    HIDDEN = "hidden"
    DISMISSED = "dismissed"


class Case(models.Model):
    """A text that moderators are to look at: held, or reported by members. One at a time for each text."""

    kind = models.CharField(max_length=8, choices=CaseKind)
    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="cases")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="cases")
    # Why it was held.
    cause = models.CharField(max_length=200, blank=True)
    reports_count = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    decision = models.CharField(max_length=9, choices=Decision, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["opened_at", "id"]
        constraints = [
            models.CheckConstraint(name="case_of_one_text", condition=one_text()),
            models.CheckConstraint(
                name="case_closed_with_decision",
                condition=Q(closed_at__isnull=True, decision="") | (Q(closed_at__isnull=False) & ~Q(decision="")),
            ),
            models.UniqueConstraint(
                name="case_once_open",
                fields=["post", "comment"],
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index("opened_at", "id", name="case_open", condition=Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    @property
    def text(self) -> Post | Comment:
        """What it is about."""
        return cast("Post | Comment", self.post or self.comment)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Report(models.Model):
    """Somebody says what is wrong with a text."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.TextField(validators=[MaxLengthValidator(LONGEST_REASON)], error_messages={"blank": NO_REASON})
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [models.UniqueConstraint(name="report_once_a_case", fields=["case", "reporter"])]

    def __str__(self) -> str:
        return self.reason[:60]


class Deed(models.TextChoices):
    """What staff do."""

    APPROVE = "approve"
    DISMISS = "dismiss", "Dismiss reports"
    HIDE = "hide"
    SHOW = "show", "Show again"
    LOCK = "lock"
    UNLOCK = "unlock"
    PIN = "pin"
    UNPIN = "unpin"
    MOVE = "move"
    SILENCE = "silence"
    UNSILENCE = "unsilence", "End silence"
    BAN = "ban"
    UNBAN = "unban", "End ban"
    SET_LEVEL = "set_level", "Set trust level"


class StaffAction(models.Model):
    """A line of the staff log. Nobody changes or deletes one (trigger in migration 0002); an undo is another line."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    deed = models.CharField(max_length=9, choices=Deed)
    reason = models.TextField(validators=[MaxLengthValidator(LONGEST_REASON)], error_messages={"blank": NO_REASON})
    # Whom it was done to, or whose text.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    post = models.ForeignKey(Post, null=True, on_delete=models.PROTECT, related_name="staff_actions")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.PROTECT, related_name="staff_actions")
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="+")
    # Closed by this deed.
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="staff_actions")
    # What was so, and what it made of that: by these it is undone, unless it has changed since.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")

    objects = StaffActionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [models.CheckConstraint(name="staff_action_deed_known", condition=Q(deed__in=Deed.values))]
        indexes = [
            models.Index("post", F("id").desc(), name="staff_action_of_post", condition=Q(post__isnull=False)),
            models.Index("person", F("id").desc(), name="staff_action_of_person", condition=Q(person__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.deed}, {self.at:%Y-%m-%d %H:%M}"

    @property
    def text(self) -> Post | Comment | None:
        return self.comment or self.post

    @property
    def is_undone(self) -> bool:
        return hasattr(self, "undone_by")

    @property
    def detail(self) -> str:
        """Until when, where or which, of deeds that have such."""
        if until := self.after.get("silenced_until"):
            return f"until {datetime.fromisoformat(until).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if "level_is_fixed" in self.after:
            return TrustLevel(self.after["trust_level"]).label if self.after["level_is_fixed"] else "as earned"
        return str(self.after.get("pinned", ""))
