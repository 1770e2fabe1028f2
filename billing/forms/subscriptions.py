"""The shape of what staff and members enter."""

from __future__ import annotations

from typing import Any

from django import forms

from billing.leaving import LeavingReason
from billing.models import ContactRequest, Interval
from billing.models.access import GIVEN, UNKNOWN_LEVEL, AccessGrant
from billing.services import giving
from billing.services.subscribing import LONGEST_COMMENT, MOST_PAUSED


class AccessGrantForm(forms.ModelForm):
    # What follows a payment or a seat is not given by hand.
    source = forms.ChoiceField(choices=[(source.value, source.label) for source in GIVEN])

    class Meta:
        model = AccessGrant
        fields = ("user", "level", "source", "starts_at", "ends_at", "reason")
        error_messages = {"level": {"invalid_choice": UNKNOWN_LEVEL}}

    def clean(self) -> dict[str, Any] | None:
        """As the service will, but here it is still an error of the form."""
        giving.check_end(self.cleaned_data.get("ends_at"))
        return super().clean()


class WishForm(forms.Form):
    """What somebody chose on a page; whether there is such a thing, the service says."""

    plan = forms.CharField(max_length=20, widget=forms.HiddenInput)
    interval = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    provider = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    agreed = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)

    def clean_interval(self) -> str:
        return self.cleaned_data["interval"] or Interval.MONTH


class WaitingForm(forms.Form):
    """What somebody waits for after they came back from a provider, since when, and what the page says already."""

    plan = forms.CharField(max_length=20, required=False)
    interval = forms.CharField(max_length=20, required=False)
    since = forms.IntegerField(required=False, min_value=0)
    shown = forms.CharField(max_length=20, required=False)


class CancelForm(forms.Form):
    reason = forms.ChoiceField(
        choices=LeavingReason.choices, required=False, widget=forms.RadioSelect, label="Why do you leave?"
    )
    comment = forms.CharField(
        max_length=LONGEST_COMMENT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="What should we have done better?",
    )


class PauseForm(forms.Form):
    months = forms.TypedChoiceField(
        coerce=int,
        choices=[(number, f"{number} month{'s' if number > 1 else ''}") for number in range(1, MOST_PAUSED + 1)],
        label="Pause for",
        error_messages={"invalid_choice": f"Pause for one to {MOST_PAUSED} months."},
    )


class ContactForm(forms.ModelForm):
    class Meta:
        model = ContactRequest
        fields = ("name", "email", "organisation", "seats", "message")
        labels = {"name": "Your name", "email": "E-mail address", "message": "What should we know?"}
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "organisation": forms.TextInput(attrs={"autocomplete": "organization"}),
        }
