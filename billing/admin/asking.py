"""What cannot be taken back is done in two steps: a page asks first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

Action = Callable[[Any, HttpRequest, QuerySet[Any]], TemplateResponse | None]


def asks_first(warning: str, *, in_words: Callable[[Any], str] = str) -> Callable[[Action], Action]:
    """For an action: a page with this warning and the rows in words asks, and whoever says yes there does it.

    Stands below `admin.action`, whose description is the title of the page.
    """

    def decorate(action: Action) -> Action:
        @wraps(action)
        def asking(model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> TemplateResponse | None:
            if "confirmed" in request.POST:
                return action(model_admin, request, queryset)
            meta = model_admin.opts
            rows = queryset.select_related(*model_admin.list_select_related)
            context = model_admin.admin_site.each_context(request) | {
                "title": asking.short_description,  # type: ignore[attr-defined]  # admin.action sets it
                "warning": warning,
                "opts": meta,
                "rows": [(row.pk, in_words(row)) for row in rows],
                "checkbox": ACTION_CHECKBOX_NAME,
                "action": action.__name__,
                "back": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
            }
            return TemplateResponse(request, "billing/admin_ask.html", context)

        return asking

    return decorate
