"""The shape of what staff enter."""

from __future__ import annotations

from typing import Any

from django import forms

from billing import services
from billing.models import UNKNOWN_LEVEL, AccessGrant


class AccessGrantForm(forms.ModelForm):
    class Meta:
        model = AccessGrant
        fields = ("user", "level", "starts_at", "ends_at", "reason")
        error_messages = {"level": {"invalid_choice": UNKNOWN_LEVEL}}

    def clean(self) -> dict[str, Any] | None:
        """As the service will, but here it is still an error of the form."""
        services.check_end(self.cleaned_data.get("ends_at"))
        return super().clean()
