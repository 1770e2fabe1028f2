"""Achievements are data: staff make them here."""

from __future__ import annotations

import base64
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from common.admin import OneByOne, ServiceAdmin
from tutorials.models import Achievement
from tutorials.services.achievements import save_achievement


@admin.register(Achievement)
class AchievementAdmin(OneByOne, ServiceAdmin):
    list_display = ("title", "shown", "rule", "threshold", "is_active", "position")
    list_filter = ("is_active", "rule")
    search_fields = ("title", "code", "description")
    prepopulated_fields = {"code": ("title",)}
    readonly_fields = ("shown",)

    @admin.display(description="picture as it is shown")
    def shown(self, achievement: Achievement) -> SafeString | str:
        """As an image, in which nothing of an SVG can act; it is only what was checked, too."""
        if not achievement.picture:
            return "-"
        data = base64.b64encode(achievement.picture.encode()).decode()
        return format_html('<img src="data:image/svg+xml;base64,{}" alt="" width="48" height="48">', data)

    def save_model(self, request: HttpRequest, obj: Achievement, form: Any, change: bool) -> None:
        save_achievement(by=cast("User", request.user), achievement=obj)

    def has_delete_permission(self, request: HttpRequest, obj: Achievement | None = None) -> bool:
        """What somebody has earned is not taken away: it is ended by `can be earned`."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.awards.exists())
