"""What people ask for before there is a contract: to look at, and answered by mail."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from billing.models import ContactRequest


@admin.register(ContactRequest)
class ContactRequestAdmin(ModelAdmin):
    list_display = ("created_at", "organisation", "seats", "name", "email")
    search_fields = ("organisation", "name", "email")
    show_full_result_count = False
    readonly_fields = ("created_at", "name", "email", "organisation", "seats", "message")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ContactRequest | None = None) -> bool:
        return False
