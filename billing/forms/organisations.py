"""The shape of what owners, managers and our staff enter about organisations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from billing.models import Contract, Organisation, Role
from billing.money import amount_from
from billing.services import contracts, organisations

NOT_MONEY = "Write an amount such as 12000 or 4999.50."
NO_ACCOUNT = "There is no account with this address. Ask them to sign up first."


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(label="Role", choices=[(each, each.label) for each in (Role.MEMBER, Role.MANAGER)])
    with_seat = forms.BooleanField(label="Give them a seat", required=False, initial=True)

    def __init__(self, *args: Any, names_managers: bool = True, **kwargs: Any) -> None:
        """Without `names_managers` people are invited as members, and not asked about it."""
        super().__init__(*args, **kwargs)
        if not names_managers:
            del self.fields["role"]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role)


class OrganisationForm(forms.ModelForm):
    """For our staff: a new organisation with its first owner, or another owner for one that is there."""

    owner = forms.EmailField(
        widget=UnfoldAdminTextInputWidget, help_text="The address with which they sign in. Owners make others owners."
    )

    class Meta:
        model = Organisation
        fields = ("name", "slug", "owner")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].required = self.instance.pk is None

    def clean_owner(self) -> User | None:
        email = self.cleaned_data["owner"]
        if not email:
            return None
        owner = User.objects.filter(email=User.objects.normalize_email(email), is_active=True).first()
        if owner is None:
            raise ValidationError(NO_ACCOUNT, code="no_account")
        return owner

    def clean(self) -> dict[str, Any] | None:
        """As the service will, but here it is still an error of the form."""
        fields = super().clean()
        if owner := self.cleaned_data.get("owner"):
            organisations.check_owner(owner)
        return fields


class ContractForm(forms.ModelForm):
    """A new contract."""

    amount = forms.CharField(
        label="Amount a year", max_length=15, widget=UnfoldAdminTextInputWidget, help_text="Such as 12000 or 4999.50."
    )

    class Meta:
        model = Contract
        fields = ("organisation", "seats", "currency", "amount", "starts_at", "ends_at", "note")
        help_texts = {"starts_at": "Leave it empty to start now. A contract that is in force then ends there."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_at"].required = False
        self.initial["starts_at"] = None

    def clean(self) -> dict[str, Any] | None:
        """As the service will, but here it is still an error of the form."""
        super().clean()
        fields = self.cleaned_data
        if "amount" in fields and "currency" in fields:
            try:
                fields["annual_amount"] = amount_from(fields["amount"], fields["currency"])
            except ValueError:
                self.add_error("amount", NOT_MONEY)
        now = timezone.now()
        if {"organisation", "starts_at", "ends_at"} <= fields.keys():
            contracts.check_time(fields["organisation"], fields["starts_at"] or now, fields["ends_at"], now)
        return fields

    def _get_validation_exclusions(self) -> set[str]:
        """A contract that the new one takes the place of does not stand in its way: `clean` has looked."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # the stubs lack it
        return excluded | {"organisation"}


class ContractEndForm(forms.ModelForm):
    """The only thing about a contract that can be changed."""

    class Meta:
        model = Contract
        fields = ("ends_at",)

    def clean_ends_at(self) -> datetime:
        end: datetime = self.cleaned_data["ends_at"]
        try:
            contracts.check_end(Contract.objects.get(pk=self.instance.pk), end, timezone.now())
        except ValidationError as error:
            raise ValidationError(error.messages) from error
        return end
