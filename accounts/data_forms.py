from __future__ import annotations

from django import forms

from accounts.passwords import LONGEST_PASSWORD


class ErasureForm(forms.Form):
    """Whether it is the person who asks; for people with a password."""

    password = forms.CharField(
        max_length=LONGEST_PASSWORD,
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
