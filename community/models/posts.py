"""What members write: posts, and comments in two levels beneath them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Func, Q, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from common.markdown import LARGEST_POST
from common.moments import microseconds_of
from common.text import validate_line
from community.models.categories import Category
from community.querysets.posts import CommentQuerySet, LikeQuerySet, PostQuerySet
from tutorials.models import Tutorial
from tutorials.models.tutorials import is_tag

LONGEST_TITLE = 150  # characters
SHORTEST_TITLE = 5
MOST_TAGS = 5
LONGEST_SLUG = 80
FORMER_MEMBER = "Former member"
TRUE = Value(True)  # noqa: FBT003 - it has no other name in SQL either


class PostType(models.TextChoices):
    QUESTION = "question"
    DISCUSSION = "discussion"
    SHOW_AND_TELL = "show_and_tell", "Show and tell"


class State(models.TextChoices):
    """What others see of a text: published, all; held, nothing yet; hidden and deleted, that there was one."""

    PUBLISHED = "published"
    HELD = "held"
    HIDDEN = "hidden"
    DELETED = "deleted"


class Pin(models.TextChoices):
    NOWHERE = "", "Nowhere"
    CATEGORY = "category"
    EVERYWHERE = "everywhere"


def one_text() -> Q:
    """That a row is of a post or of a comment, and not of both or none."""
    return Q(post__isnull=False, comment__isnull=True) | Q(post__isnull=True, comment__isnull=False)


def body_field() -> models.TextField[str, str]:
    return models.TextField(
        max_length=LARGEST_POST,
        # Django holds the length of a TextField only in forms.
        validators=[MaxLengthValidator(LARGEST_POST)],
        help_text=f"Markdown, up to {LARGEST_POST:,} characters.",
    )


class Post(models.Model):
    """A question, a discussion or something to show, with what was said to it.

    HTML and plain text are made from the Markdown by the services that write it. The counts, `active_at` and the
    accepted answer are kept by the writes beneath it.
    """

    title = models.CharField(max_length=LONGEST_TITLE, validators=[validate_line])
    type = models.CharField(
        max_length=13,
        choices=PostType,
        default=PostType.QUESTION,
        error_messages={"invalid_choice": "Choose question, discussion or show and tell."},
    )
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="posts")
    tags = ArrayField(
        models.CharField(max_length=40, validators=[is_tag]),
        size=MOST_TAGS,
        default=list,
        blank=True,
        error_messages={"item_invalid": "Tag %(nth)s:"},
        help_text=f"Up to {MOST_TAGS}, such as prompting, evaluation.",
    )
    body = body_field()
    body_html = models.TextField(editable=False)
    text = models.TextField(editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="posts"
    )
    # What it asks about; "" is the beginning of the tutorial.
    tutorial = models.ForeignKey(
        Tutorial, null=True, blank=True, on_delete=models.SET_NULL, related_name="posts", editable=False
    )
    block = models.CharField(max_length=80, blank=True, editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.PUBLISHED, editable=False)
    pinned = models.CharField(max_length=10, choices=Pin, default=Pin.NOWHERE, blank=True, editable=False)
    locked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    # When something was last said here.
    active_at = models.DateTimeField(default=timezone.now, editable=False)
    # When those who follow were told of it; until then it waits for that.
    announced_at = models.DateTimeField(null=True, editable=False)
    likes_count = models.PositiveIntegerField(default=0, editable=False)
    comments_count = models.PositiveIntegerField(default=0, editable=False)
    accepted_answer = models.ForeignKey(
        "Comment", null=True, editable=False, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    # The answer must be a comment of the first level to this very post (foreign key in migration 0002).
    answered_at_top = models.GeneratedField(
        expression=Case(When(accepted_answer__isnull=False, then=TRUE)),
        output_field=models.BooleanField(null=True),
        db_persist=True,
    )
    # By which the best of a week are found.
    day = models.GeneratedField(
        expression=Func(F("created_at"), template="(%(expressions)s AT TIME ZONE 'UTC')::date"),
        output_field=models.DateField(),
        db_persist=True,
    )
    score = models.GeneratedField(
        expression=F("likes_count") * 2 + F("comments_count"), output_field=models.IntegerField(), db_persist=True
    )

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.CheckConstraint(name="post_type_known", condition=Q(type__in=PostType.values)),
            models.CheckConstraint(name="post_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(name="post_pin_known", condition=Q(pinned__in=Pin.values)),
            models.CheckConstraint(
                name="post_only_questions_are_answered",
                condition=Q(accepted_answer__isnull=True) | Q(type=PostType.QUESTION),
                violation_error_message="Only a question has an accepted answer.",
            ),
        ]
        # Each list of a category walks one of these; a list of several merges theirs (querysets/listing.py).
        indexes = [
            models.Index(
                "category", F("active_at").desc(), F("id").desc(), name="post_latest", condition=Q(state="published")
            ),
            # By time and not by id alone, or the planner would take the primary key for it and look for the posts of a
            # small category among all.
            models.Index(
                "category", F("created_at").desc(), F("id").desc(), name="post_newest", condition=Q(state="published")
            ),
            models.Index(
                "category",
                "type",
                F("active_at").desc(),
                F("id").desc(),
                name="post_latest_of_type",
                condition=Q(state="published"),
            ),
            models.Index(
                "category",
                "type",
                F("created_at").desc(),
                F("id").desc(),
                name="post_newest_of_type",
                condition=Q(state="published"),
            ),
            models.Index(
                "category",
                "day",
                F("score").desc(),
                F("id").desc(),
                "type",
                name="post_top",
                condition=Q(state="published"),
            ),
            models.Index(
                "category",
                F("created_at").desc(),
                F("id").desc(),
                name="post_unanswered",
                condition=Q(state="published", type="question", comments_count=0),
            ),
            models.Index("category", name="post_pinned", condition=~Q(pinned="")),
            models.Index("author", F("id").desc(), name="post_of_author"),
            models.Index(
                "tutorial",
                F("active_at").desc(),
                F("id").desc(),
                name="post_of_tutorial",
                condition=Q(state="published", tutorial__isnull=False),
            ),
            models.Index("id", name="post_unannounced", condition=Q(announced_at__isnull=True, state="published")),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("community:post", args=[self.pk, self.slug])

    def clean(self) -> None:
        super().clean()
        if len(set(self.tags)) < len(self.tags):
            raise ValidationError({"tags": "Name each tag once."})
        if 0 < len(self.title.strip()) < SHORTEST_TITLE:
            raise ValidationError({"title": f"Use at least {SHORTEST_TITLE} characters: what is it about?"})

    @property
    def slug(self) -> str:
        """What stands in the address for people; the id alone finds it."""
        return slug_of(self.title)

    @property
    def version(self) -> str:
        """Of its words, and of where they stand: a moderator may have moved it."""
        return f"{version_of(self.created_at, self.edited_at)}-{self.category_id}"

    @property
    def is_locked(self) -> bool:
        return self.locked_at is not None

    @property
    def is_published(self) -> bool:
        return self.state == State.PUBLISHED


def version_of(created_at: datetime, edited_at: datetime | None) -> str:
    """Changes with each edit, so that somebody can name the text that they have read."""
    return str(microseconds_of(edited_at or created_at))


def is_as_read(version: str, read: str) -> bool:
    """Whether a text of this version is the one that somebody has read; who names none asks for no such look."""
    return not read or read == version


@lru_cache(maxsize=1_000)
def slug_of(title: str) -> str:
    """Kept for the titles that are shown most: making one takes as long as a whole comment of a thread."""
    return slugify(title)[:LONGEST_SLUG].strip("-") or "post"


class PostTag(models.Model):
    """One tag of a post, with what lists of a tag are ordered by: Post.tags as those lists read them."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    tag = models.CharField(max_length=40)
    active_at = models.DateTimeField()
    # Those of the post, which PostgreSQL takes over by itself (migration 0003): a score changes with each like.
    day = models.DateField(editable=False)
    score = models.IntegerField(editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(name="post_tag_once", fields=["tag", "post"])]
        indexes = [
            models.Index("tag", F("active_at").desc(), F("post").desc(), name="post_tag_latest"),
            models.Index("tag", "day", F("score").desc(), F("post").desc(), name="post_tag_top"),
        ]

    def __str__(self) -> str:
        return self.tag


class Comment(models.Model):
    """What somebody said to a post, or in reply to a comment. At the first level beneath a question it is an answer."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="comments"
    )
    body = body_field()
    body_html = models.TextField(editable=False)
    text = models.TextField(editable=False)
    state = models.CharField(max_length=9, choices=State, default=State.PUBLISHED, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    announced_at = models.DateTimeField(null=True, editable=False)
    likes_count = models.PositiveIntegerField(default=0, editable=False)

    # A reply answers a comment of the first level to the same post (foreign key in migration 0002).
    is_top = models.GeneratedField(
        expression=ExpressionWrapper(Q(parent__isnull=True), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    replies_to_top = models.GeneratedField(
        expression=Case(When(parent__isnull=False, then=TRUE)),
        output_field=models.BooleanField(null=True),
        db_persist=True,
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [
            models.CheckConstraint(name="comment_state_known", condition=Q(state__in=State.values)),
            # What accepted answers and replies point to.
            models.UniqueConstraint(name="comment_in_post_at_level", fields=["id", "post", "is_top"]),
        ]
        indexes = [
            # In the order of a thread: a reply stands after the comment that it answers.
            models.Index("post", Coalesce("parent", "id"), "id", name="comment_thread"),
            models.Index("author", F("id").desc(), name="comment_of_author"),
            models.Index("id", name="comment_unannounced", condition=Q(announced_at__isnull=True, state="published")),
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def get_absolute_url(self) -> str:
        """The place in the thread, on whichever page it stands."""
        return reverse("community:comment", args=[self.pk])

    @property
    def version(self) -> str:
        return version_of(self.created_at, self.edited_at)

    @property
    def is_published(self) -> bool:
        return self.state == State.PUBLISHED


class Revision(models.Model):
    """What a text said before an edit."""

    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="revisions")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="revisions")
    title = models.CharField(max_length=LONGEST_TITLE, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list)
    body = models.TextField()
    # When and by whom it was written that way.
    written_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [
            models.CheckConstraint(name="revision_of_one_text", condition=one_text()),
        ]

    def __str__(self) -> str:
        return f"{self.written_at:%Y-%m-%d %H:%M}"


class Draft(models.Model):
    """What somebody has begun to write: one for each place where they can."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts")
    # "post", "tutorial-7", "comment-7" (to post 7), "reply-7" (to comment 7).
    place = models.CharField(max_length=40)
    title = models.CharField(max_length=LONGEST_TITLE, blank=True)
    type = models.CharField(max_length=13, choices=PostType, blank=True)
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    tags = models.CharField(max_length=250, blank=True)
    body = models.TextField(blank=True, validators=[MaxLengthValidator(LARGEST_POST)])
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="draft_once_a_place", fields=["user", "place"])]

    def __str__(self) -> str:
        return self.place


class Like(models.Model):
    """Somebody likes a post or a comment."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="likes")
    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="likes")
    comment = models.ForeignKey(Comment, null=True, on_delete=models.CASCADE, related_name="likes")
    created_at = models.DateTimeField(default=timezone.now)
    # Whether its author was told of it, or is not to be; what comes past the services is of no news.
    is_told = models.BooleanField(default=False, db_default=TRUE, editable=False)

    objects = LikeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="like_of_one_text",
                condition=one_text(),
                violation_error_message="A like is for one post or one comment.",
            ),
            models.UniqueConstraint(
                name="like_post_once",
                fields=["post", "user"],
                condition=Q(post__isnull=False),
                violation_error_message="You like this post already.",
            ),
            models.UniqueConstraint(
                name="like_comment_once",
                fields=["comment", "user"],
                condition=Q(comment__isnull=False),
                violation_error_message="You like this comment already.",
            ),
        ]
        indexes = [models.Index("id", name="like_untold", condition=Q(is_told=False))]

    def __str__(self) -> str:
        return f"{self.user} likes {self.post or self.comment}"
