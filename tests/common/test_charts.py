"""Where things stand in a picture."""

from __future__ import annotations

import pytest

from common.charts import HEIGHT, Frame, Series, Value, columns, lines, step_for


def frame(count: int) -> Frame:
    labels = [f"{number}" for number in range(count)]
    return Frame(
        "x", "A title", "Some words.", labels, [f"said {label}" for label in labels], lambda value: f"{value:g}"
    )


@pytest.mark.parametrize(
    ("extent", "least", "step"),
    [(0, 1, 1), (4, 1, 1), (11, 1, 5), (130, 1, 50), (900_000, 100, 200_000), (7, 100, 100), (0.5, 1, 1)],
)
def test_lines_across_are_at_round_numbers(extent: Value, least: Value, step: Value) -> None:
    assert step_for(extent, least) == step


def test_what_is_below_zero_stacks_downwards() -> None:
    chart = columns(frame(1), [Series("a", [30], "one"), Series("b", [20], "two"), Series("c", [-10], "three")])
    zero = next(float(tick.y) for tick in chart.ticks if tick.is_zero)
    first, second, below = chart.bars
    assert float(second.y) < float(first.y) < zero <= float(below.y) < HEIGHT
    assert [tick.text for tick in chart.ticks] == ["-20", "0", "20", "40", "60"]


def test_where_there_is_nothing_stands_no_bar_and_no_line() -> None:
    assert columns(frame(3), [Series("a", [0, None, 0], "one")]).bars == []
    chart = lines(frame(4), [Series("a", [1, None, 2, 3], "one")])
    assert (len(chart.strokes), len(chart.dots)) == (1, 3)


def test_of_many_labels_some_are_shown_and_the_newest_always() -> None:
    labels = columns(frame(60), [Series("a", [1] * 60, "one")]).labels
    assert (len(labels), labels[-1].text, labels[-1].is_spare) == (12, "59", False)


def test_each_label_has_a_place_to_rest_the_pointer_on() -> None:
    places = columns(frame(4), [Series("a", [1, 2, 3, 4], "one")]).places
    assert [(place.x, place.width, place.said) for place in places][1] == ("25.000%", "25.000%", "said 1")
