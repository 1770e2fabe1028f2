"""GET /api/analytics/summary and /series: what the dashboard shows, for programs of staff."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics import reports
from analytics.api import shapes
from analytics.days import DAY, day_of, zone
from analytics.models.counts import Dimension
from analytics.models.figures import MAY_SEE
from analytics.reports import Counts, Totals, View
from analytics.reports.totals import MEASURES
from common.api import PrivateView, TextField, validated
from common.openapi import described
from common.permissions import Staff

USUAL_DAYS = 30
INTERVALS = ("hour", "day")
MOST_LISTED = 10
NOT_ALLOWED = "Only staff who may see figures can ask for them."


class SeesFigures(Staff):
    """Staff with the right to see figures, and keys of theirs with the scope analytics:read."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        if request.user.has_perm(MAY_SEE):
            return True
        self.message = NOT_ALLOWED
        return False


class ViewSerializer(serializers.Serializer):
    """The days, both included, and among whom; without days the last thirty."""

    # `from` is a word of Python's.
    to = serializers.DateField(required=False)
    tier = TextField(default="", help_text="`visitor`, `free` or `premium`.")
    country = TextField(default="", help_text="Such as `DE`.")
    device = TextField(default="", help_text="`desktop`, `phone`, `tablet` or `program`.")
    topic = TextField(default="", help_text="Of tutorials, or a category of the community.")

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateField(required=False)} | super().get_fields()


class SeriesSerializer(ViewSerializer):
    metric = serializers.ChoiceField(MEASURES)
    dimension = serializers.ChoiceField(Dimension.choices, default=Dimension.SITE.value)
    key = TextField(default=None, allow_null=True, max_length=1000, help_text="One of what there is of the dimension.")
    interval = serializers.ChoiceField(INTERVALS, default="day")


class FiguresView(PrivateView):
    area = "analytics"
    permission_classes = [SeesFigures]


class SummaryView(FiguresView):
    @described("Read the summary", query=ViewSerializer, gives=shapes.Summary)
    def get(self, request: Request) -> Response:
        """Totals of the days and of as many before, each day, and what there was most of."""
        view = asked(validated(ViewSerializer(data=request.query_params)))
        return Response(
            {
                **spoken(view),
                "totals": totals_item(reports.totals(view)),
                "before": totals_item(reports.totals(view.before())),
                "days": [{"day": each.day, **site_item(each.counts)} for each in reports.by_day(view, Dimension.SITE)],
                **{
                    name: [top_item(each) for each in reports.top(view, dimension, limit=MOST_LISTED)]
                    for name, dimension in (
                        ("pages", Dimension.PAGE),
                        ("sources", Dimension.SOURCE),
                        ("countries", Dimension.COUNTRY),
                        ("devices", Dimension.DEVICE),
                    )
                },
            }
        )


class SeriesView(FiguresView):
    @described("Read one measure over time", query=SeriesSerializer, gives=shapes.Series)
    def get(self, request: Request) -> Response:
        """One measure, hour by hour or day by day. Without a key: of all keys, or of the whole site."""
        fields = validated(SeriesSerializer(data=request.query_params))
        view, metric, dimension = asked(fields), fields["metric"], Dimension(fields["dimension"])
        key = "" if dimension == Dimension.SITE and fields["key"] is None else fields["key"]
        points: list[dict[str, Any]]
        if fields["interval"] == "hour":
            try:
                hours = reports.by_hour(view, dimension, key)
            except ValidationError as error:
                raise as_fields(error) from error
            points = [{"at": each.hour, "value": getattr(each.counts, metric)} for each in hours]
        else:
            days = reports.by_day(view, dimension, key)
            points = [{"day": each.day, "value": getattr(each.counts, metric)} for each in days]
        asked_for = {"metric": metric, "dimension": dimension.value, "key": key, "interval": fields["interval"]}
        return Response({**spoken(view), **asked_for, "points": points})


def asked(fields: dict[str, Any]) -> View:
    """Raises serializers.ValidationError by parameter."""
    last: date = fields.get("to") or day_of(timezone.now())
    first: date = fields.get("from") or last - (USUAL_DAYS - 1) * DAY
    filters = {name: fields[name] for name in ("tier", "country", "device", "topic")}
    view = View(first, last, **filters)
    try:
        view.validate()
    except ValidationError as error:
        raise as_fields(error) from error
    return view


def as_fields(error: ValidationError) -> serializers.ValidationError:
    """By the names that the parameters have here."""
    names = {"last": "to", "first": "from"}
    return serializers.ValidationError(
        {names.get(name, name): messages for name, messages in error.message_dict.items()}
    )


def spoken(view: View) -> dict[str, Any]:
    filters = {"tier": view.tier, "country": view.country, "device": view.device, "topic": view.topic}
    return {"from": view.first, "to": view.last, "time_zone": zone().key, "filters": filters}


def totals_item(totals: Totals) -> dict[str, Any]:
    return {
        "visitors": totals.visitors,
        "members": totals.members,
        "visits": totals.visits,
        "views": totals.views,
        "bounces": totals.bounces,
        "seconds": totals.seconds,
        "events": totals.events,
    }


def site_item(counts: Counts) -> dict[str, int]:
    """Of the whole site, whose columns have these meanings."""
    return {
        "visitors": counts.visitors,
        "visits": counts.visits,
        "views": counts.events,
        "bounces": counts.bounces,
        "seconds": counts.seconds,
        "events": counts.amount,
    }


def top_item(top: reports.Top) -> dict[str, Any]:
    return {
        "key": top.key,
        "title": top.title,
        "views": top.counts.events,
        "visitors": top.counts.visitors,
        "visits": top.counts.visits,
    }
