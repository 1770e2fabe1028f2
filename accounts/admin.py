"""People, their devices, keys and history, for staff."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.socialaccount.models import SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm

from accounts.forms import UserChangeForm, UserCreationForm
from accounts.models import ApiKey, ErasureReceipt, LoginHistory, Profile, Role, Session, User
from accounts.models.sessions import Door, EndReason
from accounts.services import people, sessions
from accounts.visits import Visit

admin.site.unregister(Group)
# Keys of providers come from the environment and their tokens are not kept; links that confirm
# an address are signed, not stored.
for unused in (SocialApp, SocialToken, EmailConfirmation):
    if admin.site.is_registered(unused):
        admin.site.unregister(unused)


class RecordAdmin(ModelAdmin):
    """What nobody writes by hand: to look at only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class EmailAddressInline(TabularInline):
    model = EmailAddress
    extra = 0
    fields = ("email", "verified", "primary")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "role", "is_active", "date_joined")
    list_filter = ("groups", "is_staff", "is_active")
    search_fields = ("email", "name", "profile__handle")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined", "erase_after")
    inlines = (EmailAddressInline,)
    actions = ("sign_out",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Rights", {"fields": ("role", "is_active", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined", "erase_after")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "role", "usable_password", "password1", "password2")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Only those who may do everything may give that to others."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if request.user.is_superuser else (*fixed, "is_superuser")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        role = Role(form.cleaned_data.get("role", obj.role))
        if not change:
            people.settle_in(user=obj, role=role)
        elif role != obj.role:
            people.set_role(user=obj, role=role)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are banned here, or erase themselves, which leaves a receipt."""
        return False

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            sessions.end_all(user=user, visit=Visit.of(request, Door.ADMIN), reason=EndReason.REVOKED)
        self.message_user(request, f"Signed out everywhere: {queryset.count()}.")


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(Profile)
class ProfileAdmin(RecordAdmin):
    list_display = ("handle", "user", "display_name", "language", "time_zone")
    list_select_related = ("user",)
    search_fields = ("handle", "display_name", "user__email")


@admin.register(Session)
class SessionAdmin(RecordAdmin):
    list_display = ("user", "device", "door", "address", "created_at", "last_seen_at", "end_reason")
    list_filter = ("door", "end_reason")
    list_select_related = ("user",)
    search_fields = ("user__email", "address")
    date_hierarchy = "created_at"
    ordering = ("-last_seen_at",)
    exclude = ("refresh_hash", "previous_hash")


@admin.register(LoginHistory)
class LoginHistoryAdmin(RecordAdmin):
    list_display = ("at", "event", "user", "email", "door", "address", "device", "reason")
    list_filter = ("event", "door")
    list_select_related = ("user",)
    search_fields = ("user__email", "email", "address")
    date_hierarchy = "at"
    ordering = ("-at", "-id")


@admin.register(ApiKey)
class ApiKeyAdmin(RecordAdmin):
    list_display = ("name", "prefix", "user", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    ordering = ("-created_at",)
    exclude = ("hash",)


@admin.register(ErasureReceipt)
class ErasureReceiptAdmin(RecordAdmin):
    list_display = ("id", "asked_at", "erased_at")
