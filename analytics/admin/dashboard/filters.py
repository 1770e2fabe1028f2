"""What staff choose on the pages of figures: days, and among whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from analytics.country_names import name_of
from analytics.events import Device, Tier
from analytics.models import Segment
from analytics.models.definitions import LEAST_STEPS, MOST_STEPS
from analytics.reports import View
from analytics.subjects import topics

USUAL_DAYS = 30
RANGES = {"Today": 1, "7 days": 7, "30 days": 30, "90 days": 90, "12 months": 365}
NOT_YET = "That day has not come yet."


def select(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, widget=UnfoldAdminSelectWidget)


class FiguresForm(forms.Form):
    """Whatever is left out is as usual: the last thirty days, everybody."""

    first = forms.DateField(label="From", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    last = forms.DateField(label="To", widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}))
    tier = select("Tier")
    device = select("Device")
    country = select("Country")
    topic = select("Topic")
    # Of ways; on other pages there are none.
    steps = select("Steps")
    # Of some pages: which tutorial, page or funnel it is about.
    of = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, asked: QueryDict, *, today: date, has_steps: bool = False) -> None:
        self.today = today
        usual = {"first": (today - timedelta(days=USUAL_DAYS - 1)).isoformat(), "last": today.isoformat()}
        super().__init__(usual | {name: value for name, value in asked.items() if value}, label_suffix="")
        self.offer("tier", "Everybody", ((value, label.capitalize()) for value, label in Tier.choices if value))
        self.offer("device", "All devices", ((value, label.capitalize()) for value, label in Device.choices if value))
        self.offer("country", "All countries", known_countries())
        if has_steps:
            self.offer("steps", "As usual", ((str(number), number) for number in range(LEAST_STEPS, MOST_STEPS + 1)))
        else:
            del self.fields["steps"]
        self.offer("topic", "All topics", ((topic.slug, topic.name) for topic in topics()))

    def offer(self, name: str, everything: str, choices: Any) -> None:
        self.fields[name].choices = [("", everything), *choices]  # type: ignore[attr-defined]

    def clean_last(self) -> date:
        day: date = self.cleaned_data["last"]
        if day > self.today:
            raise ValidationError(NOT_YET, code="not_yet")
        return day

    def clean(self) -> None:
        if self.errors:
            return
        try:
            self.asked().validate()
        except ValidationError as error:
            self.add_error(None, error)

    def asked(self) -> View:
        names = ("first", "last", "tier", "country", "device", "topic")
        return View(**{name: self.cleaned_data[name] for name in names})

    def view(self) -> View:
        """What was asked for; where that was no good, what is usual."""
        return self.asked() if self.is_valid() else FiguresForm(QueryDict(), today=self.today).view()

    @property
    def about(self) -> str:
        return self.cleaned_data["of"] if self.is_valid() else ""

    @property
    def length(self) -> int | None:
        """How long ways are to be; None where that was not chosen."""
        chosen = self.cleaned_data.get("steps") if self.is_valid() else ""
        return int(chosen) if chosen else None

    def shortcuts(self) -> list[tuple[str, str, bool]]:
        """Ranges that are often asked for: what they are called, the query for them, and whether it is the one."""
        view = self.view()
        found = []
        for name, days in RANGES.items():
            ranged = replace(view, first=self.today - timedelta(days=days - 1), last=self.today)
            found.append((name, self.query(ranged), ranged == view))
        return found

    def query(self, view: View | None = None, *, of: str | None = None) -> str:
        """The address of this page or another with the same view, or a changed one."""
        shown = view or self.view()
        query = QueryDict(mutable=True)
        query.update({"first": shown.first.isoformat(), "last": shown.last.isoformat()})
        query.update(
            {name: value for name in ("tier", "device", "country", "topic") if (value := getattr(shown, name))}
        )
        if about := self.about if of is None else of:
            query["of"] = about
        if self.length and of is None:
            query["steps"] = str(self.length)
        return query.urlencode()


def known_countries() -> list[tuple[str, str]]:
    """From which somebody came, by name."""
    codes = Segment.objects.exclude(country="").values_list("country", flat=True).distinct()
    return sorted(((code, name_of(code)) for code in codes), key=lambda country: country[1])
