"""Certificates, for those who may look people up: to look at, and to revoke."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.models import User
from common.admin import OneByOne, ServiceAdmin
from tutorials.models import Certificate
from tutorials.services import certificates


@admin.register(Certificate)
class CertificateAdmin(OneByOne, ServiceAdmin):
    list_display = ("name", "title", "user", "finished_on", "issued_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "track")
    list_select_related = ("user",)
    search_fields = ("id__exact", "name", "title", "user__email")
    search_help_text = "Name, track, e-mail address, or the id in its address."
    show_full_result_count = False
    ordering = ("-issued_at", "-id")
    fields = (
        *("id", "user", "track", "title", "name", "name_changed_at", "finished_on", "issued_at"),
        *("tutorials", "quizzes", "minutes", "revoked_at", "revocation"),
    )

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Authors may know how many finish a track, not who."""
        return super().has_view_permission(request, obj) and request.user.has_perm("accounts.view_user")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return certificates.may_revoke(cast("User", request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They are earned."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What was shown to others is revoked, so that its page can say so."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [name for name in self.fields if name != "revocation"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Certificate]:
        rows: QuerySet[Certificate] = super().get_queryset(request)
        return rows.select_related("user", "track")

    def save_model(self, request: HttpRequest, obj: Certificate, form: Any, change: bool) -> None:
        certificates.revoke(by=cast("User", request.user), certificate=obj, reason=obj.revocation)
