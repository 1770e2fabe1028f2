"""What staff define to be counted, and what they note beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from analytics.models import Funnel, Goal, Note


@admin.register(Goal)
class GoalAdmin(ModelAdmin):
    list_display = ("name", "event", "subject", "created_at")
    search_fields = ("name", "subject")


@admin.register(Funnel)
class FunnelAdmin(ModelAdmin):
    list_display = ("name", "days", "created_at")
    search_fields = ("name",)


@admin.register(Note)
class NoteAdmin(ModelAdmin):
    list_display = ("day", "text", "made_by")
    list_select_related = ("made_by",)
    search_fields = ("text",)
    date_hierarchy = "day"

    def save_model(self, request: HttpRequest, obj: Note, form: Any, change: bool) -> None:
        if not change:
            obj.made_by = request.user  # type: ignore[assignment]  # who works in the admin is a person
        super().save_model(request, obj, form, change)
