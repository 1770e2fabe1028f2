"""Saved metrics, the rules by which somebody is told of them, and what was told."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminURLInputWidget

from analytics.models import Alert, AlertRule, SavedMetric
from analytics.services import alerting
from common.admin import RecordAdmin, RecordInline

QUIET_FOR = timedelta(days=1)


@admin.register(SavedMetric)
class SavedMetricAdmin(ModelAdmin):
    list_display = ("name", "dimension", "key", "measure", "tier", "country", "device")
    list_filter = ("dimension", "measure")
    search_fields = ("name", "key")


class AlertRuleForm(forms.ModelForm):
    webhook_url = forms.URLField(required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget)


class AlertInline(RecordInline):
    model = Alert
    fields = ("began_at", "ended_at", "words", "mailed_at", "posted_at", "tries")


@admin.register(AlertRule)
class AlertRuleAdmin(ModelAdmin):
    form = AlertRuleForm
    list_display = ("name", "metric", "kind", "period", "threshold", "is_active", "snoozed_until", "checked_at")
    list_filter = ("kind", "period", "is_active")
    list_select_related = ("metric",)
    search_fields = ("name", "metric__name")
    readonly_fields = ("checked_at",)
    inlines = (AlertInline,)
    actions = ("be_quiet_for_a_day",)

    @admin.action(description="Be quiet for a day", permissions=("change",))
    def be_quiet_for_a_day(self, request: HttpRequest, rules: QuerySet[AlertRule]) -> None:
        until = timezone.now() + QUIET_FOR
        for rule in rules:
            alerting.snooze(rule=rule, until=until)
        self.message_user(request, f"Quiet until {until:%d %B, %H:%M} UTC.", messages.SUCCESS)


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    list_display = ("rule", "words", "began_at", "ended_at", "mailed_at", "posted_at")
    list_select_related = ("rule",)
    list_filter = ("rule",)
