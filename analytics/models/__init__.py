from analytics.models.counts import DailyCount, DirtyHour, HourlyCount, MemberDay, MemberSummary
from analytics.models.definitions import Funnel, Goal, Journey, Note
from analytics.models.events import Audience, DeadLetter, Segment, UserAnalytics
from analytics.models.figures import Figures
from analytics.models.metrics import Alert, AlertRule, SavedMetric, WeeklyReader

__all__ = [
    "Alert",
    "AlertRule",
    "Audience",
    "DailyCount",
    "DeadLetter",
    "DirtyHour",
    "Figures",
    "Funnel",
    "Goal",
    "HourlyCount",
    "Journey",
    "MemberDay",
    "MemberSummary",
    "Note",
    "SavedMetric",
    "Segment",
    "UserAnalytics",
    "WeeklyReader",
]
