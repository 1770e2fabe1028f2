"""What the providers told us, and a button for what went wrong."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from billing.models import ProviderEvent
from billing.services import applying
from common.admin import RecordAdmin


@admin.register(ProviderEvent)
class ProviderEventAdmin(RecordAdmin):
    list_display = ("received_at", "provider", "kind", "subject", "state", "attempts", "error")
    list_filter = ("state", "provider")
    search_fields = ("event_id", "subject", "kind")
    ordering = ("-received_at", "-id")
    exclude = ("digest",)
    show_full_result_count = False
    list_per_page = 50
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_providerevent")

    @admin.action(description="Replay what failed or was set aside", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[ProviderEvent]) -> None:
        """They wait for the worker's next round, within a minute."""
        replayed = sum(applying.replay(event) for event in queryset)
        self.message_user(request, f"Waiting again: {replayed}. Not needed: {len(queryset) - replayed}.")
