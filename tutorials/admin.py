"""Tutorials for authors and staff, with a live preview of the Markdown."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from accounts.models import User
from common import markdown
from tutorials.forms import TutorialAdminForm
from tutorials.models import Topic, Tutorial


@admin.register(Topic)
class TopicAdmin(ModelAdmin):
    list_display = ("name", "slug", "position")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Tutorial)
class TutorialAdmin(ModelAdmin):
    form = TutorialAdminForm
    list_display = ("title", "topic", "difficulty", "access", "status", "published_at", "minutes")
    list_filter = ("status", "access", "difficulty", "topic")
    list_select_related = ("topic",)
    search_fields = ("title", "summary", "slug")
    prepopulated_fields = {"slug": ("title",)}
    autocomplete_fields = ("author",)
    date_hierarchy = "published_at"
    readonly_fields = ("minutes", "updated_at")
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("title", "slug", "summary", "body")}),
        ("Place", {"fields": ("topic", "difficulty", "access")}),
        ("Publication", {"fields": ("status", "published_at", "author", "minutes", "updated_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tutorial]:
        """The list needs no texts."""
        tutorials: QuerySet[Tutorial] = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "tutorials_tutorial_changelist":
            return tutorials.defer("body", "body_html", "opening_html", "headings", "search")
        return tutorials

    def get_readonly_fields(self, request: HttpRequest, obj: Tutorial | None = None) -> tuple[str, ...]:
        """Whoever may not look people up cannot choose one either: what they write is their own."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.has_perm("accounts.view_user") else (*fields, "author")

    def save_form(self, request: HttpRequest, form: TutorialAdminForm, change: bool) -> Tutorial:
        tutorial: Tutorial = super().save_form(request, form, change)
        if not change and "author" not in form.fields:
            tutorial.author = cast("User", request.user)
        return tutorial

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"author": request.user.pk, **super().get_changeform_initial_data(request)}

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview)
        return [path("preview/", preview, name="tutorials_tutorial_preview"), *super().get_urls()]

    @method_decorator(require_POST)
    def preview(self, request: HttpRequest) -> HttpResponse:
        """The Markdown as its readers will see it; nothing is saved."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        source = request.POST.get("body", "")[: markdown.LARGEST_SOURCE]
        return render(request, "tutorials/admin_preview.html", {"html": markdown.render(source).html})
