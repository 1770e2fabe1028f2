"""What people have done, to look at only, for those who may look people up. Bookmarks and notes are nobody else's."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from common.admin import RecordAdmin, RecordInline
from tutorials.models import Award, QuizAnswer, QuizAttempt, TrackCompletion, TutorialProgress
from tutorials.querysets import TEXTS_OF_TUTORIAL


class LearningAdmin(RecordAdmin):
    list_select_related: Any = ("user", "tutorial")
    search_fields: Any = ("user__email", "tutorial__title", "tutorial__slug")
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Authors may know how a tutorial is read, not who reads it."""
        return super().has_view_permission(request, obj) and request.user.has_perm("accounts.view_user")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and request.user.has_perm("accounts.view_user")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the texts of the tutorials."""
        rows = super().get_queryset(request)
        if "tutorial" not in self.list_select_related:
            return rows
        return rows.defer(*TEXTS_OF_TUTORIAL)


@admin.register(TutorialProgress)
class TutorialProgressAdmin(LearningAdmin):
    list_display = ("user", "tutorial", "percent", "seconds", "block", "moved_at", "completed_at")
    ordering = ("-moved_at", "-id")
    exclude = ("visits",)


class QuizAnswerInline(RecordInline):
    model = QuizAnswer
    fields = ("question", "chosen", "right")


@admin.register(QuizAttempt)
class QuizAttemptAdmin(LearningAdmin):
    list_display = ("user", "tutorial", "number", "percent", "passed", "at")
    list_filter = ("passed",)
    ordering = ("-at", "-id")
    inlines = (QuizAnswerInline,)


@admin.register(TrackCompletion)
class TrackCompletionAdmin(LearningAdmin):
    list_display = ("user", "track", "completed_at")
    list_select_related = ("user", "track")
    search_fields = ("user__email", "track__title", "track__slug")
    ordering = ("-completed_at", "-id")


@admin.register(Award)
class AwardAdmin(LearningAdmin):
    list_display = ("user", "achievement", "earned_at", "seen_at")
    list_filter = ("achievement",)
    list_select_related = ("user", "achievement")
    search_fields = ("user__email", "achievement__title", "achievement__code")
    ordering = ("-earned_at", "-id")
