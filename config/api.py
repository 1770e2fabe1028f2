"""The one router of the REST API; its paths end without a slash."""

from django.urls import include, path

urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("tutorials.api.urls")),
    path("", include("community.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("analytics.api.urls")),
]
