"""People, as staff write them in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.forms import UserChangeForm as UnfoldUserChangeForm
from unfold.forms import UserCreationForm as UnfoldUserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.models import Role, User
from accounts.services import staff


class UserChangeForm(UnfoldUserChangeForm):
    """Staff change a role here; groups and the right to open the admin follow from it."""

    # Who asks; the admin sets it on the class that it makes for each request.
    by: User
    role = forms.ChoiceField(choices=Role.choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = User
        fields = ("email", "name", "password", "is_active", "is_superuser")
        field_classes: dict[str, type] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "role" in self.fields:
            self.fields["role"].initial = self.instance.role

    def clean(self) -> dict[str, Any]:
        """As the service will, but here it is still an error of the form."""
        cleaned: dict[str, Any] = super().clean()
        if not self.errors:
            staff.check_changes(
                person=self.instance,
                by=self.by,
                role=Role(cleaned["role"]),
                is_active=cleaned["is_active"],
                is_superuser=cleaned.get("is_superuser", self.instance.is_superuser),
            )
        return cleaned


class UserCreationForm(UnfoldUserCreationForm):
    by: User
    role = forms.ChoiceField(choices=Role.choices, initial=Role.LEARNER, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: dict[str, type] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if "role" in cleaned:
            staff.require_may_give(by=self.by, role=Role(cleaned["role"]))
        return cleaned
