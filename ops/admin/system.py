"""The page "System", for those who have `ops.view_system`."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from common.admin import RecordAdmin
from ops.models import System
from ops.overview import overview


@admin.register(System)
class SystemAdmin(RecordAdmin):
    def get_urls(self) -> list[URLPattern]:
        return [path("", self.admin_site.admin_view(self.page), name="ops_system_changelist")]

    def page(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = self.admin_site.each_context(request) | {"title": "System", "overview": overview()}
        return TemplateResponse(request, "ops/admin_system.html", context)
