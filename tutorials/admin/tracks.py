"""Topics, and tracks with their steps."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from tutorials.forms.admin import StepFormSet
from tutorials.models import Topic, Track, TrackStep
from tutorials.services import tracks


@admin.register(Topic)
class TopicAdmin(ModelAdmin):
    list_display = ("name", "slug", "position")
    prepopulated_fields = {"slug": ("name",)}


class TrackStepInline(TabularInline):
    model = TrackStep
    formset = StepFormSet
    fields = ("tutorial", "position")
    autocomplete_fields = ("tutorial",)
    ordering_field = "position"
    extra = 0
    verbose_name = "tutorial"
    verbose_name_plural = "tutorials, in this order"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrackStep]:
        """Without the texts."""
        steps: QuerySet[TrackStep] = super().get_queryset(request)
        return steps.select_related("tutorial").only("position", "track_id", "tutorial__title")


@admin.register(Track)
class TrackAdmin(ModelAdmin):
    list_display = ("title", "slug", "steps", "is_published", "quizzes_required", "position")
    list_filter = ("is_published",)
    search_fields = ("title", "slug", "summary")
    prepopulated_fields = {"slug": ("title",)}
    fields = ("title", "slug", "summary", "is_published", "quizzes_required", "position")
    inlines = (TrackStepInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Track]:
        rows: QuerySet[Track] = super().get_queryset(request)
        return rows.annotate(step_total=Count("steps"))

    @admin.display(description="tutorials")
    def steps(self, track: Track) -> int:
        return int(cast("Any", track).step_total)

    def save_model(self, request: HttpRequest, obj: Track, form: Any, change: bool) -> None:
        tracks.save_track(by=cast("User", request.user), track=obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: StepFormSet, change: bool) -> None:
        tracks.set_steps(by=cast("User", request.user), track=form.instance, tutorials=formset.in_order())
        # What Django's own would have set, for the history.
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []

    def delete_model(self, request: HttpRequest, obj: Track) -> None:
        tracks.delete_track(by=cast("User", request.user), track=obj)

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions
