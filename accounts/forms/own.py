"""What somebody does with their own account: keys for programs, and its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst

from accounts.models.api_keys import Scope
from accounts.passwords import LONGEST_PASSWORD
from accounts.services import api_keys


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="So that you know later which program has it.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, capfirst(label)) for scope, label in Scope.choices],
        initial=[Scope.READ],
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
        help_text="As little as the program needs.",
    )
    lifetime = forms.TypedChoiceField(
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "A year"), (0, "Until I revoke it")],
        initial=90,
        label="It works for",
    )

    def clean(self) -> dict[str, Any]:
        """With `expires_at`, as the service takes it."""
        cleaned = self.cleaned_data
        days = cleaned.pop("lifetime", 0)
        return cleaned | {"expires_at": timezone.now() + timedelta(days=days) if days else None}


class RotateApiKeyForm(forms.Form):
    overlap_hours = forms.IntegerField(
        initial=api_keys.OVERLAP // api_keys.HOUR,
        label="Hours for which the old key goes on working",
        help_text="Put the new key into your program within this time. With 0 the old key ends at once.",
    )


class ErasureForm(forms.Form):
    """Whether it is the person who asks; for people with a password."""

    password = forms.CharField(
        max_length=LONGEST_PASSWORD,
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
