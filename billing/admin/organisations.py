"""Staff make organisations and their contracts, and help where an organisation cannot help itself."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from billing.admin.asking import asks_first
from billing.models import Contract, Invitation, Membership, Organisation, Role, Seat
from billing.money import shown_money
from billing.organisation_forms import ContractEndForm, ContractForm, OrganisationForm
from billing.querysets.organisations import OrganisationQuerySet
from billing.services import contracts, invitations, organisations, seats
from common.admin import ByDate, LooksUp


class ToLookAt:
    """Rows that follow from what is done elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ContractInline(ToLookAt, TabularInline):
    model = Contract
    fields = ("starts_at", "ends_at", "seats", "a_year", "note")
    readonly_fields = ("a_year",)
    ordering = ("-starts_at",)
    show_change_link = True

    @admin.display(description="a year")
    def a_year(self, contract: Contract) -> str:
        return shown_money(contract.annual_amount, contract.currency)


class MembershipInline(ToLookAt, TabularInline):
    model = Membership
    fields = ("user", "role", "joined_at")
    ordering = ("joined_at", "id")
    show_change_link = True
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        members: QuerySet[Membership] = super().get_queryset(request)
        return members.filter(left_at__isnull=True).select_related("user")


class WithoutOwnerFilter(admin.SimpleListFilter):
    title = "owner"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return [("none", "without an owner")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> QuerySet[Organisation]:
        if self.value() != "none":
            return queryset
        return queryset.filter(pk__in=Organisation.objects.without_owner().values("pk"))


@admin.register(Organisation)
class OrganisationAdmin(ModelAdmin):
    """To change one is to rename it, or to name another owner."""

    form = OrganisationForm
    list_display = ("name", "slug", "seats_shown", "contract_ends", "created_at")
    list_filter = (WithoutOwnerFilter,)
    search_fields = ("name", "slug", "memberships__user__email")
    inlines = (ContractInline, MembershipInline)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> OrganisationQuerySet:
        rows: OrganisationQuerySet = super().get_queryset(request)
        return rows.with_figures(timezone.now())

    def get_inlines(self, request: HttpRequest, obj: Organisation | None) -> Any:
        return self.inlines if obj else ()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Organisation | None = None) -> dict[str, tuple[str]]:
        return {} if obj else {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    @admin.display(description="seats taken")
    def seats_shown(self, organisation: Any) -> str:
        return f"{organisation.seats_taken} of {organisation.seats_total or 0}"

    @admin.display(description="contract ends", ordering="contract_ends_at", empty_value="no contract")
    def contract_ends(self, organisation: Any) -> Any:
        return organisation.contract_ends_at

    def has_delete_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        """It is the record of who had a seat, and of what was agreed."""
        return False

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        by, owner = cast("User", request.user), form.cleaned_data["owner"]
        if not change:
            made = organisations.create_organisation(name=obj.name, slug=obj.slug, owner=owner, by=by)
            obj.pk = made.pk
            return
        organisations.rename(organisation=obj, name=obj.name, by=by)
        if owner is not None:
            organisations.name_owner(organisation=obj, user=owner, by=by)


@admin.register(Contract)
class ContractAdmin(ByDate, LooksUp, ModelAdmin):
    """A contract is made and ended; any other change is a new one."""

    form = ContractForm
    list_display = ("organisation", "seats", "a_year", "starts_at", "ends_at", "note")
    list_select_related = ("organisation",)
    search_fields = ("organisation__name", "note")
    autocomplete_fields = ("organisation",)
    date_hierarchy = "ends_at"
    ordering = ("-made_at", "-id")
    show_full_result_count = False
    actions = ("end_now",)
    agreed = ("organisation", "seats", "a_year", "starts_at", "note")

    @admin.display(description="a year")
    def a_year(self, contract: Contract) -> str:
        return shown_money(contract.annual_amount, contract.currency)

    def get_form(self, request: HttpRequest, obj: Contract | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs | {"form": ContractEndForm if obj else ContractForm})

    def get_fields(self, request: HttpRequest, obj: Contract | None = None) -> tuple[str, ...]:
        return (*self.agreed, "ends_at") if obj else ContractForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Contract | None = None) -> tuple[str, ...]:
        """What was agreed stays; it may only end earlier."""
        return self.agreed if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Contract | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or not obj.is_over(timezone.now())

    def has_delete_permission(self, request: HttpRequest, obj: Contract | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Contract, form: Any, change: bool) -> None:
        by = cast("User", request.user)
        if change:
            contracts.end_contract(contract=Contract.objects.get(pk=obj.pk), at=obj.ends_at, by=by)
            return
        fields = {name: value for name, value in form.cleaned_data.items() if name != "amount"}
        made = contracts.make_contract(**fields, by=by)
        obj.pk, obj.annual_amount = made.pk, made.annual_amount

    @admin.action(description="End now", permissions=["change"])
    @asks_first("The seats of these contracts close at once. What has ended stays so; you can only make a new one.")
    def end_now(self, request: HttpRequest, queryset: QuerySet[Contract]) -> None:
        for contract in queryset.select_related("organisation"):
            attempt(self, request, contract, "Ended.", lambda each, by: contracts.end_contract(contract=each, by=by))


@admin.register(Membership)
class MembershipAdmin(ToLookAt, ModelAdmin):
    list_display = ("user", "organisation", "role", "joined_at", "left_at")
    list_filter = ("role",)
    list_select_related = ("user", "organisation")
    search_fields = ("user__email", "organisation__name")
    ordering = ("-joined_at", "-id")
    show_full_result_count = False
    actions = ("make_owner", "end_seat", "remove")

    def has_edit_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_organisation")

    @admin.action(description="Make an owner", permissions=["edit"])
    def make_owner(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("organisation", "user"):
            attempt(
                self,
                request,
                membership,
                "Made an owner.",
                lambda each, by: organisations.change_role(membership=each, role=Role.OWNER, by=by),
            )

    @admin.action(description="Take the seat back", permissions=["edit"])
    @asks_first("These people lose their seats, and what those opened to them, at once.")
    def end_seat(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("organisation", "user"):
            attempt(
                self,
                request,
                membership,
                "Took the seat back.",
                lambda each, by: seats.give_back_seat(membership=each, by=by),
            )

    @admin.action(description="Remove from the organisation", permissions=["edit"])
    @asks_first("They are out at once, their seats are free, and the open invitations that they sent are revoked.")
    def remove(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("organisation", "user"):
            attempt(
                self,
                request,
                membership,
                "Removed.",
                lambda each, by: organisations.remove_member(membership=each, by=by),
            )


@admin.register(Seat)
class SeatAdmin(ToLookAt, ModelAdmin):
    list_display = ("user", "organisation", "taken_at", "given_back_at")
    list_select_related = ("user", "organisation")
    search_fields = ("user__email", "organisation__name")
    ordering = ("-taken_at", "-id")
    show_full_result_count = False


@admin.register(Invitation)
class InvitationAdmin(ToLookAt, ModelAdmin):
    list_display = ("email", "organisation", "role", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_select_related = ("organisation",)
    search_fields = ("email", "organisation__name")
    exclude = ("token_hash",)
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    actions = ("revoke",)

    def has_edit_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_organisation")

    @admin.action(description="Revoke", permissions=["edit"])
    @asks_first("These links work no more at once; whoever is to come after all needs a new invitation.")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        for invitation in queryset.select_related("organisation"):
            attempt(
                self,
                request,
                invitation,
                "Revoked.",
                lambda each, by: invitations.revoke(invitation=each, by=by),
            )


def attempt(model_admin: ModelAdmin, request: HttpRequest, row: Model, done: str, deed: Any) -> None:
    """Do it to one row and write it down, or say why not."""
    try:
        with transaction.atomic():
            deed(row, cast("User", request.user))
            model_admin.log_change(request, row, done)
    except ValidationError as refusal:
        model_admin.message_user(request, f"{row}: {' '.join(refusal.messages)}", level=messages.ERROR)
    else:
        model_admin.message_user(request, f"{row}: {done}")
