from django.urls import path

from analytics.api import events

urlpatterns = [
    path("analytics/events", events.receive, name="api-analytics-events"),
]
