"""Every address of the platform."""

from django.contrib import admin
from django.urls import include, path

from config.api import router
from ops import views as ops_views

urlpatterns = [
    path("", include("tutorials.urls")),
    path("api/", include(router.urls)),
    path("admin/", admin.site.urls),
    path("healthz", ops_views.healthz, name="healthz"),
    path("readyz", ops_views.readyz, name="readyz"),
]

handler400 = "common.views.bad_request"
handler403 = "common.views.permission_denied"
handler404 = "common.views.page_not_found"
handler500 = "common.views.server_error"
