"""What people read here, and the paths that lead through it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse
from django.utils import timezone

from billing.access import FREE, PREMIUM, Access, may_read
from common import markdown
from common.kept import begin_generation
from common.remembering import forget
from common.text import validate_line
from tutorials import quiz
from tutorials.querysets import TOPICS_KEY, TOPICS_MARKED, TUTORIALS, TopicQuerySet, TrackQuerySet, TutorialQuerySet
from tutorials.vocabulary import learn_words

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
OUT_OF_RANGE = "The date of publication must lie between 2000 and 2100."
NO_PERCENTAGE = "The pass mark is a percentage from 1 to 100."
MOST_TAGS = 8
# A reader's page lists them all, twice.
MOST_BLOCKS = 300
is_tag = RegexValidator(r"\A[a-z0-9](?:-?[a-z0-9]){0,39}\Z", "Use small letters, digits and single hyphens in a tag.")


class Difficulty(models.TextChoices):
    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class AccessLevel(models.TextChoices):
    FREE = FREE
    PREMIUM = PREMIUM


class Status(models.TextChoices):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Topic(models.Model):
    """A field that tutorials belong to."""

    name = models.CharField(max_length=60, unique=True, validators=[validate_line])
    slug = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=200, blank=True, validators=[validate_line])
    position = models.PositiveSmallIntegerField(default=0, help_text="Topics are listed in this order.")

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        forget(TOPICS_KEY, marked=TOPICS_MARKED)
        begin_generation(TUTORIALS)


def search_vector(text: str | Case) -> Any:
    """Titles weigh most, then what sums a tutorial up, then its text."""
    return (
        SearchVector("title", weight="A", config="english")
        + SearchVector("keywords", weight="A", config="english")
        + SearchVector("summary", weight="B", config="english")
        + SearchVector(text, weight="C", config="english")
    )


class Tutorial(models.Model):
    """One tutorial. Its Markdown is the source; HTML, text, blocks, quiz and minutes are made from it on save."""

    title = models.CharField(max_length=120, validators=[validate_line])
    slug = models.SlugField(
        max_length=80, unique=True, error_messages={"unique": "There is already a tutorial with this slug."}
    )
    summary = models.CharField(max_length=200, help_text="One sentence: why read this?", validators=[validate_line])
    body = models.TextField(
        help_text="Markdown. What stands before the first heading is open to everybody, also in premium tutorials.",
        validators=[MaxLengthValidator(markdown.LARGEST_SOURCE)],
    )
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, related_name="tutorials")
    tags = ArrayField(
        models.CharField(max_length=40, validators=[is_tag]),
        size=MOST_TAGS,
        default=list,
        blank=True,
        error_messages={"item_invalid": "Tag %(nth)s:"},
        help_text=f"Up to {MOST_TAGS}, such as prompting, evaluation.",
    )
    difficulty = models.CharField(max_length=12, choices=Difficulty)
    access = models.CharField(max_length=7, choices=AccessLevel, default=AccessLevel.FREE)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="tutorials"
    )
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="May lie in the future (UTC).",
        # The constraint of the same range cannot be asked about a date that PostgreSQL does not know.
        validators=[
            MinValueValidator(EARLIEST, OUT_OF_RANGE),
            MaxValueValidator(LATEST, OUT_OF_RANGE),
        ],
    )
    pass_mark = models.PositiveSmallIntegerField(
        default=80,
        validators=[MinValueValidator(1, NO_PERCENTAGE), MaxValueValidator(100, NO_PERCENTAGE)],
        help_text="Percent of the quiz that must be right; only matters where the text has one.",
    )
    updated_at = models.DateTimeField(auto_now=True)
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The file that it was imported from, kept only where what we would write differs from it.
    source = models.TextField(blank=True, editable=False)
    source_path = models.CharField(max_length=200, blank=True, editable=False)

    body_html = models.TextField(editable=False)
    opening_html = models.TextField(editable=False)
    text = models.TextField(editable=False, default="")
    opening_text = models.TextField(editable=False, default="")
    keywords = models.CharField(max_length=400, editable=False, default="")
    blocks = models.JSONField(editable=False, default=list)
    quiz = models.JSONField(editable=False, null=True, default=None)
    minutes = models.PositiveSmallIntegerField(editable=False, default=1)
    search = models.GeneratedField(
        expression=search_vector("text"), output_field=SearchVectorField(), db_persist=True, editable=False
    )
    # What may be found by those who may not read the rest. A search in the whole would tell them
    # what it says: one phrase after another.
    open_search = models.GeneratedField(
        expression=search_vector(Case(When(access=FREE, then=F("text")), default=F("opening_text"))),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = TutorialQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-published_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="tutorial_published_has_date",
                condition=~Q(status="published") | Q(published_at__isnull=False),
                violation_error_message="A published tutorial needs the date of its publication.",
            ),
            models.CheckConstraint(
                name="tutorial_published_in_this_century",
                condition=Q(published_at__isnull=True) | Q(published_at__range=(EARLIEST, LATEST)),
                violation_error_message=OUT_OF_RANGE,
            ),
            models.CheckConstraint(
                name="tutorial_status_known",
                condition=Q(status__in=Status.values),
                violation_error_message="Choose draft, in review, published or archived.",
            ),
            models.CheckConstraint(
                name="tutorial_difficulty_known",
                condition=Q(difficulty__in=Difficulty.values),
                violation_error_message="Choose beginner, intermediate or advanced.",
            ),
            models.CheckConstraint(
                name="tutorial_access_known",
                condition=Q(access__in=AccessLevel.values),
                violation_error_message="Choose free or premium.",
            ),
            models.CheckConstraint(
                name="tutorial_pass_mark_percent",
                condition=Q(pass_mark__range=(1, 100)),
                violation_error_message=NO_PERCENTAGE,
            ),
        ]
        indexes = [
            models.Index(fields=["published_at", "id"], name="tutorial_newest", condition=Q(status="published")),
            models.Index(
                fields=["topic", "published_at", "id"], name="tutorial_in_topic", condition=Q(status="published")
            ),
            models.Index(
                fields=["difficulty", "published_at", "id"], name="tutorial_by_level", condition=Q(status="published")
            ),
            models.Index(
                fields=["access", "published_at", "id"], name="tutorial_by_access", condition=Q(status="published")
            ),
            GinIndex(fields=["tags"], name="tutorial_tags"),
            GinIndex(fields=["search"], name="tutorial_search"),
            GinIndex(fields=["open_search"], name="tutorial_open_search"),
            GinIndex(SearchVector("title", "keywords", config="english"), name="tutorial_titles"),
            GinIndex(OpClass(F("title"), name="gin_trgm_ops"), name="tutorial_title_trigrams"),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Rendering belongs to writing: no reader waits for it, and no writer can forget it."""
        fields = kwargs.get("update_fields")
        written = RENDERED_FROM if fields is None else RENDERED_FROM.intersection(fields)
        if written:
            self.render()
        if fields is not None:
            kwargs["update_fields"] = {*fields, *(RENDERED if written else ()), "updated_at"}
        super().save(*args, **kwargs)
        learn_words(self)
        forget(TOPICS_KEY, marked=TOPICS_MARKED)
        begin_generation(TUTORIALS)

    def get_absolute_url(self) -> str:
        return reverse("tutorials:detail", args=[self.slug])

    def clean(self) -> None:
        """Raises ValidationError on `body` for a quiz that cannot be read, and for what a published text lacks."""
        super().clean()
        if len(set(self.tags)) < len(self.tags):
            raise ValidationError({"tags": "Name each tag once."})
        if "\0" in self.body:
            raise ValidationError({"body": "Null characters are not allowed."})
        try:
            text, source = quiz.split(self.body)
            if source is not None:
                quiz.parse(source)
        except ValidationError as error:
            raise ValidationError({"body": error.error_list}) from error
        headings = markdown.count_headings(text)
        if headings > MOST_BLOCKS:
            raise ValidationError({"body": f"Use at most {MOST_BLOCKS} headings."})
        if self.access == AccessLevel.PREMIUM and not headings:
            raise ValidationError({"body": "A premium tutorial needs a heading: what stands before it is open to all."})

    def render(self) -> None:
        """Make everything that is derived from the Markdown. Blocks keep the ids that they had when it was saved last.

        Raises ValidationError for a quiz that cannot be read.
        """
        text, source = quiz.split(self.body)
        rendered = markdown.render(text, earlier=self.sections(), images=self.pictures(text))
        self.body_html = rendered.html
        self.opening_html = rendered.opening_html
        self.text = rendered.text
        self.opening_text = "\n".join([rendered.opening_text, *(block.text for block in rendered.blocks)])
        self.blocks = [asdict(block) for block in rendered.blocks]
        self.minutes = rendered.minutes
        self.quiz = quiz.parse(source).to_json() if source else None
        self.keywords = " ".join(self.tags).replace("-", " ")

    def sections(self) -> list[markdown.Block]:
        return [markdown.Block(**block) for block in self.blocks]

    def pictures(self, text: str) -> dict[str, markdown.Image]:
        """The images that belong to this tutorial, by the name under which its text asks for them."""
        if not self.pk or not markdown.image_names(text):
            return {}
        return {image.name: image.as_picture() for image in self.images.all()}

    def missing_images(self) -> list[str]:
        """What the text shows and nobody has given us."""
        named = markdown.image_names(quiz.split(self.body)[0])
        return [name for name in named if name not in self.pictures(self.body)] if named else []

    def is_out(self, at: datetime | None = None) -> bool:
        """Whether readers see it (at that time; default now)."""
        return (
            self.status == Status.PUBLISHED
            and self.published_at is not None
            and self.published_at <= (at or timezone.now())
        )

    def has_block(self, block: str) -> bool:
        """Whether there is such a place; "" is the beginning."""
        return not block or any(block == each["id"] for each in self.blocks)

    def access_for(self, user: Any) -> Access:
        """Whether this person may read the whole of it."""
        return may_read(user, self.access)

    def html_for(self, access: Access) -> str:
        """What somebody with this access gets: all of it, or the opening (nothing, if nothing ends it)."""
        if access.allowed:
            return self.body_html
        return self.opening_html if self.blocks else ""

    def open_images(self) -> list[str]:
        """The names of the images that everybody sees."""
        return markdown.image_names(markdown.opening_of(quiz.split(self.body)[0]))


# What is made anew when one of these is written: everything else that the Markdown says.
# The slug stands in the addresses of images.
RENDERED_FROM = frozenset({"body", "tags", "slug"})
RENDERED = ("body_html", "opening_html", "text", "opening_text", "keywords", "blocks", "quiz", "minutes")


class Track(models.Model):
    """A path through tutorials, in an order that makes sense."""

    title = models.CharField(max_length=120, validators=[validate_line])
    slug = models.SlugField(
        max_length=80, unique=True, error_messages={"unique": "There is already a track with this slug."}
    )
    summary = models.CharField(
        max_length=200, help_text="One sentence: what can one do at its end?", validators=[validate_line]
    )
    is_published = models.BooleanField("published", default=False)
    quizzes_required = models.BooleanField(
        default=False, help_text="Finished only when the quizzes of its tutorials are passed, too."
    )
    position = models.PositiveSmallIntegerField(default=0, help_text="Tracks are listed in this order.")
    tutorials = models.ManyToManyField(Tutorial, through="TrackStep", related_name="tracks")
    updated_at = models.DateTimeField(auto_now=True)

    objects = TrackQuerySet.as_manager()

    class Meta:
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("tutorials:track", args=[self.slug])


class TrackStep(models.Model):
    """A tutorial's place in a track."""

    track = models.ForeignKey(Track, on_delete=models.CASCADE, related_name="steps")
    # Tutorials are archived, not deleted; a path must not lose a step unnoticed.
    tutorial = models.ForeignKey(Tutorial, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                name="track_step_tutorial_once",
                fields=["track", "tutorial"],
                violation_error_message="This track already has this tutorial.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.track}: {self.tutorial}"
