"""What the figures say, for the dashboard, the API and mails. Read from the counts, by one or two statements each.

docs/analytics.md defines every number.
"""

from analytics.reports.journeys import Way, Ways, ways
from analytics.reports.learning import Block, TutorialFigures, TutorialFunnel, tutorial, tutorials
from analytics.reports.now import Live, live
from analytics.reports.others import (
    Deed,
    KeptOut,
    Speed,
    SubscriptionNews,
    engagement,
    kept_out,
    subscriptions,
    vitals,
)
from analytics.reports.paths import FunnelStep, Reached, funnel, goals, steps_from, steps_to
from analytics.reports.people import Active, Cohort, Conversion, cohorts, conversion, members
from analytics.reports.totals import (
    NOTHING,
    Counts,
    OfDay,
    OfHour,
    Top,
    Totals,
    by_day,
    by_hour,
    counts_of,
    top,
    totals,
)
from analytics.reports.view import View

__all__ = [
    "NOTHING",
    "Active",
    "Block",
    "Cohort",
    "Conversion",
    "Counts",
    "Deed",
    "FunnelStep",
    "KeptOut",
    "Live",
    "OfDay",
    "OfHour",
    "Reached",
    "Speed",
    "SubscriptionNews",
    "Top",
    "Totals",
    "TutorialFigures",
    "TutorialFunnel",
    "View",
    "Way",
    "Ways",
    "by_day",
    "by_hour",
    "cohorts",
    "conversion",
    "counts_of",
    "engagement",
    "funnel",
    "goals",
    "kept_out",
    "live",
    "members",
    "steps_from",
    "steps_to",
    "subscriptions",
    "top",
    "totals",
    "tutorial",
    "tutorials",
    "vitals",
    "ways",
]
