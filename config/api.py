"""The one router of the REST API; its paths end without a slash."""

from django.urls import include, path

urlpatterns = [
    # First, since browsers and programs send events far more often than they ask for anything.
    path("", include("analytics.api.urls")),
    path("", include("accounts.api.urls")),
    path("", include("tutorials.api.urls")),
    path("", include("community.api.urls")),
    path("", include("billing.api.urls")),
    path("", include("ops.api.urls")),
]
