"""The shape of what comes in from those who learn; the rules are the services'."""

from __future__ import annotations

from django import forms

from tutorials.models.certificates import NO_NAME
from tutorials.models.learning import LONGEST_NOTE


class ProgressForm(forms.Form):
    """What a reading page reports."""

    fraction = forms.FloatField(error_messages={"invalid": "Enter a fraction from 0 to 1."})
    seconds = forms.IntegerField(required=False, error_messages={"invalid": "Enter a whole number of seconds."})
    block = forms.CharField(required=False, strip=False)
    visit = forms.CharField(required=False)

    def clean_seconds(self) -> int:
        return self.cleaned_data["seconds"] or 0

    def clean_block(self) -> str | None:
        """What is not sent stays as it was; sent empty, it is the beginning."""
        block: str = self.cleaned_data["block"]
        return block if "block" in self.data else None


class BookmarkForm(forms.Form):
    block = forms.CharField(required=False, strip=False)
    note = forms.CharField(required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 4}))


class CertificateNameForm(forms.Form):
    name = forms.CharField(max_length=150, label="Name on it", error_messages={"required": NO_NAME})


class GoalForm(forms.Form):
    """How many minutes a day somebody wants to learn."""

    daily_goal = forms.IntegerField(error_messages={"invalid": "Enter a whole number of minutes."})
