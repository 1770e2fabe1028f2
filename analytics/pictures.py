"""Pictures of days and of steps, each with what it says in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from common.charts import Chart, Frame, Series, Value, columns, lines
from common.figures import Count, share

# More days than that are told week by week.
MOST_DAYS = 92
WEEK = 7


class Line(NamedTuple):
    """One number for each day; `look` names a colour (plot.css)."""

    name: str
    values: Sequence[Value]
    look: str
    noted: str = ""


def counted(number: Value) -> str:
    return Count(round(number)).shown


def short(number: Value) -> str:
    """For an axis: 1.5k."""
    for size, suffix in ((1_000_000, "M"), (1_000, "k")):
        if abs(number) >= size:
            return f"{number / size:g}{suffix}"
    return f"{number:g}"


def by_day(
    name: str,
    title: str,
    days: Sequence[date],
    drawn: Sequence[Line],
    *,
    stacked: bool = False,
    notes: dict[date, str] | None = None,
) -> Chart:
    """Lines over days, or bars that stand upon each other; of many days, the mean of each week."""
    if len(days) > MOST_DAYS:
        days, drawn = list(days)[::WEEK], [line._replace(values=weekly(line.values)) for line in drawn]
        title = f"{title}, a day in each week"
    series = [Series(line.name, line.values, line.look, line.noted) for line in drawn]
    frame = Frame(
        name,
        title,
        " ".join(described(line, days) for line in drawn),
        [f"{day.day} {day:%b}" for day in days],
        [
            "\n".join(
                [
                    f"{day:%A}, {day.day} {day:%B %Y}",
                    *(f"{line.name}: {counted(line.values[place])}" for line in drawn),
                    *noted(notes or {}, day, days),
                ]
            )
            for place, day in enumerate(days)
        ],
        short,
    )
    return columns(frame, series) if stacked else lines(frame, series)


def weekly(values: Sequence[Value]) -> list[Value]:
    weeks = [values[place : place + WEEK] for place in range(0, len(values), WEEK)]
    return [round(sum(week) / len(week), 1) for week in weeks]


def noted(notes: dict[date, str], day: date, days: Sequence[date]) -> Iterable[str]:
    step = days[1] - day if len(days) > 1 and day == days[0] else timedelta(days=1)
    return (text for at, text in notes.items() if day <= at < day + step)


def described(line: Line, days: Sequence[date]) -> str:
    """Where it begins and ends, and when it was highest."""
    most = max(range(len(days)), key=lambda place: line.values[place])
    ends = [f"{counted(line.values[place])} on {days[place].day} {days[place]:%B %Y}" for place in (0, -1, most)]
    return f"{line.name}: {ends[0]}, {ends[1]}; the most was {ends[2]}."


def steps(name: str, title: str, names: Sequence[str], reached: Sequence[int], said: Callable[[int], str]) -> Chart:
    """A bar for each step of a way, and how many came so far."""
    first = reached[0] if reached else 0
    frame = Frame(
        name,
        title,
        "; ".join(
            f"{step}: {counted(count)}, {share(count, first).shown} of the first"
            for step, count in zip(names, reached, strict=True)
        ),
        [said(place) for place in range(len(names))],
        [f"{step}\n{counted(count)}" for step, count in zip(names, reached, strict=True)],
        short,
    )
    return columns(frame, [Series("People", reached, "one")])


def hours(name: str, title: str, drawn: Sequence[Line]) -> Chart:
    """Of one day, or of two: from its midnight on."""
    number = len(drawn[0].values)
    frame = Frame(
        name,
        title,
        " ".join(f"{line.name}: {counted(sum(line.values))} altogether." for line in drawn),
        [f"{place % 24}:00" for place in range(number)],
        [
            "\n".join([f"From {place % 24}:00 on", *(f"{line.name}: {counted(line.values[place])}" for line in drawn)])
            for place in range(number)
        ],
        short,
    )
    return columns(frame, [Series(line.name, line.values, line.look, line.noted) for line in drawn[:1]])
