"""Backups, to look at and to have proven; how long a restore takes, and what would be lost, on top of the list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat

from common.admin import RecordAdmin
from common.charts import Chart, Frame, Series, lines
from common.queueing import BrokerAwayError
from ops.models import BackupLog, BackupState
from ops.services.backups.requesting import request_proof
from ops.services.backups.standing import recovery_trend, standing


@admin.register(BackupLog)
class BackupLogAdmin(RecordAdmin):
    list_display = (
        "begun_at",
        "kind",
        "name",
        "state",
        "verdict",
        "shown_recovery",
        "shown_size",
        "shown_database_size",
    )
    list_filter = ("state", "verdict", "kind")
    search_fields = ("name",)
    ordering = ("-begun_at", "-id")
    show_full_result_count = False
    list_per_page = 50
    actions = ("verify_now",)
    list_before_template = "ops/_backup_standing.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        trend = recovery_trend()
        context = {"standing": standing(), "trend": trend, "chart": picture(trend) if len(trend) > 1 else None}
        page: HttpResponse = super().changelist_view(request, (extra_context or {}) | context)
        return page

    def has_verify_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ops.change_backuplog")

    @admin.action(description="Verify now, by restoring", permissions=["verify"])
    def verify_now(self, request: HttpRequest, queryset: QuerySet[BackupLog]) -> None:
        """One after the other would be refused as long as the first is at work, so it is one at a time."""
        chosen = queryset.first()
        if queryset.count() != 1 or chosen is None or chosen.state != BackupState.DONE:
            self.message_user(request, "Choose one backup that is done: one is verified at a time.", messages.ERROR)
            return
        try:
            request_proof(chosen)
        except BrokerAwayError:
            words = f"No worker can be asked just now; `manage.py verify_backup {chosen.name}` does it too."
            self.message_user(request, words, messages.ERROR)
            return
        self.message_user(request, f"{chosen.name} is being restored into a scratch database; look again in minutes.")

    @admin.display(description="restored in", ordering="recovery_seconds")
    def shown_recovery(self, log: BackupLog) -> str:
        return f"{log.recovery_seconds:.1f} s" if log.recovery_seconds else ""

    @admin.display(description="size", ordering="size")
    def shown_size(self, log: BackupLog) -> str:
        return filesizeformat(log.size) if log.size else ""

    @admin.display(description="of a database of", ordering="database_size")
    def shown_database_size(self, log: BackupLog) -> str:
        return filesizeformat(log.database_size) if log.database_size else ""


def picture(trend: list[BackupLog]) -> Chart:
    """How long the test restores took, the oldest first."""
    values = [round(log.recovery_seconds or 0, 1) for log in trend]
    return lines(
        Frame(
            "recovery",
            "How long a restore took",
            f"From {values[0]} to {values[-1]} seconds over {len(values)} proven backups; {max(values)} at most.",
            [f"{log.begun_at:%-d %b}" for log in trend],
            [f"{log.begun_at:%-d %b %Y}: {value} s" for log, value in zip(trend, values, strict=True)],
            lambda value: f"{value:g} s",
        ),
        [Series("Seconds to restore", values, "one")],
    )
