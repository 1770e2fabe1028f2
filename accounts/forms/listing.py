"""Where staff look for people."""

from __future__ import annotations

from django import forms

from accounts.models import Role
from common.forms import PlaceForm


class PeopleListForm(PlaceForm):
    q = forms.CharField(required=False, max_length=200)
    role = forms.ChoiceField(
        required=False,
        choices=[("", "Any role"), *Role.choices],
        error_messages={"invalid_choice": "Choose learner, author, moderator or administrator."},
    )
