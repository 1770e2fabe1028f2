"""What events add up to. Rows are made by analytics.services.rolling_up, and can be made anew from the events."""

from __future__ import annotations

from django.conf import settings
from django.db import models

# In place of a segment's number: all of them together.
EVERYBODY = 0
# The key of those on the site whom we do not know by name; that of all is empty.
ANONYMOUS = "anonymous"
# Active members are those of so many days up to a day; the keys of MEMBERS.
ACTIVE_SPANS = (1, 7, 30)


class Dimension(models.TextChoices):
    """By what it is counted; the `key` of a count is one of what there is of it."""

    SITE = "site", "the whole site"
    PAGE = "page", "pages"
    ENTRY = "entry", "first pages of visits"
    EXIT = "exit", "last pages of visits"
    STEP = "step", "from one page to the next"
    SOURCE = "source", "sources of visits"
    MEDIUM = "medium", "media of campaigns"
    CAMPAIGN = "campaign", "campaigns"
    COUNTRY = "country", "countries of the time zone"
    DEVICE = "device", "devices"
    BROWSER = "browser", "browsers"
    SYSTEM = "system", "systems"
    TIER = "tier", "tiers"
    EVENT = "event", "names of events"
    FEATURE = "feature", "features"
    TUTORIAL_STARTED = "tutorial_started", "tutorials begun"
    TUTORIAL_FINISHED = "tutorial_finished", "tutorials finished"
    TUTORIAL_BLOCK = "tutorial_block", "blocks of tutorials reached"
    TUTORIAL_TIME = "tutorial_time", "time in tutorials"
    ENGAGEMENT = "engagement", "deeds in the community"
    SUBSCRIPTION = "subscription", "what became of subscriptions"
    SIGN_UP = "sign_up", "sign-ups, by the source of the visit"
    MEMBERS = "members", "active members of the day, of 7 and of 30 days"
    GOAL = "goal", "goals reached, by the source of the visit"
    GOAL_PAGE = "goal_page", "goals reached, by the page before"
    FUNNEL = "funnel", "steps of funnels reached"
    VITAL = "vital", "speed of pages, in buckets"
    SCROLL = "scroll", "how far pages were read"
    KEPT_OUT = "kept_out", "requests that were not counted"


# What is also counted by the hour.
HOURLY = (Dimension.SITE, Dimension.PAGE, Dimension.SOURCE, Dimension.EVENT)
ONLY_BY_DAY = "This is counted by day only."
PAGES_OF_EVERYBODY = "By hour, pages are counted among everybody only."


def why_no_hours(dimension: str, *, of_everybody: bool) -> str:
    """In words; empty if it is counted by the hour."""
    if dimension not in HOURLY:
        return ONLY_BY_DAY
    return "" if of_everybody or dimension != Dimension.PAGE else PAGES_OF_EVERYBODY


class Count(models.Model):
    """How much of something there was in a span of time, among a segment or everybody.

    What of the columns a dimension fills stands in docs/analytics.md.
    """

    dimension = models.TextField(choices=Dimension)
    key = models.TextField(blank=True)
    # A Segment's, or EVERYBODY: visitors of segments do not add up to visitors, since somebody may be in two.
    segment = models.IntegerField()
    events = models.BigIntegerField(default=0)
    visitors = models.BigIntegerField(default=0)
    visits = models.BigIntegerField(default=0)
    bounces = models.BigIntegerField(default=0)
    seconds = models.BigIntegerField(default=0)
    amount = models.BigIntegerField(default=0, help_text="Such as cents; what it is depends on the dimension.")

    class Meta:
        abstract = True


class HourlyCount(Count):
    """Of an hour, which is the same in every time zone that is off by whole hours."""

    hour = models.DateTimeField()
    pk = models.CompositePrimaryKey("dimension", "segment", "hour", "key")

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.hour:%Y-%m-%d %H}"


class DailyCount(Count):
    """Of a day in the time zone of the figures (ANALYTICS_TIME_ZONE)."""

    day = models.DateField()
    pk = models.CompositePrimaryKey("dimension", "segment", "day", "key")

    def __str__(self) -> str:
        return f"{self.dimension} {self.key} {self.day}"


class DirtyHour(models.Model):
    """An hour in which events came in since it was counted. Only added to by the way in, so that nobody waits."""

    hour = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}"


class MemberDay(models.Model):
    """A member was there on a day: what active members and cohorts are counted from, exactly."""

    day = models.DateField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    segment = models.IntegerField()
    views = models.IntegerField(default=0)
    seconds = models.IntegerField(default=0)
    pk = models.CompositePrimaryKey("day", "user")

    class Meta:
        indexes = [models.Index(name="days_of_member", fields=["user", "day"])]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}"


class MemberSummary(models.Model):
    """How far somebody came, and where from: each is the first time, so late events only move it back."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, db_constraint=False, related_name="+"
    )
    first_seen = models.DateField(null=True)
    signed_up_at = models.DateTimeField(null=True, db_index=True)
    # Of the visit in which they signed up.
    source = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    entry = models.TextField(blank=True)
    first_started_at = models.DateTimeField(null=True)
    first_finished_at = models.DateTimeField(null=True)
    premium_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "member summaries"

    def __str__(self) -> str:
        return f"summary of {self.user_id}"
