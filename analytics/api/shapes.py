"""What the API takes about events, and what its answers about them hold."""

from __future__ import annotations

from rest_framework import serializers

from analytics.incoming import MOST_EVENTS
from analytics.models.counts import Dimension
from analytics.reports.totals import MEASURES
from common.openapi.shapes import Day, OneOf, Shape, Text, Time, Whole

# Sending


class EventSent(serializers.Serializer):
    """Something that happened in a browser or program; docs/analytics.md says what becomes of it."""

    id = serializers.RegexField(
        r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        help_text="A UUID of version 7, made where it happened; its time is that of the event.",
    )
    name = serializers.ChoiceField(("page_view", "page_left", "feature"))
    path = serializers.CharField(
        required=False, help_text="Of a page of ours, without its query; for `page_view` and `page_left`."
    )
    feature = serializers.CharField(required=False, help_text="`bookmark`, `copy_code` or `search`; for `feature`.")
    at = serializers.DateTimeField(required=False, help_text="The time in the id once more, for people.")
    properties = serializers.DictField(required=False, help_text="What each name of an event may have.")


class BatchSent(serializers.Serializer):
    events = serializers.ListField(child=EventSent(), min_length=1, max_length=MOST_EVENTS)

    example = {
        "events": [
            {
                "id": "019ad3f2-5c00-7abc-8def-0123456789ab",
                "name": "feature",
                "feature": "copy_code",
                "properties": {"language": "python"},
            }
        ]
    }


class EventFault(Shape):
    field = Text("path")
    code = Text("required")
    detail = Text("This is required.")


class EventRejected(Shape):
    """One that is not to be sent again as it is."""

    index = Whole(1, "Its place in the list.")
    errors = EventFault(many=True)  # type: ignore[assignment]  # a name of the framework's, too


class BatchTaken(Shape):
    accepted = Whole(2)
    rejected = EventRejected(many=True)


# Figures


class Filters(Shape):
    tier = Text("", "Empty: everybody, as the others.")
    country = Text("")
    device = Text("phone")
    topic = Text("")


class Asked(Shape):
    """What was asked for."""

    from_ = Day("2026-11-01")
    to = Day("2026-11-30")
    time_zone = Text("UTC", "Whose days these are.")
    filters = Filters()

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is a word of Python's.
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class Counted(Shape):
    visitors = Whole(830)
    visits = Whole(1204)
    views = Whole(4180)
    bounces = Whole(310)
    seconds = Whole(190_440, "Of attention.")
    events = Whole(5120)


class CountedInAll(Counted):
    members = Whole(212)


class CountedOfDay(Counted):
    day = Day("2026-11-30")


class CountedOfOne(Shape):
    key = Text("/tutorials/how-language-models-work/")
    title = Text("How language models work")
    views = Whole(420)
    visitors = Whole(300)
    visits = Whole(310)


class Summary(Asked):
    """Totals of the days and of as many before, each day, and the ten of which there was most."""

    totals = CountedInAll()
    before = CountedInAll()
    days = CountedOfDay(many=True)
    pages = CountedOfOne(many=True)
    sources = CountedOfOne(many=True)
    countries = CountedOfOne(many=True)
    devices = CountedOfOne(many=True)


class Point(Shape):
    """Of a day, or with `interval=hour` of an hour."""

    value = Whole(42)
    day = Day("2026-11-30", required=False)
    at = Time("The beginning of the hour.", required=False)


class Series(Asked):
    metric = OneOf(MEASURES, example="visits")
    dimension = OneOf(Dimension.choices)
    key = Text("", "Null: all of them together.", allow_null=True)
    interval = OneOf(("hour", "day"), example="day")
    points = Point(many=True)
