"""Staff give access to people and take it away."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from billing.admin.asking import asks_first
from billing.forms.subscriptions import AccessGrantForm
from billing.models import AccessGrant, GrantState
from billing.querysets.access import AccessGrantQuerySet
from billing.services import giving
from common.admin import LooksUp, ServiceAdmin


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(GrantState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[AccessGrant]) -> QuerySet[AccessGrant]:
        return queryset.filter(Q(state_then=self.value())) if self.value() in GrantState else queryset


@admin.register(AccessGrant)
class AccessGrantAdmin(LooksUp, ServiceAdmin):
    form = AccessGrantForm
    list_display = ("user", "level", "source", "starts_at", "ends_at", "state", "reason")
    list_filter = (StateFilter, "source", "level")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__profile__handle")
    search_help_text = "By e-mail address or handle."
    autocomplete_fields = ("user",)
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    actions = ("revoke",)
    asked = ("user", "level", "source", "starts_at", "ends_at", "reason")
    recorded = ("state", "given_by", "created_at", "revoked_at", "revoked_by")

    def get_queryset(self, request: HttpRequest) -> AccessGrantQuerySet:
        grants = cast("AccessGrantQuerySet", super().get_queryset(request))
        return grants.with_state(timezone.now())

    def get_fields(self, request: HttpRequest, obj: AccessGrant | None = None) -> tuple[str, ...]:
        return (*self.asked, *self.recorded) if obj else self.asked

    def get_readonly_fields(self, request: HttpRequest, obj: AccessGrant | None = None) -> tuple[str, ...]:
        """What was given stays as it was given; it may only end at another time."""
        return tuple(name for name in (*self.asked, *self.recorded) if name != "ends_at") if obj else ()

    @admin.display(description="state", ordering="state_then")
    def state(self, grant: AccessGrant) -> str:
        return GrantState(cast("Any", grant).state_then).label

    def has_change_permission(self, request: HttpRequest, obj: AccessGrant | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or obj.is_alive

    def has_delete_permission(self, request: HttpRequest, obj: AccessGrant | None = None) -> bool:
        """A grant is a record of what somebody could read."""
        return False

    def save_model(self, request: HttpRequest, obj: AccessGrant, form: Any, change: bool) -> None:
        by = cast("User", request.user)
        if change:
            giving.change_end(grant=obj, ends_at=obj.ends_at, by=by)
            return
        given = giving.give_access(
            user=obj.user,
            level=obj.level,
            starts_at=obj.starts_at,
            ends_at=obj.ends_at,
            reason=obj.reason,
            given_by=by,
            source=obj.source,
        )
        obj.pk = given.pk

    @admin.action(description="Revoke", permissions=["change"])
    @asks_first(
        "These people lose this access at once. It is not given back; you can only give it anew.",
        in_words=lambda grant: f"{grant} ({grant.reason}): {grant.state_then}",
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[AccessGrant]) -> None:
        """Ends what is not over at once, and says how many that were."""
        grants = queryset.select_related("user")
        revoked = sum(self.revoke_one(request, grant) for grant in grants)
        self.message_user(request, f"Revoked: {revoked}. Over already: {len(grants) - revoked}.")

    @transaction.atomic
    def revoke_one(self, request: HttpRequest, grant: AccessGrant) -> bool:
        revoked = giving.revoke_access(grant=grant, by=cast("User", request.user))
        if revoked:
            self.log_change(request, grant, "Revoked.")
        return revoked
