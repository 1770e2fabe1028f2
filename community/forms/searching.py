"""The shape of what readers search for."""

from __future__ import annotations

from django import forms

from common.forms import PlaceForm

BEST, NEWEST = "best", "newest"
LONGEST_QUESTION = 200  # characters


class SearchForm(PlaceForm):
    """The parameters of a search, the same for pages and API."""

    q = forms.CharField(
        required=False,
        max_length=LONGEST_QUESTION,
        label="Search",
        error_messages={"max_length": f"Search for at most {LONGEST_QUESTION} characters."},
    )
    order = forms.ChoiceField(
        required=False,
        choices=[(BEST, "Best match"), (NEWEST, "Newest")],
        error_messages={"invalid_choice": "Order by best or newest."},
    )

    def clean_order(self) -> str:
        return self.cleaned_data["order"] or BEST
