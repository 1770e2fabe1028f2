"""What staff define to be counted, and what they note beside it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from analytics.events import NOT_THERE, Name
from analytics.matching import NAMES
from analytics.models import Funnel, Goal, Journey, Note
from analytics.services import defining
from common.admin import ByDate, ServiceAdmin


class StepsField(forms.CharField):
    """Steps as lines: the name of an event, and after a space what it is about."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{step['event']} {step.get('subject', '')}".rstrip() for step in value)

    def to_python(self, value: Any) -> Any:
        lines = (line.split(maxsplit=1) for line in str(value or "").splitlines())
        return [{"event": line[0], "subject": "".join(line[1:]).strip()} for line in lines if line]


class GoalForm(forms.ModelForm):
    event = forms.ChoiceField(
        choices=[(name, Name(name).label) for name in NAMES], widget=UnfoldAdminSelectWidget, initial=Name.PAGE_VIEW
    )


class FunnelForm(forms.ModelForm):
    steps = StepsField(
        help_text=(
            "One on each line: an event and what it is about, such as “page_view /pricing/” and “subscription started”."
            f" A * at the end stands for whatever follows. Events: {', '.join(NAMES)}."
        )
    )


class JourneyForm(forms.ModelForm):
    event = forms.ChoiceField(
        choices=[(name, Name(name).label) for name in NAMES if name not in NOT_THERE],
        widget=UnfoldAdminSelectWidget,
        initial=Name.PAGE_VIEW,
    )


class DefinitionAdmin(ServiceAdmin):
    """They are kept and forgotten together with what was counted of them."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        defining.define(obj)
        self.message_user(
            request, f"The last {defining.DAYS_BACK} days are being counted; look again in a few minutes."
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        defining.forget(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for definition in queryset:
            defining.forget(definition)


@admin.register(Goal)
class GoalAdmin(DefinitionAdmin):
    form = GoalForm
    list_display = ("name", "event", "subject", "created_at")
    search_fields = ("name", "subject")


@admin.register(Funnel)
class FunnelAdmin(DefinitionAdmin):
    form = FunnelForm
    list_display = ("name", "days", "created_at")
    search_fields = ("name",)


@admin.register(Journey)
class JourneyAdmin(ModelAdmin):
    """Nothing is counted for them: the ways are asked of single events."""

    form = JourneyForm
    list_display = ("name", "event", "subject", "steps", "created_at")
    search_fields = ("name", "subject")


@admin.register(Note)
class NoteAdmin(ByDate, ModelAdmin):
    list_display = ("day", "text", "made_by")
    list_select_related = ("made_by",)
    search_fields = ("text",)
    date_hierarchy = "day"

    def save_model(self, request: HttpRequest, obj: Note, form: Any, change: bool) -> None:
        if not change:
            obj.made_by = request.user  # type: ignore[assignment]  # who works in the admin is a person
        super().save_model(request, obj, form, change)
