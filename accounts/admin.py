"""People, their devices, keys and history, for staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin as AllauthAuthenticatorAdmin
from allauth.mfa.models import Authenticator
from allauth.socialaccount.admin import SocialAccountAdmin as AllauthSocialAccountAdmin
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm

from accounts.forms.staff import UserChangeForm, UserCreationForm
from accounts.models import ApiKey, ErasureReceipt, LoginHistory, Profile, Role, Session, User
from accounts.models.sessions import Door
from accounts.services import staff
from accounts.visits import Visit
from common.admin import ByDate, RecordAdmin, RecordInline, ServiceAdmin

# Keys of providers come from the environment and their tokens are not kept; the rest is below.
admin.site.unregister([Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])


class EmailAddressInline(RecordInline):
    model = EmailAddress
    fields = ("email", "verified", "primary")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ServiceAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "role", "is_active", "date_joined")
    list_filter = ("groups", "is_staff", "is_active")
    search_fields = ("email", "name", "profile__handle")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined", "erase_after")
    inlines = (EmailAddressInline,)
    actions = ("sign_out", "remove_second_factor")
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

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """A class that Django makes for this request, with who asks."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.by = request.user
        return form

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        role, by = Role(form.cleaned_data["role"]), cast("User", request.user)
        if change:
            staff.save_changes(person=obj, role=role, by=by, visit=Visit.of(request, Door.ADMIN))
        else:
            staff.add(person=obj, role=role, by=by)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        with transaction.atomic():
            if request.method == "POST" and id.isdecimal():
                # Locked before it is read, since Django stores all of a row whose password it takes away.
                list(User.objects.select_for_update().filter(pk=id))
            return super().user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Django calls this when it has saved somebody's password, as after all changes."""
        if request.resolver_match and request.resolver_match.url_name == "auth_user_password_change":
            staff.note_new_password(person=obj, visit=Visit.of(request, Door.ADMIN))
        return super().log_change(request, obj, message)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or staff.may_change(by=cast("User", request.user), person=obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are banned here, or erase themselves, which leaves a receipt."""
        return False

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.do_to_each(request, queryset, staff.sign_out, "Signed out everywhere")

    @admin.action(description="Remove second factor", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self.do_to_each(request, queryset, staff.remove_second_factor, "Second factor removed, if there was one")

    def do_to_each(self, request: HttpRequest, queryset: QuerySet[User], act: Callable[..., Any], done: str) -> None:
        """One after the other, and say of whom it was not allowed."""
        count, visit = 0, Visit.of(request, Door.ADMIN)
        for person in queryset:
            try:
                act(person=person, by=request.user, visit=visit)
                count += 1
            except (PermissionDenied, ValidationError) as refusal:
                words = refusal.messages if isinstance(refusal, ValidationError) else [str(refusal)]
                self.message_user(request, " ".join(words), level=messages.ERROR)
        self.message_user(request, f"{done}: {count}.")


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """A right of a group is one of everybody in it, so it is given by those only who have all."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser


@admin.register(EmailAddress)
class EmailAddressAdmin(RecordAdmin, AllauthEmailAddressAdmin):
    actions = ()
    list_select_related = ("user",)


@admin.register(Authenticator)
class AuthenticatorAdmin(RecordAdmin, AllauthAuthenticatorAdmin):
    # The secret.
    exclude = ("data",)
    list_select_related = ("user",)


@admin.register(SocialAccount)
class SocialAccountAdmin(RecordAdmin, AllauthSocialAccountAdmin):
    list_select_related = ("user",)


@admin.register(Profile)
class ProfileAdmin(RecordAdmin):
    list_display = ("handle", "user", "display_name", "language", "time_zone")
    list_select_related = ("user",)
    search_fields = ("handle", "display_name", "user__email")


@admin.register(Session)
class SessionAdmin(ByDate, RecordAdmin):
    list_display = ("user", "device", "door", "address", "created_at", "last_seen_at", "end_reason")
    list_filter = ("door", "end_reason")
    list_select_related = ("user",)
    search_fields = ("user__email", "address")
    date_hierarchy = "created_at"
    ordering = ("-last_seen_at",)
    exclude = ("refresh_hash", "previous_hash")


@admin.register(LoginHistory)
class LoginHistoryAdmin(ByDate, RecordAdmin):
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
