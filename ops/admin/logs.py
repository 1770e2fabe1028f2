"""The log, and the kinds of errors in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin import RecordAdmin
from ops.models import ErrorGroup, Level, SystemLog

SPANS = {"1h": ("The last hour", timedelta(hours=1)), "": ("The last day", timedelta(days=1))}
SPANS |= {"7d": ("The last week", timedelta(days=7)), "30d": ("All that is not archived", timedelta(days=31))}


class SpanFilter(admin.SimpleListFilter):
    """Always on, since the table is split by time: what is asked of all of it reads all of it."""

    title = "time"
    parameter_name = "span"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(label)) for name, (label, _) in SPANS.items()]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for name, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: name} if name else {}, [self.parameter_name])
            yield {"selected": (self.value() or "") == name, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: QuerySet[SystemLog]) -> QuerySet[SystemLog]:
        _, span = SPANS.get(self.value() or "", SPANS[""])
        return queryset.filter(created_at__gte=timezone.now() - span)


class LevelFilter(admin.SimpleListFilter):
    title = "level"
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level.label, f"{level.label} and above") for level in Level if level != Level.DEBUG]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SystemLog]) -> QuerySet[SystemLog]:
        lowest = next((level for level in Level if level.label == self.value()), Level.DEBUG)
        return queryset.filter(level__gte=lowest) if lowest > Level.DEBUG else queryset


@admin.register(SystemLog)
class SystemLogAdmin(RecordAdmin):
    list_display = ("time", "level", "shortly", "user_id", "status", "duration_ms", "logger", "request_id")
    list_filter = (SpanFilter, LevelFilter)
    search_fields = ("message", "exception", "=request_id", "=fingerprint")
    fields = ("time", *(each.name for each in SystemLog._meta.fields if each.name not in ("id", "created_at")))
    readonly_fields = ("time",)
    search_help_text = "Words of the message, an X-Request-ID, or the fingerprint of a kind of error."
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    list_per_page = 50

    @admin.display(description="time", ordering="created_at")
    def time(self, record: SystemLog) -> str:
        """To the millisecond: of what one request said, the minute says nothing."""
        return timezone.make_naive(record.created_at).isoformat(sep=" ", timespec="milliseconds")

    @admin.display(description="message", ordering="message")
    def shortly(self, record: SystemLog) -> str:
        return record.message[:120]


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved"), ("returned", "Came back after it was resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ErrorGroup]) -> QuerySet[ErrorGroup]:
        match self.value():
            case "open":
                return queryset.filter(resolved_at__isnull=True)
            case "resolved":
                return queryset.filter(resolved_at__isnull=False)
            case "returned":
                return queryset.filter(returns__gt=0)
        return queryset


@admin.register(ErrorGroup)
class ErrorGroupAdmin(RecordAdmin):
    list_display = ("title", "count", "last_seen", "first_seen", "is_open", "returns", "logger")
    list_filter = (OpenFilter, "level")
    search_fields = ("title", "exception", "fingerprint")
    ordering = ("-last_seen",)
    show_full_result_count = False
    list_per_page = 50
    actions = ("resolve",)
    readonly_fields = ("records",)

    @admin.display(description="open", boolean=True, ordering="resolved_at")
    def is_open(self, group: ErrorGroup) -> bool:
        return group.is_open

    @admin.display(description="records")
    def records(self, group: ErrorGroup) -> SafeString:
        address = reverse("admin:ops_systemlog_changelist")
        return format_html('<a href="{}?q={}&amp;span=30d">All of this kind in the log</a>', address, group.fingerprint)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ops.change_errorgroup")

    @admin.action(description="Resolve: show again only what comes back", permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[ErrorGroup]) -> None:
        still_open = [group for group in queryset if group.is_open]
        for group in still_open:
            group.resolve()
        self.message_user(request, f"Resolved: {len(still_open)}. Were already: {len(queryset) - len(still_open)}.")
