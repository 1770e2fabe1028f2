from django.urls import path

from analytics.api import events, figures

urlpatterns = [
    path("analytics/events", events.receive, name="api-analytics-events"),
    path("analytics/summary", figures.SummaryView.as_view(), name="api-analytics-summary"),
    path("analytics/series", figures.SeriesView.as_view(), name="api-analytics-series"),
]
