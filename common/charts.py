"""Pictures of numbers, as SVG that templates/components/chart.html writes: no script, and text stays text.

Across, everything is in percent of the width, so that a picture fills whatever place it gets while its letters keep
their size; down, it is in pixels. Numbers become fractions here and only here: they are places on a screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

HEIGHT = 240
TOP = 12
BOTTOM = 24  # for the labels
MOST_LABELS = 12
MOST_TICKS = 5
MOST_DOTS = 45
FILLED = 0.68  # of its place, how much a bar takes

Value = int | float


@dataclass(frozen=True)
class Series:
    """One kind of thing, in the order of the labels; None where there is no number. `look` names a colour (plot.css).

    `noted` is what the legend says beside its name.
    """

    name: str
    values: Sequence[Value | None]
    look: str
    noted: str = ""


class Bar(NamedTuple):
    x: str
    width: str
    y: str
    height: str
    look: str


class Stroke(NamedTuple):
    x1: str
    y1: str
    x2: str
    y2: str
    look: str


class Dot(NamedTuple):
    x: str
    y: str
    look: str


class Tick(NamedTuple):
    y: str
    text: str
    is_zero: bool


class Label(NamedTuple):
    """`is_spare`: it goes first where there is little room."""

    x: str
    text: str
    is_spare: bool


class Place(NamedTuple):
    """What stands over one label from top to bottom, and what is said of it where the pointer rests."""

    x: str
    width: str
    said: str


@dataclass(frozen=True)
class Chart:
    """`title` and `description` are for those who cannot see it."""

    name: str
    title: str
    description: str
    series: Sequence[Series]
    ticks: Sequence[Tick]
    labels: Sequence[Label]
    places: Sequence[Place]
    bars: Sequence[Bar] = field(default=())
    strokes: Sequence[Stroke] = field(default=())
    dots: Sequence[Dot] = field(default=())
    height: int = HEIGHT
    label_y: int = HEIGHT - 6


@dataclass(frozen=True)
class Frame:
    """What all pictures have in common: names, the words below, what is said of each place, and the axis."""

    name: str
    title: str
    description: str
    labels: Sequence[str]
    said: Sequence[str]
    tick: Callable[[Value], str]
    least_step: Value = 1


def columns(frame: Frame, series: Sequence[Series], line: Series | None = None) -> Chart:
    """Bars of which each series stacks on the one before, what is below zero downwards; and a line across them."""
    stacks = [[each.values[place] or 0 for each in series] for place in range(len(frame.labels))]
    over = [value for value in (line.values if line else ()) if value is not None]
    scale = Scale(
        min([0, *over, *(sum(value for value in stack if value < 0) for stack in stacks)]),
        max([0, *over, *(sum(value for value in stack if value > 0) for stack in stacks)]),
        frame.least_step,
    )
    width = 100 / len(stacks)
    bars = [
        Bar(percent((place + (1 - FILLED) / 2) * width), percent(width * FILLED), *box, series[number].look)
        for place, stack in enumerate(stacks)
        for number, box in boxes(stack, scale)
    ]
    strokes, dots = drawn(line, scale) if line else ([], [])
    return made(frame, [*series, *([line] if line else [])], scale, bars, strokes, dots)


def lines(frame: Frame, series: Sequence[Series]) -> Chart:
    """A line for each series, broken where there is no number."""
    values = [value for each in series for value in each.values if value is not None]
    scale = Scale(min([0, *values]), max([0, *values]), frame.least_step)
    drawings = [drawn(each, scale) for each in series]
    strokes = [stroke for some, _ in drawings for stroke in some]
    return made(frame, series, scale, [], strokes, [dot for _, some in drawings for dot in some])


class Scale:
    """From numbers to places: the highest is at the top, and the lines across are at round numbers."""

    def __init__(self, low: Value, high: Value, least_step: Value) -> None:
        self.step = step_for(high - low, least_step)
        self.low = math.floor(low / self.step) * self.step
        self.high = max(math.ceil(high / self.step) * self.step, self.low + self.step)

    def y(self, value: Value) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)

    def ticks(self) -> Iterator[Value]:
        return (self.low + number * self.step for number in range(round((self.high - self.low) / self.step) + 1))


def step_for(extent: Value, least: Value) -> Value:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten with which a few lines cover it; a multiple of `least`."""
    power = 10 ** math.floor(math.log10(max(extent, least) / MOST_TICKS))
    steps = (factor * power * ten for ten in (1, 10, 100) for factor in (1, 2, 2.5, 5))
    step = next(step for step in steps if step * MOST_TICKS >= extent and step % least == 0)
    return int(step) if step == int(step) else step


def boxes(stack: Sequence[Value], scale: Scale) -> Iterator[tuple[int, tuple[str, str]]]:
    """Number of the series, and from where how far down its part goes; a pixel stays free between two parts."""
    above = below = 0.0
    for number, value in enumerate(stack):
        if not value:
            continue
        start = above if value > 0 else below
        top, bottom = sorted((scale.y(start), scale.y(start + value)))
        above, below = (above + value, below) if value > 0 else (above, below + value)
        yield number, (pixels(top), pixels(max(bottom - top - 1, 0.75)))


def drawn(series: Series, scale: Scale) -> tuple[list[Stroke], list[Dot]]:
    width = 100 / len(series.values)
    points = [
        None if value is None else (percent((place + 0.5) * width), pixels(scale.y(value)))
        for place, value in enumerate(series.values)
    ]
    strokes = [Stroke(*one, *other, series.look) for one, other in pairwise(points) if one and other]
    # So close together they would be a line of their own.
    dots = [] if len(points) > MOST_DOTS else [Dot(*point, series.look) for point in points if point]
    return strokes, dots


def made(
    frame: Frame,
    series: Sequence[Series],
    scale: Scale,
    bars: Sequence[Bar],
    strokes: Sequence[Stroke],
    dots: Sequence[Dot],
) -> Chart:
    width = 100 / len(frame.labels)
    every = math.ceil(len(frame.labels) / MOST_LABELS)
    # Counted from the newest, which always has its label.
    counted = [
        (place, (len(frame.labels) - 1 - place) // every)
        for place in range(len(frame.labels))
        if (len(frame.labels) - 1 - place) % every == 0
    ]
    return Chart(
        frame.name,
        frame.title,
        frame.description,
        series,
        [Tick(pixels(scale.y(value)), frame.tick(value), value == 0) for value in scale.ticks()],
        [Label(percent((place + 0.5) * width), frame.labels[place], number % 3 != 0) for place, number in counted],
        [Place(percent(place * width), percent(width), said) for place, said in enumerate(frame.said)],
        bars,
        strokes,
        dots,
    )


def percent(share: float) -> str:
    return f"{share:.3f}%"


def pixels(place: float) -> str:
    return f"{place:.1f}"
