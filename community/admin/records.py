"""What members wrote, how they stand, and what moderators did: to look at. The pages of the community change it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from common.admin import RecordAdmin, RecordInline
from community.models import Case, Comment, Post, Report, StaffAction, Standing


class CommunityAdmin(RecordAdmin):
    """For millions of rows: nothing is counted, and what is long is not read for a list."""

    show_full_result_count = False
    list_per_page = 50


@admin.register(Post)
class PostAdmin(CommunityAdmin):
    list_display = ("title", "category", "type", "state", "author", "created_at")
    list_filter = ("state", "type", "category")
    list_select_related = ("category", "author")
    search_fields = ("title", "author__email", "author__profile__handle")
    ordering = ("-id",)
    exclude = ("body_html", "text")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("body_html", "text")


@admin.register(Comment)
class CommentAdmin(CommunityAdmin):
    list_display = ("__str__", "post", "state", "author", "created_at")
    list_filter = ("state",)
    list_select_related = ("post", "author")
    search_fields = ("author__email", "author__profile__handle")
    ordering = ("-id",)
    exclude = ("body_html", "text")


@admin.register(Standing)
class StandingAdmin(CommunityAdmin):
    list_display = ("user", "trust_level", "level_is_fixed", "silenced_until", "hidden_count")
    list_filter = ("trust_level", "level_is_fixed")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__profile__handle")
    ordering = ("-pk",)


class ReportInline(RecordInline):
    model = Report
    fields = ("reporter", "reason", "at")


@admin.register(Case)
class CaseAdmin(CommunityAdmin):
    list_display = ("__str__", "kind", "reports_count", "opened_at", "decision", "closed_by")
    list_filter = ("kind", "decision")
    list_select_related = ("post", "comment", "closed_by")
    ordering = ("-id",)
    inlines = (ReportInline,)


@admin.register(StaffAction)
class StaffActionAdmin(CommunityAdmin):
    list_display = ("at", "deed", "by", "person", "reason")
    list_filter = ("deed",)
    list_select_related = ("by", "person")
    search_fields = ("person__email", "person__profile__handle")
    ordering = ("-id",)
