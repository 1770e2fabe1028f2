"""Categories are data: staff make them here. One with posts in it stays."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from common.admin import OneByOne
from community.models import Category


@admin.register(Category)
class CategoryAdmin(OneByOne):
    list_display = ("name", "slug", "access", "staff_only", "position")
    list_filter = ("access", "staff_only")
    prepopulated_fields = {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: Category | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.posts.exists())
