"""Every address of the platform, but for the two of ops.middleware.HealthMiddleware."""

from django.contrib import admin
from django.urls import include, path

from config.api import router

urlpatterns = [
    path("", include("tutorials.urls")),
    path("api/", include(router.urls)),
    path("admin/", admin.site.urls),
]

handler400 = "common.views.bad_request"
handler403 = "common.views.permission_denied"
handler404 = "common.views.page_not_found"
handler500 = "common.views.server_error"
