"""What staff choose on the page of revenue: months, plan, provider, currency, and as of when."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.reports.calendar import Months, month_of, months_on
from billing.reports.revenue import View
from billing.reports.sources import PROVIDERS

USUAL_MONTHS = 12
MOST_MONTHS = 120
EARLIEST = date(2000, 1, 1)
NOT_A_MONTH = "Write a month as its year and number, such as 2026-11."
BACKWARDS = "The last month is before the first."
TOO_LONG = f"Choose at most {MOST_MONTHS} months."
TOO_EARLY = f"Choose a month from {EARLIEST:%Y-%m} on."
NOT_YET = "That day has not come yet."


class MonthField(forms.Field):
    """The first day of a month. Browsers that have no control for it show a text field."""

    widget = UnfoldAdminTextInputWidget(attrs={"type": "month", "placeholder": "2026-11", "size": "9"})

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values:
            return None
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", value, re.ASCII):
            raise ValidationError(NOT_A_MONTH, code="invalid")
        year, month = map(int, value.split("-"))
        if (year, month) < (EARLIEST.year, EARLIEST.month):
            raise ValidationError(TOO_EARLY, code="too_early")
        return date(year, month, 1)


class RevenueForm(forms.Form):
    """Whatever is left out is as usual: the last twelve months, everything, as of now."""

    since = MonthField(label="From", required=False)
    until = MonthField(label="To", required=False)
    plan = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget)
    provider = forms.ChoiceField(
        required=False, widget=UnfoldAdminSelectWidget, choices=[("", "All providers"), *PROVIDERS.items()]
    )
    currency = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    as_of = forms.DateField(
        label="As known on",
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
        help_text="Later news is left out.",
    )

    def __init__(self, asked: QueryDict, *, plans: dict[str, str], currencies: list[str]) -> None:
        self.now = timezone.now()
        this_month = month_of(self.now)
        usual = {
            "since": f"{months_on(this_month, 1 - USUAL_MONTHS):%Y-%m}",
            "until": f"{this_month:%Y-%m}",
            "currency": currencies[0],
        }
        super().__init__(usual | {name: value for name, value in asked.items() if value}, label_suffix="")
        self.fields["plan"].choices = [("", "All plans"), *plans.items()]  # type: ignore[attr-defined]
        self.fields["currency"].choices = [(currency, currency) for currency in currencies]  # type: ignore[attr-defined]

    def clean_as_of(self) -> date | None:
        day: date | None = self.cleaned_data["as_of"]
        if day and day > self.now.astimezone(UTC).date():
            raise ValidationError(NOT_YET, code="not_yet")
        return day

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if not (since and until):
            return
        if until < since:
            self.add_error("until", ValidationError(BACKWARDS, code="backwards"))
        elif len(Months(since, until)) > MOST_MONTHS:
            self.add_error("since", ValidationError(TOO_LONG, code="too_long"))

    def view(self) -> View:
        """What was asked for; where that was no good, what is usual. Nothing is known of months that have not begun."""
        if not self.is_valid():
            usual = RevenueForm(QueryDict(), plans={}, currencies=[self.fields["currency"].choices[0][0]])  # type: ignore[attr-defined]
            return usual.view()
        chosen = self.cleaned_data
        as_of = min(self.now, end_of(chosen["as_of"])) if chosen["as_of"] else self.now
        last = min(chosen["until"], month_of(as_of))
        return View(
            Months(min(chosen["since"], last), last),
            chosen["currency"],
            as_of,
            chosen["plan"],
            chosen["provider"],
        )

    def shortcuts(self) -> list[tuple[str, str, bool]]:
        """Ranges that are often asked for: what they are called, the query for them, and whether it is the one."""
        this_month = month_of(self.now)
        ranges = {
            "12 months": Months(months_on(this_month, -11), this_month),
            "24 months": Months(months_on(this_month, -23), this_month),
            "5 years": Months(months_on(this_month, -59), this_month),
            "This year": Months(this_month.replace(month=1), this_month),
            "Last year": Months(date(this_month.year - 1, 1, 1), date(this_month.year - 1, 12, 1)),
        }
        asked = Months(*(self.cleaned_data.get(name) or this_month for name in ("since", "until")))
        return [(name, self.query(months), months == asked) for name, months in ranges.items()]

    def query(self, months: Months) -> str:
        query = QueryDict(mutable=True)
        query.update({name: value for name, value in self.data.items() if name in self.fields})
        query["since"], query["until"] = f"{months.first:%Y-%m}", f"{months.last:%Y-%m}"
        return query.urlencode()


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
