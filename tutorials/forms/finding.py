"""The shape of what readers ask for."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from common.forms import PlaceForm, TruthField
from tutorials.models import AccessLevel, Difficulty, Topic
from tutorials.models.tutorials import is_tag
from tutorials.topics import all_topics

FILTERS = ("topic", "difficulty", "access", "tag")


class TutorialListForm(PlaceForm):
    """The parameters of the tutorial list, the same for the page and the API."""

    q = forms.CharField(required=False, max_length=200, label="Search")
    topic = forms.ChoiceField(required=False, error_messages={"invalid_choice": "There is no such topic."})
    difficulty = forms.ChoiceField(
        required=False,
        choices=[("", "Any level"), *Difficulty.choices],
        label="Level",
        error_messages={"invalid_choice": "Choose beginner, intermediate or advanced."},
    )
    access = forms.ChoiceField(
        required=False,
        choices=[("", "Free and premium"), *AccessLevel.choices],
        error_messages={"invalid_choice": "Choose free or premium."},
    )
    tag = forms.CharField(required=False, max_length=40, validators=[is_tag])
    exact = TruthField(required=False, help_text="Search for the words as they are, also if that finds nothing.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topics = all_topics()
        choices = [("", "All topics"), *((topic.slug, topic.name) for topic in self.topics)]
        cast("forms.ChoiceField", self.fields["topic"]).choices = choices

    def clean_topic(self) -> Topic | None:
        return next((topic for topic in self.topics if topic.slug == self.cleaned_data["topic"]), None)

    @property
    def narrows(self) -> bool:
        """Whether anything but the place in the list was asked for."""
        return self.is_valid() and any(self.cleaned_data[name] for name in ("q", *FILTERS))

    def filters(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FILTERS}
