"""Plans, whose words staff edit, and prices, of which they make new versions."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from billing.gateways.base import ProviderError
from billing.models import Plan, Price
from billing.money import amount_from, shown_money
from billing.services import offers
from common.admin import ServiceAdmin

NOT_MONEY = "Write an amount such as 50 or 49.99."


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]


class PlanForm(forms.ModelForm):
    benefits = LinesField(required=False, help_text="One on each line.")

    class Meta:
        model = Plan
        fields = ("name", "summary", "benefits", "trial_days", "position")


@admin.register(Plan)
class PlanAdmin(ModelAdmin):
    form = PlanForm
    list_display = ("name", "code", "level", "trial_days", "by_contract", "position")
    readonly_fields = ("code", "level", "by_contract", "stripe_id", "paypal_id")
    actions = ("tell_providers",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A plan opens a level, and those are in the code."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return False

    @admin.action(description="Tell the providers of all plans and prices", permissions=["change"])
    def tell_providers(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        """As `manage.py sync_plans`, whichever plans are chosen."""
        try:
            lines = offers.sync_plans()
        except ProviderError as error:
            self.message_user(request, f"A provider failed: {error}", level=messages.ERROR)
            return
        self.message_user(request, " ".join(lines) or "They know all of it already.")


class PriceForm(forms.ModelForm):
    """A new price; its plan and interval say which one it takes the place of."""

    amount = forms.CharField(
        max_length=12,
        widget=UnfoldAdminTextInputWidget,
        help_text="Such as 49.99. Members who have the old price keep it.",
    )

    class Meta:
        model = Price
        fields = ("plan", "interval", "currency", "amount")

    def clean_amount(self) -> int:
        try:
            return amount_from(self.cleaned_data["amount"].strip(), self.data.get("currency", "USD"))
        except ValueError as error:
            raise ValidationError(NOT_MONEY, code="not_money") from error

    def clean(self) -> dict[str, Any]:
        """With what the service would refuse."""
        given = super().clean() or self.cleaned_data
        if not self.errors:
            offers.next_price(**given)
        return given

    def validate_constraints(self) -> None:
        """The service has; the old price is on offer until it retires it."""


@admin.register(Price)
class PriceAdmin(ServiceAdmin):
    form = PriceForm
    list_display = ("plan", "interval", "shown_amount", "version", "created_at", "retired_at", "stripe_id", "paypal_id")
    list_filter = ("plan", "interval")
    list_select_related = ("plan",)
    ordering = ("plan", "interval", "-version")

    @admin.display(description="amount", ordering="amount")
    def shown_amount(self, price: Price) -> str:
        return shown_money(price.amount, price.currency)

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        """A price never changes; another one is added."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Price, form: Any, change: bool) -> None:
        made = offers.set_price(
            plan=obj.plan,
            interval=obj.interval,
            amount=obj.amount,
            currency=obj.currency,
            by=cast("User", request.user),
        )
        obj.pk = made.pk
