"""Whether a rule of alerts is true of a metric's figures. Knows no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from analytics.models import AlertRule

Kind = AlertRule.Kind

# Of the same weekday (and hour), as many weeks back as are looked at, and as must be known.
WEEKS, LEAST_WEEKS = 8, 4
WEEK = timedelta(days=7)
# The usual bound for a robust z-score (Iglewicz and Hoaglin, 1993), unless the rule names another.
USUAL_DEVIATION = Decimal("3.5")
# What makes the median of absolute deviations comparable to a standard deviation.
MAD_SCALE = Decimal("1.4826")
# Periods of which one must have had something, or there was nothing that could fall silent.
SPOKE_WITHIN = 7


@dataclass(frozen=True)
class Figure:
    """A metric in a period that is over."""

    start: datetime
    value: Decimal


@dataclass(frozen=True)
class Verdict:
    """A rule is true: of which period, what it found, and what it would have expected."""

    start: datetime
    value: Decimal
    expected: Decimal | None = None


def judge(kind: str, threshold: Decimal | None, figures: Sequence[Figure]) -> Verdict | None:
    """Whether a rule is true of the last of these figures, which stand in order and without gaps; None if not."""
    if not figures:
        return None
    *before, last = figures
    expected = {
        Kind.ABOVE: above,
        Kind.BELOW: below,
        Kind.CHANGE: changed,
        Kind.SILENCE: silent,
        Kind.ANOMALY: unlike,
    }[Kind(kind)](threshold, before, last)
    return None if expected is None else Verdict(last.start, last.value, expected)


def above(threshold: Decimal | None, before: Sequence[Figure], last: Figure) -> Decimal | None:
    return threshold if threshold is not None and last.value > threshold else None


def below(threshold: Decimal | None, before: Sequence[Figure], last: Figure) -> Decimal | None:
    return threshold if threshold is not None and last.value < threshold else None


def changed(threshold: Decimal | None, before: Sequence[Figure], last: Figure) -> Decimal | None:
    """By more than so many per cent of the period before, up or down; from nothing to something is no percentage."""
    if threshold is None or not before or not before[-1].value:
        return None
    earlier = before[-1].value
    return earlier if abs(last.value - earlier) * 100 > threshold * earlier else None


def silent(threshold: Decimal | None, before: Sequence[Figure], last: Figure) -> Decimal | None:
    lately = [figure.value for figure in before[-SPOKE_WITHIN:]]
    return median(lately) if not last.value and any(lately) else None


def unlike(threshold: Decimal | None, before: Sequence[Figure], last: Figure) -> Decimal | None:
    """Farther from the median of the same weekday and hour than so many (scaled) median absolute deviations.

    Counts vary by about their square root even where nothing happens, so less than that is no deviation: weeks that
    were all alike would else make an alarm of one visitor more.
    """
    same = same_weekday(before, last.start)
    if len(same) < LEAST_WEEKS:
        return None
    middle = median(same)
    usual = MAD_SCALE * median(abs(value - middle) for value in same)
    deviation = max(usual, middle.sqrt(), Decimal(1))
    bound = USUAL_DEVIATION if threshold is None else threshold
    return middle if abs(last.value - middle) > bound * deviation else None


def same_weekday(before: Sequence[Figure], start: datetime) -> list[Decimal]:
    """By the calendar of the start's own time zone, in which an hour may be an hour more or less away."""
    values: Mapping[datetime, Decimal] = {figure.start: figure.value for figure in before}
    return [values[day] for week in range(1, WEEKS + 1) if (day := start - week * WEEK) in values]
