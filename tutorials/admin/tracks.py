"""Topics, and tracks with their steps."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from common.admin import LooksUp, OneByOne, ServiceAdmin
from tutorials.forms.admin import StepFormSet
from tutorials.models import Topic, Track, TrackStep
from tutorials.services import tracks


@admin.register(Topic)
class TopicAdmin(ModelAdmin):
    list_display = ("name", "slug", "position")
    prepopulated_fields = {"slug": ("name",)}


class TrackStepInline(LooksUp, TabularInline):
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
class TrackAdmin(OneByOne, ServiceAdmin):
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
        """Nothing yet: a track is written with its steps, by `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: list[StepFormSet], change: bool) -> None:
        # None for whoever may not see the steps.
        steps = formsets[0] if formsets else None
        form.instance.pk = tracks.write_track(
            by=cast("User", request.user),
            track=form.instance if change else None,
            values={name: form.cleaned_data[name] for name in (form.changed_data if change else self.fields)},
            tutorials=steps.in_order() if steps else None,
        ).pk
        if steps:
            # What Django's own would have set, for the history.
            steps.new_objects, steps.changed_objects, steps.deleted_objects = [], [], []

    def delete_model(self, request: HttpRequest, obj: Track) -> None:
        tracks.delete_track(by=cast("User", request.user), track=obj)
