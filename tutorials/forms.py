"""The shape of what comes in from readers."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from common.forms import PlaceForm
from tutorials.models import AccessLevel, Difficulty, Topic, Tutorial


class TutorialListForm(PlaceForm):
    """The parameters of the tutorial list, the same for the page and the API."""

    q = forms.CharField(required=False, max_length=200, label="Search")
    topic = forms.ModelChoiceField(
        Topic.objects.all(),
        required=False,
        to_field_name="slug",
        empty_label="All topics",
        error_messages={"invalid_choice": "There is no such topic."},
    )
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

    @property
    def narrows(self) -> bool:
        """Whether anything but the place in the list was asked for."""
        return self.is_valid() and any(self.cleaned_data[name] for name in ("q", "topic", "difficulty", "access"))

    def filters(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("topic", "difficulty", "access")}


class MarkdownWidget(UnfoldAdminTextareaWidget):
    """A text area with the rendered text beside it, renewed while one types."""

    template_name = "tutorials/widgets/markdown.html"

    class Media:
        js = (forms.widgets.Script("js/markdown-preview.js", type="module"),)
        css = {"all": ("css/admin.css",)}


class TutorialAdminForm(forms.ModelForm):
    class Meta:
        model = Tutorial
        fields = "__all__"  # noqa: DJ007 - the admin names the fields that are shown
        widgets = {"body": MarkdownWidget}
